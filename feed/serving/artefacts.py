"""Files that workers make and every process loads: named, and the newest one counts.

The bytes lie in the object store under their SHA-256, and a small table says which is newest.  A
process loads an artefact once, and looks for a newer one in the background while it is used.
"""

import logging
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Generic, TypeVar

from django.db import close_old_connections, connection, transaction

from common.errors import NotFound
from common.objects import store
from feed.models.serving import Artefact

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/octet-stream"
LOOK_SECONDS = 2.0

T = TypeVar("T")

_loaded: "list[Loaded[object]]" = []


def keep_artefact(name: str, data: bytes, *, now: datetime) -> Artefact:
    """Store `data` as the newest artefact of this name, and forget the one before.

    `now` is when its making began.  Of two made at once, the one begun later stays.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "artefact"
        path.write_bytes(data)
        stored = store().put_file(path, content_type=CONTENT_TYPE)
    with transaction.atomic():
        before = Artefact.objects.select_for_update().filter(pk=name).first()
        if before is not None and before.made_at > now:
            return before
        artefact = Artefact(name=name, digest=stored.key, size_bytes=stored.size_bytes, made_at=now)
        artefact.save(force_insert=before is None)
    if before is not None and before.digest != stored.key:
        store().delete(before.digest)
    return artefact


def newest_artefact(name: str) -> Artefact | None:
    """Which one is the newest; None when none was ever made."""
    return Artefact.objects.filter(pk=name).first()


def artefact_bytes(artefact: Artefact) -> bytes:
    """What was stored.  Raises NotFound when a newer one has taken its place."""
    with store().open_range(artefact.digest) as chunks:
        return b"".join(chunks)


class Loaded(Generic[T]):
    """The newest artefact of a name, parsed and kept in this process's memory.

    `parse` makes it of its bytes and its digest.  The first call loads it; later ones answer from
    memory, and every LOOK_SECONDS one of them has a newer one looked for in the background.
    """

    def __init__(self, name: str, parse: Callable[[bytes, str], T]) -> None:
        self._name = name
        self._parse = parse
        self._lock = Lock()
        self._digest = ""
        self._value: T | None = None
        self._looked_at = float("-inf")
        _loaded.append(self)  # type: ignore[arg-type]

    def current(self) -> T | None:
        """The newest that is known here; None as long as none was made."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS and self._lock.acquire(
            blocking=False
        ):
            is_first = self._looked_at == float("-inf")
            self._looked_at = time.monotonic()
            if is_first:
                try:
                    self._look()
                finally:
                    self._lock.release()
            else:
                Thread(target=self._look_aside, daemon=True).start()
        return self._value

    def look(self) -> T | None:
        """Load the newest one now, if it is not loaded yet, and give it."""
        with self._lock:
            self._looked_at = time.monotonic()
            self._look()
        return self._value

    def forget(self) -> None:
        """Let go of what is loaded."""
        with self._lock:
            self._digest, self._value, self._looked_at = "", None, float("-inf")

    def _look(self) -> None:
        artefact = newest_artefact(self._name)
        if artefact is None or artefact.digest == self._digest:
            return
        try:
            data = artefact_bytes(artefact)
        except NotFound:
            return  # a newer one took its place just now; the next look finds it
        self._value = self._parse(data, artefact.digest)
        self._digest = artefact.digest

    def _look_aside(self) -> None:
        try:
            close_old_connections()
            self._look()
        except Exception:  # the one in memory goes on being used
            log.exception("the artefact %s can not be refreshed", self._name)
        finally:
            self._lock.release()
            connection.close()


def forget_loaded() -> None:
    """Let go of every artefact in this process's memory."""
    for one in _loaded:
        one.forget()
