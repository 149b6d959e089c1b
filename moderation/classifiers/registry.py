"""Frame detectors by the dotted path of what makes them."""

from importlib import import_module

from common.errors import Unavailable
from moderation.classifiers.port import FrameDetector


class UnableToLoadDetector(Unavailable):
    """The dotted path names nothing that can be called."""


def load_detector(path: str) -> FrameDetector:
    """The detector that the callable at `package.module.name` makes.

    Raises UnableToLoadDetector; what the callable raises itself (a missing model, say) is its own.
    """
    module, _, name = path.rpartition(".")
    try:
        factory = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UnableToLoadDetector(f"There is no frame detector {path}.") from error
    detector: FrameDetector = factory()
    return detector
