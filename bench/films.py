"""Clips to measure on: the small model's, and pictures of other kinds, still and moving."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from video.frames import Frames, fit_frames

FRAMES = 16
KINDS = ("photograph", "flat", "clouds", "noise", "bars", "gradient")


@dataclass(frozen=True)
class Film:
    """A clip without any mark."""

    name: str
    frames: Frames


def made_by_the_small_model(count: int, *, width: int, height: int, seed: int) -> Iterator[Film]:
    """What the installation's own model draws, from prompts it was not trained on."""
    from bench import ROOT  # noqa: PLC0415 - torch is loaded only for these
    from generation.engines.port import RenderRequest  # noqa: PLC0415
    from generation.engines.registry import load_engine  # noqa: PLC0415
    from generation.small.asking import prompt_for  # noqa: PLC0415
    from generation.small.vocabulary import random_scene  # noqa: PLC0415

    engine = load_engine("reverie-small-2", file=ROOT / "generation" / "engines.yaml")
    luck = random.Random(seed)  # noqa: S311 - not for secrets
    for place in range(count):
        request = RenderRequest(
            prompt=prompt_for(random_scene(luck, held_out=True), luck),
            negative_prompt="",
            seed=seed + place,
            seconds="2",
            width=width,
            height=height,
            inference_steps=8,
            guidance_scale=1.0,
        )
        frames = engine.render(request, on_step=lambda _done, _total: None).frames
        yield Film("small model", fit_frames(frames, width=width, height=height))


def drawn(index: int, *, width: int, height: int, frames: int = FRAMES) -> Film:
    """The `index`-th of an endless row of kinds: photographs, flat shapes, clouds, noise, bars."""
    makers = (_photograph, _flat, _clouds, _noise, _bars, _gradient)
    rng, place = np.random.default_rng(index), index % len(KINDS)
    return Film(KINDS[place], makers[place](rng, width, height, frames))


def _photograph(rng: np.random.Generator, width: int, height: int, count: int) -> Frames:
    """A slow pan over one of scikit-learn's two photographs."""
    from sklearn.datasets import load_sample_images  # noqa: PLC0415

    picture = Image.fromarray(load_sample_images().images[rng.integers(2)])
    least = max((width + 40) / picture.width, (height + 40) / picture.height)
    scale = least * rng.uniform(1, 1.6)
    size = (round(picture.width * scale) + 1, round(picture.height * scale) + 1)
    large = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
    return _panned(large, rng, (width, height), count)


def _clouds(rng: np.random.Generator, width: int, height: int, count: int) -> Frames:
    """A pan over noise with the spectrum of natural scenes."""
    tall, wide = height + 64, width + 64
    down, across = np.fft.fftfreq(tall)[:, None], np.fft.rfftfreq(wide)[None]
    fall = 1 / np.maximum(np.hypot(down, across), 1 / 200) ** rng.uniform(1.0, 1.6)
    layers = []
    for _ in range(3):
        noise = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(tall, wide))) * fall, s=(tall, wide))
        layers.append(128 + 50 * noise / noise.std())
    coloured = np.stack(layers, axis=-1)
    mixed = 0.3 * coloured + 0.7 * coloured.mean(axis=-1, keepdims=True)
    return _panned(np.clip(mixed, 0, 255).astype(np.uint8), rng, (width, height), count)


def _flat(rng: np.random.Generator, width: int, height: int, count: int) -> Frames:
    """Discs of one colour each that move over another, as in a cartoon."""
    frames = np.empty((count, height, width, 3), np.uint8)
    frames[:] = rng.integers(0, 256, 3)
    rows, columns = np.mgrid[:height, :width]
    for _ in range(4):
        colour, radius = rng.integers(0, 256, 3), rng.uniform(0.05, 0.2) * width
        place, speed = rng.uniform(0, 1, 2), rng.uniform(-0.02, 0.02, 2)
        for index, frame in enumerate(frames):
            down, across = (place + speed * index) % 1 * (height, width)
            frame[(rows - down) ** 2 + (columns - across) ** 2 < radius**2] = colour
    return frames


def _noise(rng: np.random.Generator, width: int, height: int, count: int) -> Frames:
    """Grain, frozen or flickering."""
    kept = int(rng.choice([1, count]))
    grain = rng.normal(rng.uniform(60, 190), rng.uniform(2, 25), (kept, height, width, 1))
    whole = np.broadcast_to(grain, (count, height, width, 3))
    return np.clip(whole, 0, 255).astype(np.uint8)


def _bars(rng: np.random.Generator, width: int, height: int, count: int) -> Frames:
    """A lattice of a period that may come close to the watermark's own."""
    rows, columns = np.mgrid[:height, :width]
    across, down = rng.uniform(6, 48, 2)
    waves = np.sin(2 * np.pi * columns / across) + np.sin(2 * np.pi * rows / down)
    lattice = np.clip(128 + rng.uniform(5, 60) * np.sign(waves), 0, 255).astype(np.uint8)
    return np.broadcast_to(lattice[None, ..., None], (count, height, width, 3)).copy()


def _gradient(rng: np.random.Generator, width: int, height: int, count: int) -> Frames:
    """Colours that melt into one another and drift: nothing for the eye to hide noise in."""
    rows, columns = np.mgrid[:height, :width]
    frames = np.empty((count, height, width, 3), np.uint8)
    slopes, start = rng.uniform(-1, 1, (3, 2)), rng.uniform(60, 200, 3)
    for index, frame in enumerate(frames):
        for channel in range(3):
            down, across = slopes[channel]
            shade = down * rows / height + across * columns / width + index / 60
            frame[..., channel] = np.clip(start[channel] + 60 * shade, 0, 255)
    return frames


def _panned(large: Frames, rng: np.random.Generator, size: tuple[int, int], count: int) -> Frames:
    width, height = size
    speed = int(rng.integers(0, 3))
    return np.stack(
        [large[i * speed : i * speed + height, i * speed : i * speed + width] for i in range(count)]
    )
