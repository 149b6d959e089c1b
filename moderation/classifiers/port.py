"""What a detector is, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from video.frames import Frame


@dataclass(frozen=True)
class Finding:
    """One detector's answer about one category.

    `score` is in 0-1 and None when the detector failed, which `evidence["error"]` then tells.
    Evidence never quotes what a person wrote.
    """

    detector: str
    version: str
    category: str
    score: float | None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    latency_milliseconds: float = 0.0


class TextDetector(Protocol):
    """Judges what a person wrote; an answer for every category it knows, each time."""

    def judge(self, texts: Mapping[str, str]) -> list[Finding]:
        """One Finding per category for `texts` (name of the field -> text)."""
        ...


class FrameDetector(Protocol):
    """Judges pictures of one video; an answer for every category it knows, each time."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        """One Finding per category for `frames`, (height, width, 3) RGB each, at least one."""
        ...
