"""People, and one real clip that has been rendered, stored and submitted."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from accounts.models import Role, User
from clips.models import Clip, Rendition, Video
from clips.services import store_video, submit_rendered
from common.ids import new_id
from common.objects import store
from video.encoding import Encoded, encode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DETECTORS = "tests.moderation.detectors"

MakeUser = Callable[..., User]
MakeClip = Callable[..., Clip]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_user(db: None) -> MakeUser:
    def make(role: Role = Role.CREATOR) -> User:
        handle = f"{role}_{new_id().hex[-8:]}"
        return User.objects.create(
            handle=handle, email=f"{handle}@example.org", role=role, is_staff=role in STAFF
        )

    return make


@pytest.fixture
def author(make_user: MakeUser) -> User:
    return make_user(Role.CREATOR)


@pytest.fixture
def moderator(make_user: MakeUser) -> User:
    return make_user(Role.MODERATOR)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """A red square that crosses a blue sky over sand, in 16 frames."""
    frames = np.empty((16, 128, 96, 3), dtype=np.uint8)
    frames[:, :80] = (90, 160, 230)
    frames[:, 80:] = (240, 210, 120)
    for step, frame in enumerate(frames):
        frame[40:70, 4 * step : 4 * step + 30] = (230, 40, 60)
    folder = tmp_path_factory.mktemp("clip")
    return encode(frames, frames_per_second=8, width=96, height=128, folder=folder)


@pytest.fixture
def make_clip(author: User, files: Encoded, now: datetime) -> MakeClip:
    def make(
        *, prompt: str = "a kite over a beach", caption: str = "", hashtags: tuple[str, ...] = ()
    ) -> Clip:
        return submit_rendered(
            stored_video(author, files, prompt),
            caption=caption,
            hashtags=hashtags,
            privacy="public",
            now=now,
        )

    return make


@pytest.fixture
def clip(make_clip: MakeClip) -> Clip:
    return make_clip()


def stored_video(owner: User, files: Encoded, prompt: str) -> Video:
    renditions = [
        _rendition(file.kind, file.name, file.path, file.content_type) for file in files.files
    ]
    return store_video(
        renditions,
        owner=owner,
        prompt=prompt,
        engine="test",
        seed=1,
        digest=next(row.digest for row in renditions if row.kind == "mp4"),
        width=96,
        height=128,
        frame_count=files.frame_count,
        duration_seconds=files.duration_seconds,
        digital_source_type="trainedAlgorithmicMedia",
    )


def _rendition(kind: str, name: str, path: Path, content_type: str) -> Rendition:
    stored = store().put_file(path, content_type=content_type)
    return Rendition(
        kind=kind,
        name=name,
        digest=stored.key,
        size_bytes=stored.size_bytes,
        content_type=content_type,
    )


STAFF = frozenset({Role.MODERATOR, Role.ADMIN})
