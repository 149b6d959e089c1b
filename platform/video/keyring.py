"""The secrets of the watermark: made by the installation, kept in one folder, never thrown away.

The newest key marks; all of them are tried when a mark is looked for, so a video stays known after
the keys have been changed.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.errors import Unavailable
from video.watermark import SECRET_BYTES, UnableToWatermark, WatermarkKey

PREFIX, SUFFIX = "key-", ".txt"
KEY_BYTES = 2 * SECRET_BYTES


class UnableToOpenKeys(Unavailable):
    """The files of the watermark's keys can not be used: restore them."""


def ensure_keys(folder: Path) -> tuple[WatermarkKey, ...]:
    """All the keys kept in `folder`, newest first; the first one is made there if there is none.

    Processes that start together get the same one.  Raises UnableToOpenKeys for damaged files.
    """
    with _as_unopenable():
        if not (numbers := _numbers(folder)):
            _write(folder, 1)
            numbers = _numbers(folder)
        return tuple(_read(folder, number) for number in sorted(numbers, reverse=True))


def rotate_key(folder: Path) -> WatermarkKey:
    """A new key in `folder`, which marks from now on; the old ones stay.

    Raises UnableToOpenKeys, with nothing changed, when an old one can not be read.
    """
    ensure_keys(folder)
    with _as_unopenable():
        number = max(_numbers(folder)) + 1
        while not _write(folder, number):
            number += 1
        return _read(folder, number)


def _numbers(folder: Path) -> list[int]:
    names = [path.name for path in folder.glob(f"{PREFIX}*{SUFFIX}")]
    return [int(name.removeprefix(PREFIX).removesuffix(SUFFIX)) for name in names]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{PREFIX}{number}{SUFFIX}"


def _read(folder: Path, number: int) -> WatermarkKey:
    text = _path(folder, number).read_text(encoding="ascii")
    return WatermarkKey(f"{PREFIX}{number}", bytes.fromhex(text))


def _write(folder: Path, number: int) -> bool:
    """Whether the key was written; False when there is one of this number."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, fresh = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            # Linked, not written in place: nobody ever reads half a key.
            os.link(fresh, _path(folder, number))
            return True
        return False
    finally:
        Path(fresh).unlink()


@contextmanager
def _as_unopenable() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, UnableToWatermark) as error:
        raise UnableToOpenKeys("The watermark's keys can not be used.") from error
