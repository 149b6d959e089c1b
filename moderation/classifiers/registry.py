"""Detectors by the dotted path of what makes them."""

from importlib import import_module
from typing import Any

from common.errors import Unavailable
from moderation.classifiers.port import FrameDetector, TextDetector


class UnableToLoadDetector(Unavailable):
    """The dotted path names nothing that can be called."""


def load_detector(path: str) -> FrameDetector:
    """The frame detector that the callable at `package.module.name` makes.

    Raises UnableToLoadDetector; what the callable raises itself (a missing model, say) is its own.
    """
    detector: FrameDetector = _made(path, "frame")
    return detector


def load_text_detector(path: str) -> TextDetector:
    """The text detector that the callable at `package.module.name` makes; raises as above."""
    detector: TextDetector = _made(path, "text")
    return detector


def _made(path: str, kind: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        factory = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnableToLoadDetector(f"There is no {kind} detector {path}.") from error
    return factory()
