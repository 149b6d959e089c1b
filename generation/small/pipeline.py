"""The small model as an ordinary diffusers pipeline: text, pictures, clips and boxes to a clip."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image
from torch import Tensor

from generation.motion import BoxTrack, MotionSpec
from generation.small import guiding, world
from generation.small.beginnings import Beginning, beginning
from generation.small.codec import PatchCodec, TrackCodec
from generation.small.layers import Layers, frames_of
from generation.small.lessons import WORD_NUMBERS, Words
from generation.small.network import WORDS_OF_ACTOR, Clips, Given, ReverieSmallNetwork
from generation.small.sprites import PHASES
from generation.small.understanding import Understood, understood
from generation.small.vocabulary import Actor, Scene

OnStepEnd = Callable[[Any, int, Tensor, dict[str, Tensor]], dict[str, Tensor]]
Generators: TypeAlias = torch.Generator | list[torch.Generator]
Picture: TypeAlias = Image.Image | npt.NDArray[np.uint8]

TENSORS_FOR_CALLBACK = ("latents",)
USUAL_SIZE = (360, 640)
USUAL_FRAMES = 48
MOST_FRAMES = 240
MOST_PIXELS = 1080 * 1920
HAZE = 0.06


@dataclass
class ReverieSmallOutput(BaseOutput):
    """`frames`: (batch, frames, height, width, 3) floats in 0..1, and what they were drawn from.

    `scenes` say what was asked for, `layers` are what was made.
    """

    frames: npt.NDArray[np.float32] | Tensor
    scenes: list[Scene]
    layers: list[Layers]


@dataclass(frozen=True)
class _Wish:
    """One clip to make: what it shows, what the network is told, how it begins, its boxes."""

    scene: Scene
    given: Given
    begun: Beginning
    drawn: Sequence[BoxTrack | None]


@dataclass(frozen=True)
class _Shape:
    """How the parts of one clip lie beside each other in the latents, (batch, numbers)."""

    place: tuple[int, int]
    loops: tuple[int, int, int]
    tracks: tuple[int, int]

    @classmethod
    def of(cls, sizes: Mapping[str, int], actors: int) -> Self:
        return cls(
            (sizes["place_patches"], sizes["place_numbers"]),
            (actors, sizes["loop_patches"], sizes["loop_numbers"]),
            (actors, sizes["track_numbers"]),
        )

    @property
    def numbers(self) -> int:
        return sum(self._sizes())

    def _sizes(self) -> list[int]:
        return [math.prod(part) for part in (self.place, self.loops, self.tracks)]

    def parted(self, latents: Tensor) -> Clips:
        parts = latents.split(self._sizes(), 1)
        shapes = (self.place, self.loops, self.tracks)
        return Clips(*(part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)))

    def joined(self, clips: Clips) -> Tensor:
        return torch.cat([part.flatten(1) for part in clips.parts()], 1)


@dataclass(frozen=True)
class _Telling:
    """Tells a callback of every step, as diffusers' pipelines do."""

    pipeline: Any
    watched: list[str]
    callback: OnStepEnd | None

    def step(self, index: int, timestep: Tensor, latents: Tensor) -> Tensor:
        if self.callback is None:
            return latents
        tensors = {name: {"latents": latents}[name] for name in self.watched}
        return self.callback(self.pipeline, index, timestep, tensors).pop("latents", latents)


