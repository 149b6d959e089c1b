"""Clips with real files: moving gradients through the real production line."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from clips.authority import authority
from clips.models import Clip, Rendition
from clips.services import publish_clip, store_video, submit_rendered
from clips.states import CLIP_STATES, SCREENING
from common.objects import store
from common.transitions import move
from video.production import Production, produce
from video.provenance import TRAINED, Claim

FRAMES = 16


@cache
def film() -> Production:
    """Two seconds of a sun that goes around; made once."""
    down, across = np.mgrid[0:64, 0:36] / 64
    frames = np.zeros((FRAMES, 64, 36, 3), np.uint8)
    for number in range(FRAMES):
        angle = 2 * np.pi * number / FRAMES
        away = (across - 0.28 - 0.15 * np.sin(angle)) ** 2 + (down - 0.5 - 0.2 * np.cos(angle)) ** 2
        sun = np.exp(-away / 0.01)[..., None]
        sky = np.stack([down * 200, across * 120 + 60, 180 - down * 80], axis=-1)
        frames[number] = (sky * (1 - sun) + 255 * sun).astype(np.uint8)
    claim = Claim("video_0", "film", "test", settings.VERSION, timezone.now())
    return produce(
        frames,
        frames_per_second=8,
        width=360,
        height=640,
        folder=Path(mkdtemp(dir=settings.REVERIE_DATA)) / "film",
        authority=authority(),
        claim=claim,
    )


def make_film(author: User, *, caption: str = "") -> Clip:
    """A published clip that plays."""
    now, made = timezone.now(), film()
    files = [
        Rendition(
            kind=one.kind,
            name=one.name,
            digest=store().put_file(one.path, content_type=one.content_type).key,
            size_bytes=one.size_bytes,
            content_type=one.content_type,
        )
        for one in made.files
    ]
    digest = next(one.sha256 for one in made.files if one.kind == "mp4")
    video = store_video(
        files,
        owner=author,
        prompt="a sun going around",
        engine="test",
        seed=1,
        digest=digest,
        width=made.width,
        height=made.height,
        frame_count=made.frame_count,
        duration_seconds=made.duration_seconds,
        digital_source_type=TRAINED,
    )
    clip = submit_rendered(video, caption=caption, hashtags=["sun"], privacy="public", now=now)
    move(clip, states=CLIP_STATES, to=SCREENING, now=now)
    publish_clip(clip, allowed_digest=digest, now=now)
    return clip
