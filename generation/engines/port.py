"""What an engine is: a named thing that turns a request into frames, step by step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.errors import ReverieError
from generation.motion import MotionSpec


class UnableToRender(ReverieError):
    """The engine could not make this video; `code` says why and the message what to do."""

    code = "engine_error"


class RenderingStopped(Exception):
    """Raised by a step callback to stop the engine within that step."""


@dataclass(frozen=True)
class Length:
    """How an engine makes a video of one length: `frames` shown at `frames_per_second`."""

    frames: int
    frames_per_second: float


class PictureUse(StrEnum):
    """Whether an engine begins with a picture: never, if one is given, or always."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class EngineDescription:
    """What an engine offers, known without loading it.

    `sizes` are delivered sizes as `(width, height)` and `lengths` maps the Videos API's `seconds`
    to frames; the first of each is the default.  `native_size` is what the network makes, or None
    where it makes the delivered size itself.  `needs_picture_guard` tells that it can make what a
    check for nudity alone would not see: true unless the file says otherwise.  `reader` is the
    dotted path of a function that tells what the engine makes of a prompt (a `PromptReading`),
    without loading it; empty where nobody can tell.  `follows_boxes` tells that it takes a motion,
    `picture` whether it takes one (the pipeline's `image`).
    """

    id: str
    driver: str
    source: str
    pipeline: str
    owned_by: str
    created: int
    sizes: tuple[tuple[int, int], ...]
    native_size: tuple[int, int] | None
    lengths: Mapping[str, Length]
    inference_steps: int
    max_inference_steps: int
    guidance_scale: float
    dtype: str
    device: str
    needs_picture_guard: bool = True
    reader: str = ""
    follows_boxes: bool = False
    picture: PictureUse = PictureUse.NONE

    @property
    def takes_picture(self) -> bool:
        """Whether it can begin with one."""
        return self.picture is not PictureUse.NONE


@dataclass(frozen=True)
class PromptReading:
    """What an engine makes of a prompt, in its own words.

    `taken_for` pairs a word with what it was taken for; `ignored` are the words that change
    nothing.
    """

    understood: str
    taken_for: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class RenderRequest:
    """One video to make; `width` and `height` are the delivered size in pixels.

    `picture` is what it begins with, uint8 RGB `(height, width, 3)`.
    """

    prompt: str
    negative_prompt: str
    seed: int
    seconds: str
    width: int
    height: int
    inference_steps: int
    guidance_scale: float
    motion: MotionSpec | None = None
    picture: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Rendered:
    """Frames as uint8 RGB `(T, H, W, 3)`, at the network's own size."""

    frames: NDArray[np.uint8]
    frames_per_second: float


StepCallback = Callable[[int, int], None]
"""Called after each denoising step with (steps done, steps in all); may raise RenderingStopped."""


class Engine(Protocol):
    """A loaded engine.  One call at a time: pipelines and schedulers keep state per call."""

    def render(self, request: RenderRequest, *, on_step: StepCallback) -> Rendered:
        """Make the video.

        The same request gives the same frames on the same machine.  `on_step` runs after every
        denoising step; what it raises stops the work at once and leaves the engine usable.
        Raises UnableToRender.
        """