class ReverieSmallPipeline(DiffusionPipeline):
    """A clip of one or two things that move before a place.

    It can begin with a picture (`image`), end with one (`last_image`), go on from a clip
    (`video`), and follow boxes (`motion`); all are one call of the network, which is told what
    is given beside what is noise.  One call at a time per instance: the scheduler keeps state.  An
    exception raised by `callback_on_step_end` ends the call at once and leaves the pipeline usable.
    """

    network: ReverieSmallNetwork
    scheduler: FlowMatchEulerDiscreteScheduler
    place_codec: PatchCodec
    loop_codec: PatchCodec
    track_codec: TrackCodec
    model_cpu_offload_seq = "network"
    _callback_tensor_inputs = list(TENSORS_FOR_CALLBACK)

    def __init__(
        self,
        network: ReverieSmallNetwork,
        scheduler: FlowMatchEulerDiscreteScheduler,
        place_codec: PatchCodec,
        loop_codec: PatchCodec,
        track_codec: TrackCodec,
    ) -> None:
        """Promise a pipeline over the parts; what words mean comes from MiniLM's wheel."""
        super().__init__()
        self.register_modules(
            network=network, scheduler=scheduler, place_codec=place_codec,
            loop_codec=loop_codec, track_codec=track_codec,
        )  # fmt: skip
        self._words = Words()

    @torch.no_grad()
    def __call__(  # noqa: PLR0913, PLR0917 - the shared signature of diffusers' video pipelines
        self,
        prompt: str | list[str],
        negative_prompt: str | list[str] | None = None,
        height: int | None = None,
        width: int | None = None,
        num_frames: int = USUAL_FRAMES,
        num_inference_steps: int = 8,
        guidance_scale: float = 1.0,
        generator: Generators | None = None,
        image: Picture | None = None,
        last_image: Picture | None = None,
        video: Sequence[Picture] | None = None,
        motion: MotionSpec | None = None,
        output_type: str = "np",
        return_dict: bool = True,  # noqa: FBT001, FBT002 - diffusers' name and place
        callback_on_step_end: OnStepEnd | None = None,
        callback_on_step_end_tensor_inputs: list[str] | None = None,
    ) -> ReverieSmallOutput | tuple[npt.NDArray[np.float32] | Tensor]:
        """Return one clip per prompt, (batch, frames, height, width, 3) in 0..1.

        Prompts are made one after the other, each from its own generator if a list is given.
        Picture are uint8 RGB or PIL; of `video` the last frames count.  What a prompt leaves open
        is chosen by the seed.  ValueError: an impossible size, length, step count or output type.
        """
        size = (
            USUAL_SIZE[0] if width is None else width,
            USUAL_SIZE[1] if height is None else height,
        )
        watched = callback_on_step_end_tensor_inputs or list(TENSORS_FOR_CALLBACK)
        _refuse_impossible(size, num_frames, num_inference_steps, output_type, watched)
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        avoided = _avoided(prompts, negative_prompt)
        begun = beginning(image=image, last_image=last_image, video=video)
        told = _Telling(self, watched, callback_on_step_end)
        clips, scenes, drawn = [], [], []
        for text, other, own in zip(prompts, avoided, _each(generator, len(prompts)), strict=True):
            wish = self._wish(text, begun, motion, own)
            instead = self._instead(other, wish) if guidance_scale > 1 else None
            latents = self._sampled(wish, instead, guidance_scale, num_inference_steps, own, told)
            layers = self._layers(latents, wish)
            frames = frames_of(layers, width=size[0], height=size[1], moments=num_frames)
            clips.append(np.stack(list(frames)))
            scenes.append(wish.scene)
            drawn.append(layers)
        made = _as_asked(clips, output_type)
        output = ReverieSmallOutput(frames=made, scenes=scenes, layers=drawn)
        return output if return_dict else (made,)

    def _wish(
        self, text: str, begun: Beginning, motion: MotionSpec | None, own: torch.Generator | None
    ) -> _Wish:
        read = understood(text)
        scene = read.completed(random.Random(_seed(own)))
        # Beside a picture, what the prompt leaves open is for the picture to say.
        said = read if begun.is_given else Understood(scene.place, scene.actors)
        drawn = guiding.tracks_of_actors(motion, scene.actors)
        guides = torch.stack([guiding.guide_of(track) for track in drawn])
        frames, known = begun.encoded(self.place_codec)
        actors = said.actors or (Actor("", ""),)
        given = Given(
            self._words.of_place(said.place),
            torch.tensor(self._view(said.place, own)),
            torch.stack([self._words.of_actor(actor) for actor in actors]),
            frames,
            known,
            guides,
        )
        return _Wish(scene, given, begun, drawn)

    def _view(self, place: str | None, own: torch.Generator | None) -> int:
        return world.view_number(place, _seed(own) % world.VIEWS) if place else 0

    def _instead(self, avoided: str, wish: _Wish) -> Given:
        """Return what guidance leads away from: nothing said, or the negative prompt."""
        read = understood(avoided)
        actors = len(wish.scene.actors)
        words = [self._words.of_actor(actor) for actor in read.actors[:actors]]
        words += [torch.zeros(WORDS_OF_ACTOR, WORD_NUMBERS)] * (actors - len(words))
        return replace(
            wish.given,
            place_words=self._words.of_place(read.place),
            views=torch.tensor(0),
            actor_words=torch.stack(words),
        )

    def _sampled(
        self,
        wish: _Wish,
        instead: Given | None,
        guidance: float,
        steps: int,
        own: torch.Generator | None,
        told: _Telling,
    ) -> Clips:
        shape = _Shape.of(self.network.config, len(wish.scene.actors))
        latents = randn_tensor(
            (1, shape.numbers), generator=own, device=self._execution_device, dtype=torch.float32
        )
        # The scheduler takes its last step from the level before 0, so it need not be small.
        self.scheduler.set_timesteps(
            sigmas=np.linspace(1.0, 1 / steps, steps), device=self._execution_device
        )
        given = self._moved(wish.given)
        other = self._moved(instead) if instead else None
        for index, timestep in enumerate(self.progress_bar(self.scheduler.timesteps)):
            sigma = self.scheduler.sigmas[index].to(latents)
            clean = self._clean(shape, latents, sigma, given)
            if other is not None:
                without = self._clean(shape, latents, sigma, other)
                clean = without + guidance * (clean - without)
            velocity = (latents - clean) / sigma
            latents = self.scheduler.step(velocity, timestep, latents, return_dict=False)[0]
            latents = told.step(index, timestep, latents)
        return shape.parted(latents)

    def _clean(self, shape: _Shape, latents: Tensor, sigma: Tensor, given: Given) -> Tensor:
        return shape.joined(self.network(shape.parted(latents), sigma[None], given))

    def _moved(self, given: Given) -> Given:
        device = self._execution_device
        return Given(
            **{part.name: getattr(given, part.name)[None].to(device) for part in fields(Given)}
        )

    def _layers(self, clips: Clips, wish: _Wish) -> Layers:
        place = self.place_codec.stitched(clips.place.to(self.place_codec.dtype))[0].float()
        loops = self.loop_codec.decode(clips.loops[0].to(self.loop_codec.dtype)).float()
        tracks = self.track_codec.decode(clips.tracks[0].to(self.track_codec.dtype)).float()
        actors = [
            replace(world.unflat(vector, loop), tint=world.tint_of(actor.colour))
            for vector, loop, actor in zip(
                tracks.cpu().numpy(), _opened(loops), wish.scene.actors, strict=True
            )
        ]
        picture = (place.permute(1, 2, 0).cpu().numpy() / 2 + 0.5).clip(0, 1)
        if not wish.begun.is_given:
            actors = list(guiding.apart(actors))
        begun = wish.begun.continued(Layers(picture, actors))
        return replace(
            begun,
            actors=[
                guiding.held_to(actor, track)
                for actor, track in zip(begun.actors, wish.drawn, strict=True)
            ],
        )


