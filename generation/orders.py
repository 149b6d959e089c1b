"""What a person asks for, as plain data: the web, the API and the demo all hand in the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from generation.motion import MotionSpec


@dataclass(frozen=True)
class Posting:
    """How a video is to be posted once it is made."""

    caption: str = ""
    hashtags: Sequence[str] = ()
    privacy: str = "public"


@dataclass(frozen=True)
class Order:
    """What a person asks for; None leaves the choice to the engine (and the seed to chance).

    `size` is `WIDTHxHEIGHT` in pixels and `seconds` a string, as in the Videos API.  `remix_of` is
    the video whose words this one begins with, and `picture` a file: JPEG, PNG or WebP.  `motion`
    are boxes that things are to follow.
    """

    prompt: str
    model: str | None = None
    negative_prompt: str = ""
    seconds: str | None = None
    size: str | None = None
    seed: int | None = None
    inference_steps: int | None = None
    guidance_scale: float | None = None
    posting: Posting | None = None
    remix_of: UUID | None = None
    motion: MotionSpec | None = None
    picture: bytes | None = None
