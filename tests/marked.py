"""Clips that carry every mark a made one carries."""

from pathlib import Path

from django.utils import timezone

from accounts.models import User
from bench.films import drawn
from clips.authority import authority
from clips.models import Clip, Rendition
from clips.services import publish_clip, store_video, submit_rendered
from clips.states import CLIP_STATES, SCREENING
from clips.watermarks import new_mark, record_watermark
from common.ids import new_id, public_id
from common.objects import store
from common.transitions import move
from video.production import Marks, Production, produce
from video.provenance import TRAINED, Claim


def make_marked_clip(author: User, *, folder: Path) -> Clip:
    """A published clip whose files carry every mark, and whose watermark is on record."""
    now, mark, video_id = timezone.now(), new_mark(), new_id()
    made = produce(
        drawn(2, width=360, height=640, frames=8).frames,
        frames_per_second=8,
        width=360,
        height=640,
        folder=folder,
        authority=authority(),
        claim=Claim(public_id("video", video_id), "a title", "small-1", "0", now),
        marks=Marks(watermark=mark),
    )
    video = store_video(
        _renditions(made),
        pk=video_id,
        owner=author,
        prompt="a very private prompt",
        engine="small-1",
        seed=1,
        digest=next(one.sha256 for one in made.files if one.kind == "mp4"),
        width=made.width,
        height=made.height,
        frame_count=made.frame_count,
        duration_seconds=made.duration_seconds,
        digital_source_type=TRAINED,
    )
    record_watermark(mark, video=video, now=now)
    clip = submit_rendered(video, caption="", hashtags=[], privacy="public", now=now)
    move(clip, states=CLIP_STATES, to=SCREENING, now=now)
    publish_clip(clip, allowed_digest=video.digest, now=now)
    return clip


def _renditions(made: Production) -> list[Rendition]:
    return [
        Rendition(
            kind=one.kind,
            name=one.name,
            digest=store().put_file(one.path, content_type=one.content_type).key,
            size_bytes=one.size_bytes,
            content_type=one.content_type,
        )
        for one in made.files
    ]
