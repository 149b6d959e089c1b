"""A short clip with known colours and a known motion, and an authority to sign it."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from video.frames import Frames
from video.production import Production, produce
from video.provenance import Authority, Claim, ensure_authority

NOW = datetime.now(UTC)


def moving_square(*, count: int = 20, width: int = 96, height: int = 96) -> Frames:
    """A red square that crosses a blue sky over sand, `count` frames of it."""
    frames = np.empty((count, height, width, 3), dtype=np.uint8)
    frames[:, : height * 2 // 3] = (90, 160, 230)
    frames[:, height * 2 // 3 :] = (240, 210, 120)
    for index, frame in enumerate(frames):
        left = index * (width - width // 4) // count
        frame[height // 3 : height // 3 + height // 4, left : left + width // 4] = (230, 40, 60)
    return frames


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def square() -> Frames:
    return moving_square()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return ensure_authority(tmp_path_factory.mktemp("authority"), now=NOW)


@pytest.fixture(scope="session")
def claim() -> Claim:
    return Claim(
        video_id="video_0192",
        title="A square at the sea",
        engine="tiny-test",
        version="0.1.0",
        created_at=NOW,
    )


@pytest.fixture(scope="session")
def production(
    tmp_path_factory: pytest.TempPathFactory, square: Frames, authority: Authority, claim: Claim
) -> Production:
    """20 frames at 8 a second, 360 by 640: two and a half seconds, so two HLS segments."""
    return produce(
        square,
        frames_per_second=8,
        width=360,
        height=640,
        folder=tmp_path_factory.mktemp("production") / "video",
        authority=authority,
        claim=claim,
    )


@pytest.fixture(scope="session")
def mp4(production: Production) -> Path:
    return next(file.path for file in production.files if file.kind == "mp4")
