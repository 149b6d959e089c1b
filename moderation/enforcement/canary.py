"""A small made-up video that every detector must be able to answer about, again and again."""

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil, isfinite
from pathlib import Path

import numpy as np
from django.conf import settings
from django.core.cache import cache

from moderation.classifiers.child import HASHES
from moderation.classifiers.isolation import UnableToCheckFrames, check_frames, hash_video
from moderation.classifiers.port import Finding
from moderation.enforcement.health import note_answer, note_failure, rescreen_after_outages
from moderation.models.health import DetectorHealth
from moderation.selectors.health import required_detectors
from video.encoding import MP4_NAME, encode

SIDE, FRAMES, RATE = 128, 8, 8
ASKED_FRAMES = 2
RINGS = 17
LONGEST_ANSWER_SECONDS = 20.0
RUNNING_KEY = "moderation:self-test"

Clock = Callable[[], datetime]


def self_test(*, clock: Clock) -> int:
    """Ask every required detector about the canary, note what they do, and end what is over.

    One that answered a moment ago, with nothing against it, is left alone.  Returns how many clips
    were sent back to be judged because an outage is over.
    """
    # One at a time: a detector that hangs must not keep every worker waiting for it.
    if not cache.add(RUNNING_KEY, "", timeout=len(required_detectors()) * ceil(_patience()) + 1):
        return 0
    try:
        for detector in required_detectors():
            if not _was_heard(detector, now=clock()):
                _ask(detector, clock=clock)
    finally:
        cache.delete(RUNNING_KEY)
    return rescreen_after_outages(now=clock())


def note_findings(detector: str, findings: list[Finding], *, now: datetime) -> None:
    """Put on record whether a detector's answer is one: something, and every score sound."""
    if findings and all(_is_sound(finding.score) for finding in findings):
        note_answer(detector, now=now)
    else:
        note_failure(detector, "It answered without a sound score.", now=now)


def _ask(detector: str, *, clock: Clock) -> None:
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / MP4_NAME
        video.write_bytes(_canary())
        try:
            findings = _asked(detector, video)
        except UnableToCheckFrames as error:
            note_failure(detector, error.message, now=clock())
        else:
            note_findings(detector, findings, now=clock())


def _asked(detector: str, video: Path) -> list[Finding]:
    limit = _patience()
    if detector != HASHES:
        return check_frames(video, detector=detector, count=ASKED_FRAMES, timeout_seconds=limit)
    frames = hash_video(video, timeout_seconds=limit)
    return [Finding(HASHES, "", "", frame.quality / 100) for frame in frames]


def _patience() -> float:
    return min(settings.FRAME_CHECK_SECONDS, LONGEST_ANSWER_SECONDS)


def _was_heard(detector: str, *, now: datetime) -> bool:
    well = DetectorHealth.objects.filter(pk=detector, is_down=False, failures=0)
    recently = now - timedelta(seconds=settings.SELF_TEST_SECONDS)
    return well.filter(last_answer_at__gt=recently).exists()


def _is_sound(score: float | None) -> bool:
    return score is not None and isfinite(score) and 0.0 <= score <= 1.0


@lru_cache(maxsize=1)
def _canary() -> bytes:
    """A second of coloured rings that wander: the bytes of an MP4."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    frames = np.empty((FRAMES, SIDE, SIDE, 3), dtype=np.uint8)
    for index, frame in enumerate(frames):
        distance = np.hypot(rows - SIDE / 2, columns - SIDE / 4 - 8 * index)
        frame[..., 0] = (distance * RINGS) % 256
        frame[..., 1] = rows * 255 // SIDE
        frame[..., 2] = columns * 255 // SIDE
    with tempfile.TemporaryDirectory() as folder:
        encode(frames, frames_per_second=RATE, width=SIDE, height=SIDE, folder=Path(folder))
        return (Path(folder) / MP4_NAME).read_bytes()
