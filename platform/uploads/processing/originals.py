"""The files as they came: kept while an upload is unfinished, and not a moment longer."""

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from common.objects import originals
from common.storage import ObjectNotFound
from uploads.models import Upload
from uploads.states import UNFINISHED
from video.decoding import kind_of

HEAD_BYTES = 64
WORKSHOP_PREFIX = "upload-"
CONTENT_TYPE = "application/octet-stream"
ABANDONED_SECONDS = 6 * 3600

logger = logging.getLogger(__name__)


def workshop() -> Path:
    """Where files are while they are worked on; nothing in it outlives its work for long."""
    folder: Path = settings.REVERIE_DATA / "workshop"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def one_at_a_time(digest: str) -> Iterator[None]:
    """A transaction in which nobody else keeps or forgets the original `digest`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])
        yield


def fetched(upload: Upload, folder: Path) -> Path | None:
    """The original, put into `folder` and named for what it is; None when it is gone."""
    path = folder / "original"
    try:
        with originals().open_range(upload.digest) as content, path.open("wb") as target:
            for chunk in content:
                target.write(chunk)
    except ObjectNotFound:
        return None
    return path.rename(path.with_suffix(_suffix(path)))


def _suffix(path: Path) -> str:
    with path.open("rb") as content:
        head = content.read(HEAD_BYTES)
    if kind_of(head) == "webm":
        return ".webm"
    return ".mov" if head[8:12] == b"qt  " else ".mp4"


def forget_originals() -> None:
    """Delete every original whose upload is finished; it may be asked for as often as one likes."""
    finished = Upload.objects.filter(has_original=True).exclude(state__in=UNFINISHED)
    for digest in set(finished.values_list("digest", flat=True)):
        with one_at_a_time(digest):
            same = Upload.objects.filter(digest=digest, has_original=True)
            if not same.filter(state__in=UNFINISHED).exists():
                originals().delete(digest)
            same.exclude(state__in=UNFINISHED).update(has_original=False)


def sweep_workshop() -> None:
    """Delete what killed processes left in the workshop."""
    before = time.time() - ABANDONED_SECONDS
    for left in workshop().glob(f"{WORKSHOP_PREFIX}*"):
        try:
            if left.stat().st_mtime < before:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        except FileNotFoundError:
            continue
