"""How good the small model is: prompts followed, boxes met, pictures kept, seams, pace."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from generation.motion import BoxTrack, Keyframe, MotionSpec
from generation.small import vocabulary, world
from generation.small.asking import hand_written_scenes, prompt_for
from generation.small.layers import Layers, frames_of
from generation.small.pipeline import ReverieSmallPipeline
from generation.small.reading import Read, SceneReader, visible_boxes
from generation.small.tracks import MOMENTS, Floats
from generation.small.understanding import understood
from generation.small.vocabulary import Scene

WIDTH, HEIGHT = 180, 320
QUIET = 1e-9
LOOKS = 24


@dataclass(frozen=True)
class Setup:
    """What is measured and how: `steps` and `guidance` of the pipeline, `count` clips a figure."""

    pipeline: ReverieSmallPipeline
    bank: world.Bank
    steps: int
    guidance: float = 1.0
    count: int = 100
    seed: int = 2026


def evaluated(
    setup: Setup, *, only: str = "", said: Callable[[str], object] = print
) -> dict[str, Any]:
    """Every figure whose name has `only` in it; `said` is told each.  Rates are in 0..1."""
    setup.pipeline.set_progress_bar_config(disable=True)
    reader = SceneReader(setup.bank)
    figures: dict[str, Any] = {}
    for name, figure in _figures(setup, reader):
        if only in name:
            figures[name] = figure()
            said(f"{name}: {figures[name]}")
    return figures


def _figures(
    setup: Setup, reader: SceneReader
) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    yield "reader on rendered clips", lambda: _reader_itself(setup, reader)
    yield "prompts, combinations seen in training", lambda: _prompts(setup, reader, held_out=False)
    yield "prompts, combinations kept from training", lambda: _prompts(setup, reader, held_out=True)
    yield (
        "prompts of two objects, kept from training",
        lambda: _prompts(setup, reader, held_out=True, actors=2),
    )
    yield "prompts worded by hand", lambda: _followed(setup, reader, hand_written_scenes())
    yield "prompts read as meant", lambda: _understood(setup)
    yield "boxes", lambda: _boxes(setup, reader)
    yield "first frame kept", lambda: _first_frames(setup)
    yield "seam of an extension", lambda: _seams(setup)
    yield "flicker outside the objects", lambda: _flicker(setup)
    yield "seconds a clip", lambda: _pace(setup)


def _scenes(setup: Setup, *, held_out: bool, actors: int = 1) -> list[Scene]:
    luck = random.Random(setup.seed + actors)
    return [
        vocabulary.random_scene(luck, held_out=held_out, actors=actors, things=setup.bank.names)
        for _ in range(setup.count)
    ]


def _reader_itself(setup: Setup, reader: SceneReader) -> dict[str, Any]:
    rng = np.random.default_rng(setup.seed)
    scenes = _scenes(setup, held_out=True)
    read = []
    for scene in scenes:
        staged = world.stage(scene, setup.bank, rng)
        layers = Layers(staged.place.astype(np.float32) / 255, staged.layers)
        read.append(reader.read(layers, colours=_colours(scene)))
    return _shares(scenes, read)


def _prompts(
    setup: Setup, reader: SceneReader, *, held_out: bool, actors: int = 1
) -> dict[str, Any]:
    luck = random.Random(setup.seed)
    scenes = _scenes(setup, held_out=held_out, actors=actors)
    return _followed(setup, reader, [(prompt_for(scene, luck), scene) for scene in scenes])


def _followed(
    setup: Setup, reader: SceneReader, asked: Sequence[tuple[str, Scene]]
) -> dict[str, Any]:
    read = []
    for place, (prompt, scene) in enumerate(asked):
        layers = _made(setup, prompt, place).layers[0]
        read.append(reader.read(layers, colours=_colours(scene)))
    return _shares([scene for _, scene in asked], read)


def _colours(scene: Scene) -> list[str]:
    return [actor.colour for actor in scene.actors if actor.colour]


def _shares(scenes: Sequence[Scene], read: Sequence[Read]) -> dict[str, Any]:
    right: dict[str, list[bool]] = {name: [] for name in ("object", "place", "motion", "all")}
    colours = []
    for scene, found in zip(scenes, read, strict=True):
        wanted = sorted((actor.object, actor.motion) for actor in scene.actors)
        got = sorted((one.name, one.motion) for one in found.found)
        right["object"].append([name for name, _ in wanted] == [name for name, _ in got])
        right["motion"].append(sorted(m for _, m in wanted) == sorted(m for _, m in got))
        right["place"].append(scene.place == found.place)
        right["all"].append(wanted == got and scene.place == found.place)
        if scene.actors[0].colour and found.found:
            colours.append(found.found[0].colour == scene.actors[0].colour)
    shares: dict[str, Any] = {name: round(float(np.mean(hits)), 4) for name, hits in right.items()}
    if colours:
        shares["colour"] = round(float(np.mean(colours)), 4)
    return {**shares, "n": len(scenes)}


def _understood(setup: Setup) -> dict[str, Any]:
    """How often the words alone are read as they were meant, before anything is made."""
    luck = random.Random(setup.seed)
    asked = [(prompt_for(scene, luck), scene) for scene in _scenes(setup, held_out=True)]
    right = [understood(prompt).completed(luck) == scene for prompt, scene in asked]
    return {"all": round(float(np.mean(right)), 4), "n": len(asked)}


def _boxes(setup: Setup, reader: SceneReader) -> dict[str, Any]:
    """Boxes drawn against what the prompt says: met with them, and without them."""
    rng = np.random.default_rng(setup.seed)
    luck = random.Random(setup.seed)
    with_boxes, without, named = [], [], []
    for place, scene in enumerate(_scenes(setup, held_out=True)):
        prompt, drawn = prompt_for(scene, luck), _drawn_track(rng)
        spec = MotionSpec((drawn,))
        led = _made(setup, prompt, place, motion=spec).layers[0]
        free = _made(setup, prompt, place).layers[0]
        with_boxes.append(_against(drawn, led))
        without.append(_against(drawn, free))
        names = [
            reader.read(one, colours=_colours(scene)).found[0].name == scene.actors[0].object
            for one in (led, free)
        ]
        named.append(names)
    led_figures, free_figures = np.mean(with_boxes, 0), np.mean(without, 0)
    kept = np.mean(named, 0)
    return {
        "iou": round(float(led_figures[0]), 4),
        "iou_without": round(float(free_figures[0]), 4),
        "centre_error": round(float(led_figures[1]), 4),
        "centre_error_without": round(float(free_figures[1]), 4),
        "centre_error_ratio": round(float(led_figures[1] / free_figures[1]), 4),
        "object": round(float(kept[0]), 4),
        "object_without": round(float(kept[1]), 4),
        "n": len(named),
    }


def _drawn_track(rng: np.random.Generator) -> BoxTrack:
    """Return a hard track of four boxes at random places, square, none cut off."""
    keys = []
    side = rng.uniform(0.22, 0.42)
    for at in (0.0, 0.33, 0.66, 1.0):
        wide, tall = side * rng.uniform(0.9, 1.1), side * rng.uniform(0.9, 1.1) * 9 / 16
        x, y = rng.uniform(wide / 2, 1 - wide / 2), rng.uniform(tall / 2, 1 - tall / 2)
        keys.append(Keyframe(at, x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2))
    return BoxTrack("", tuple(keys))


def _against(drawn: BoxTrack, layers: Layers) -> tuple[float, float]:
    """Return mean intersection over union and centre error (in widths) at the keyframes."""
    seen = visible_boxes(layers.actors[0], moments=MOMENTS)
    overlaps, errors = [], []
    for key in drawn.keyframes:
        wanted = np.array([key.x0, key.y0, key.x1, key.y1])
        box = seen[round(key.at * (MOMENTS - 1))]
        overlaps.append(0.0 if box is None else _overlap(wanted, box))
        if box is not None:
            middle = (wanted[:2] + wanted[2:]) / 2 - (box[:2] + box[2:]) / 2
            errors.append(float(np.hypot(middle[0], middle[1] * HEIGHT / WIDTH)))
    return float(np.mean(overlaps)), float(np.mean(errors)) if errors else 1.0


def _overlap(one: Floats, other: Floats) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    both = float(np.prod(np.clip(high - low, 0, None)))
    return both / float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - both)


def _first_frames(setup: Setup) -> dict[str, Any]:
    """How well frame 0 is the picture a clip begins with: rendered scenes training never saw."""
    rng = np.random.default_rng(setup.seed)
    luck = random.Random(setup.seed)
    psnr = []
    for place, scene in enumerate(_scenes(setup, held_out=True)):
        staged = world.stage(scene, setup.bank, rng, is_anywhere=True)
        layers = Layers(staged.place.astype(np.float32) / 255, staged.layers)
        picture = next(frames_of(layers, width=WIDTH, height=HEIGHT, moments=MOMENTS))
        frames = _made(setup, prompt_for(scene, luck), place, image=picture).frames[0]
        psnr.append(_psnr(frames[0], picture.astype(np.float32) / 255))
    return {
        "psnr_mean": round(float(np.mean(psnr)), 2),
        "psnr_median": round(float(np.median(psnr)), 2),
        "psnr_worst_tenth": round(float(np.quantile(psnr, 0.1)), 2),
        "n": len(psnr),
    }


def _psnr(one: Floats, other: Floats) -> float:
    return -10 * float(np.log10(max(QUIET, float(np.mean(np.square(one - other))))))


def _seams(setup: Setup) -> dict[str, Any]:
    """How far the step into an extension is from the steps around it: 1 is none at all."""
    luck = random.Random(setup.seed)
    ratios = []
    for place, scene in enumerate(_scenes(setup, held_out=True)):
        prompt = prompt_for(scene, luck)
        before = _made(setup, prompt, place).frames[0]
        shown = list((before * 255).round().astype(np.uint8))
        after = _made(setup, prompt, place + 1, video=shown).frames[0]
        across = float(np.abs(after[0] - before[-1]).mean())
        around = [*np.abs(np.diff(before[-4:], axis=0)), *np.abs(np.diff(after[:4], axis=0))]
        ratios.append(across / max(1e-4, float(np.mean(around))))
    return {
        "median": round(float(np.median(ratios)), 3),
        "mean": round(float(np.mean(ratios)), 3),
        "worst_tenth": round(float(np.quantile(ratios, 0.9)), 3),
        "n": len(ratios),
    }


def _flicker(setup: Setup) -> dict[str, Any]:
    """The mean change from frame to frame where no object is, in 0..1."""
    luck = random.Random(setup.seed)
    changes = []
    for place, scene in enumerate(_scenes(setup, held_out=True)[: setup.count // 4]):
        made = _made(setup, prompt_for(scene, luck), place)
        seen = visible_boxes(made.layers[0].actors[0], moments=MOMENTS)
        for at in range(1, MOMENTS):
            open_area = _outside((seen[at - 1], seen[at]))
            changes.append(
                float(np.abs(made.frames[0][at] - made.frames[0][at - 1])[open_area].mean())
            )
    return {"mean": round(float(np.mean(changes)), 6), "n": len(changes)}


def _outside(boxes: Sequence[Floats | None]) -> Any:
    area = np.ones((HEIGHT, WIDTH), bool)
    for box in boxes:
        if box is not None:
            x0, y0, x1, y1 = (box * np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])).astype(int)
            area[max(0, y0 - 3) : y1 + 4, max(0, x0 - 3) : x1 + 4] = False
    return area


def _pace(setup: Setup) -> dict[str, Any]:
    """Seconds a clip of the default size and length takes, and how many steps it took."""
    seconds = []
    for place in range(5):
        began = time.perf_counter()
        setup.pipeline(
            "a cat jumping on a beach",
            num_inference_steps=setup.steps,
            guidance_scale=setup.guidance,
            generator=torch.Generator("cpu").manual_seed(place),
        )
        seconds.append(time.perf_counter() - began)
    return {"median": round(float(np.median(seconds)), 3), "steps": setup.steps, "n": len(seconds)}


def _made(setup: Setup, prompt: str, place: int, **more: Any) -> Any:
    return setup.pipeline(
        prompt,
        width=WIDTH,
        height=HEIGHT,
        num_inference_steps=setup.steps,
        guidance_scale=setup.guidance,
        generator=torch.Generator("cpu").manual_seed(setup.seed + place),
        **more,
    )
