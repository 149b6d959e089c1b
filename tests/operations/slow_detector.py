"""A frame detector that takes its time, so that its worker can be met in the middle of it."""

import time
from collections.abc import Sequence

from moderation.classifiers.port import Finding
from video.frames import Frame

SECONDS = 4.0


class SlowDetector:
    """Finds nothing, slowly."""

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        time.sleep(SECONDS)
        return [Finding(detector="slow", version="1", category="sexual", score=0.0)]


def slow_detector() -> SlowDetector:
    return SlowDetector()
