"""What a person says of a file they upload, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class UploadOrder:
    """How the clip is to be posted, and whether it was made or changed with AI (with `tool`)."""

    is_declared: bool
    tool: str = ""
    caption: str = ""
    hashtags: Sequence[str] = ()
    privacy: str = "public"
