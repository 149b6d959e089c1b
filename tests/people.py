"""People, their programs and their clips, made through the same services as real ones."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import create_api_key
from clips.models import Clip, Privacy, Rendition
from clips.services import publish_clip, store_video, submit_rendered
from clips.states import CLIP_STATES, SCREENING
from common.transitions import move

_numbers = count(1)


def make_user(handle: str = "", *, role: Role = Role.CREATOR, **columns: Any) -> User:
    """A person who can not log in with a password, which is all that makes people slow."""
    handle = handle or f"person{next(_numbers)}"
    return User.objects.create(handle=handle, email=f"{handle}@example.org", role=role, **columns)


def program_of(user: User) -> Client:
    """A client that sends the user's fresh API key, and JSON."""
    _, secret = create_api_key(user, name="tests", now=timezone.now())
    return Client(headers={"authorization": f"Bearer {secret}"})


def browser_of(user: User) -> Client:
    """A client with the user's session."""
    client = Client()
    client.force_login(user)
    return client


def make_clip(
    author: User,
    *,
    caption: str = "",
    hashtags: Iterable[str] = (),
    privacy: str = Privacy.PUBLIC,
    published: bool = True,
    age: timedelta = timedelta(),
    now: datetime | None = None,
) -> Clip:
    """A clip of two seconds without files, published `age` ago, or just submitted."""
    at = (now or timezone.now()) - age
    digest = sha256(str(next(_numbers)).encode()).hexdigest()
    video = store_video(
        list[Rendition](),
        owner=author,
        prompt="a red fox in the snow",
        engine="test",
        seed=1,
        digest=digest,
        width=360,
        height=640,
        frame_count=16,
        duration_seconds=2.0,
        digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    )
    clip = submit_rendered(video, caption=caption, hashtags=hashtags, privacy=privacy, now=at)
    if published:
        move(clip, states=CLIP_STATES, to=SCREENING, now=at)
        publish_clip(clip, allowed_digest=digest, now=at)
    return clip