def _opened(loops: Tensor) -> npt.NDArray[np.float32]:
    """Loops (actors, 64, 64, 64) as colours and opacity (actors, 16, 64, 64, 4), not multiplied."""
    parted = loops.unflatten(1, (PHASES, 4)).permute(0, 1, 3, 4, 2)
    opacity = ((parted[..., 3:] - HAZE) / (1 - 2 * HAZE)).clamp(0, 1)
    colours = (parted[..., :3] / parted[..., 3:].clamp(min=HAZE)).clamp(0, 1)
    return torch.cat([colours, opacity], -1).cpu().numpy()


def _avoided(prompts: list[str], negative: str | list[str] | None) -> list[str]:
    avoided = [negative or ""] * len(prompts) if not isinstance(negative, list) else negative
    if len(avoided) != len(prompts):
        raise ValueError("Give one negative prompt, or one for each prompt.")
    return avoided


def _each(generator: Generators | None, count: int) -> list[torch.Generator | None]:
    if not isinstance(generator, list):
        return [generator] * count
    if len(generator) != count:
        raise ValueError(f"{len(generator)} generators for {count} prompts.")
    return list(generator)


def _seed(own: torch.Generator | None) -> int:
    return int(own.initial_seed()) if own is not None else int(torch.randint(2**31, (1,)))


def _refuse_impossible(
    size: tuple[int, int], frames: int, steps: int, output_type: str, watched: list[str]
) -> None:
    width, height = size
    if min(size) < 1 or width * height > MOST_PIXELS:
        raise ValueError(f"At most {MOST_PIXELS} pixels a frame, not {width} by {height}.")
    if not 1 <= frames <= MOST_FRAMES:
        raise ValueError(f"1 to {MOST_FRAMES} frames, not {frames}.")
    if steps < 1:
        raise ValueError(f"At least one step, not {steps}.")
    if output_type not in {"np", "pt"}:
        raise ValueError(f'Output type "np" or "pt", not {output_type!r}.')
    if not set(watched) <= set(TENSORS_FOR_CALLBACK):
        raise ValueError(f"A callback may ask for {TENSORS_FOR_CALLBACK}, not {watched}.")


def _as_asked(
    clips: Sequence[npt.NDArray[np.uint8]], output_type: str
) -> npt.NDArray[np.float32] | Tensor:
    frames = np.stack(clips).astype(np.float32)
    frames /= 255
    return frames if output_type == "np" else torch.from_numpy(frames)
