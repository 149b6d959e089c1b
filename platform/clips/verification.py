"""Telling what a copy is: what it says of itself, and what our own record says of its watermark.

Nothing of the file is kept, and nothing in the answer is about a person.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import Resolver404, resolve, reverse

from clips.authority import authority
from clips.models import RenditionKind, Watermark
from clips.selectors import Viewer, clip_for, rendition_for
from clips.states import DELETED
from clips.watermarks import watermark_keys
from common.errors import Invalid, NotFound, TooMany
from common.objects import store
from video.aigc import FIELDS
from video.encoding import MP4_NAME
from video.intake import ManifestFacts
from video.verification import Look, Looker

MAX_FILE_BYTES = 64 * 1024 * 1024
AT_ONCE = 2
WAIT_SECONDS = 10.0
READABLE_KINDS = frozenset({RenditionKind.MP4, RenditionKind.POSTER, RenditionKind.SPRITESHEET})

_places = BoundedSemaphore(AT_ONCE)


class UnableToVerify(Invalid):
    """There is no file, or it is too large, or the address is none of ours."""

    code = "invalid_file"


@dataclass(frozen=True)
class MadeHere:
    """What our record says of a watermark; `clip_url` only where the asker may see the clip."""

    made_at: datetime
    engine: str
    provenance: str
    is_deleted: bool
    clip_url: str | None


@dataclass(frozen=True)
class Verification:
    """What one file is: `made_here` is our record, by `record_found_by` one of its marks."""

    kind: Literal["video", "picture"]
    manifest: ManifestFacts
    aigc: Mapping[str, str] | None
    watermark: Mapping[str, object] | None
    record_found_by: Literal["watermark", "manifest", ""]
    made_here: MadeHere | None


def verify_file(viewer: Viewer, chunks: Iterable[bytes]) -> Verification:
    """What the file made of `chunks` is.

    Raises UnableToVerify for one that is empty or too large, UnableToTakeVideo for one that is no
    video and no picture, TooMany while others are being looked at.
    """
    with _place(), _kept_aside(chunks) as path:
        return _verification(viewer, _looker().look(path))


def verify_address(viewer: Viewer, url: str) -> Verification:
    """What the file or clip of ours at `url` is; nothing is fetched, it is read from our store.

    Raises UnableToVerify for an address that is none of ours, NotFound for one that `viewer` may
    not see, and as `verify_file`.
    """
    clip_id, name = _ours(url)
    rendition = rendition_for(viewer, clip_id, name)
    if rendition.kind not in READABLE_KINDS:
        rendition = rendition_for(viewer, clip_id, MP4_NAME)
    with store().open_range(rendition.digest) as content:
        return verify_file(viewer, content)


def _ours(url: str) -> tuple[UUID, str]:
    parts, ours = urlsplit(url.strip()), urlsplit(settings.REVERIE_URL)
    clip_id, name = None, MP4_NAME
    if parts.netloc in {"", ours.netloc}:
        with suppress(Resolver404):
            arguments = resolve(parts.path).kwargs
            clip_id, name = arguments.get("clip_id"), str(arguments.get("name") or MP4_NAME)
    if not isinstance(clip_id, UUID):
        raise UnableToVerify("This is not an address of a clip here.", field="url")
    return clip_id, name


def _looker() -> Looker:
    return Looker(keys=watermark_keys(), root_certificate_pem=authority().root_certificate_pem)


def _verification(viewer: Viewer, look: Look) -> Verification:
    seen = look.watermark
    number, found_by = _number(look)
    records = Watermark.objects.select_related("video")
    record = None if number is None else records.filter(number=number).first()
    found = {
        "id": seen.hexadecimal,
        "key": seen.key_name,
        "confidence": seen.confidence,
        "scale": seen.scale,
        "is_mirrored": seen.is_mirrored,
    } if seen else None  # fmt: skip
    return Verification(
        kind=look.kind,
        manifest=look.manifest,
        aigc={name: look.aigc.get(name, "") for name in FIELDS} if look.aigc else None,
        watermark=found,
        record_found_by=found_by if record else "",
        made_here=_made_here(viewer, record) if record else None,
    )


def _number(look: Look) -> tuple[int | None, Literal["watermark", "manifest", ""]]:
    """The id by which to look our record up: from the picture, else from what we signed."""
    if look.watermark is not None:
        return look.watermark.number, "watermark"
    if look.manifest.state == "trusted" and look.manifest.watermark:
        return int(look.manifest.watermark, 16), "manifest"
    return None, ""


def _made_here(viewer: Viewer, record: Watermark) -> MadeHere:
    video = record.video
    clip = getattr(video, "clip", None)
    is_gone = clip is not None and clip.state == DELETED
    return MadeHere(
        made_at=record.made_at,
        engine=record.engine,
        provenance=record.provenance,
        is_deleted=video is None or is_gone or not video.renditions.exists(),
        clip_url=_clip_url(viewer, clip.pk) if clip is not None else None,
    )


def _clip_url(viewer: Viewer, clip_id: UUID) -> str | None:
    try:
        clip_for(viewer, clip_id)
    except NotFound:
        return None
    return settings.REVERIE_URL + reverse("web:clip", args=[clip_id])


@contextmanager
def _place() -> Iterator[None]:
    """One of the few places for looking at files: it takes seconds of a whole processor."""
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise TooMany("Others are having files checked. Try again.", retry_after_seconds=10)
    try:
        yield
    finally:
        _places.release()


@contextmanager
def _kept_aside(chunks: Iterable[bytes]) -> Iterator[Path]:
    """The file, for as long as it is looked at."""
    workshop: Path = settings.REVERIE_DATA / "workshop"
    workshop.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workshop, prefix="verify-") as folder:
        path, size = Path(folder) / "file", 0
        with path.open("wb") as target:
            for chunk in chunks:
                size += len(chunk)
                if size > MAX_FILE_BYTES:
                    raise UnableToVerify("A file has at most 64 MB.", field="file")
                target.write(chunk)
        if not size:
            raise UnableToVerify("The file is empty.", field="file")
        yield path
