"""The catalogue of clips that may be recommended, as workers write it and processes hold it.

Its version is when it was made, in seconds since the epoch.
"""

from functools import cache
from io import BytesIO
from uuid import UUID

import numpy as np
import numpy.typing as npt
import orjson

from common.memory import valkey
from feed.ranking.catalogue import RESPONSES, TREND_HOURS, Catalogue
from feed.serving.artefacts import Loaded
from language.minilm import WIDTH

NAME = "catalogue"
COLUMNS = (
    "numbers",
    "authors",
    "published_at",
    "durations",
    "provenances",
    "is_for_minors",
    "embeddings",
    "responses",
    "trends",
)
ID_BYTES = 16
CATALOGUE_CHANGED = "feed:catalogue:changed"
CHANGED_SECONDS = 3600


def packed(catalogue: Catalogue) -> bytes:
    """The catalogue as one file: numpy's archive of its columns, and its words as JSON."""
    texts = {
        "version": catalogue.version,
        "hashtags": [sorted(tags) for tags in catalogue.hashtags],
        "words": list(catalogue.words),
    }
    columns = {name: getattr(catalogue, name) for name in COLUMNS}
    ids = b"".join(one.bytes for one in catalogue.ids)
    file = BytesIO()
    np.savez(file, ids=_bytes(ids), texts=_bytes(orjson.dumps(texts)), **columns)
    return file.getvalue()


def unpacked(data: bytes, _digest: str) -> Catalogue:
    """The catalogue out of such a file."""
    with np.load(BytesIO(data), allow_pickle=False) as archive:
        columns = {name: archive[name] for name in COLUMNS}
        ids = archive["ids"].tobytes()
        texts = orjson.loads(archive["texts"].tobytes())
    return Catalogue(
        version=texts["version"],
        ids=[UUID(bytes=ids[at : at + ID_BYTES]) for at in range(0, len(ids), ID_BYTES)],
        hashtags=[frozenset(tags) for tags in texts["hashtags"]],
        words=texts["words"],
        **columns,
    )


def current_catalogue() -> Catalogue:
    """The newest catalogue that is known in this process; an empty one before there is any."""
    return loaded_catalogue().current() or no_clips()


def note_changed_catalogue() -> None:
    """Have another catalogue written soon.  Raises RedisError."""
    valkey().set(CATALOGUE_CHANGED, 1, ex=CHANGED_SECONDS)


@cache
def loaded_catalogue() -> Loaded[Catalogue]:
    """This process's copy."""
    return Loaded(NAME, unpacked)


@cache
def no_clips() -> Catalogue:
    """A catalogue of nothing."""
    return Catalogue(
        version="",
        numbers=np.empty(0, np.uint32),
        ids=(),
        authors=np.empty(0, np.int64),
        published_at=np.empty(0),
        durations=np.empty(0, np.float32),
        provenances=np.empty(0, np.uint8),
        is_for_minors=np.empty(0, np.bool_),
        embeddings=np.empty((0, WIDTH), np.float16),
        responses=np.empty((0, len(RESPONSES)), np.float32),
        trends=np.empty((0, len(TREND_HOURS)), np.float32),
        hashtags=(),
        words=(),
    )


def _bytes(data: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)
