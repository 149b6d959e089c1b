"""Reads of the hash bank, held in memory by each process until it changes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from clips.models import Clip
from clips.selectors import is_reviewer
from clips.states import PUBLISHED
from common.errors import Denied, NotFound
from moderation.classifiers.hashing import FrameHash
from moderation.classifiers.matching import Banned, HashIndex, as_hashes
from moderation.classifiers.pdq import HASH_BYTES
from moderation.models.hashes import Ban, BanKind, BannedHash, HashBank, HashKind
from moderation.models.judging import UNDONE, Decision, Subject, Verdict

CHUNK = 2000
LONGEST_LINE = 50
EXPORTED_AT_ONCE = 5000

Versions = tuple[tuple[UUID, int], ...]


def bank_versions(*, for_share: bool = False) -> Versions:
    """What identifies the content of all active banks.

    With `for_share`, nobody changes them before the caller's transaction ends.
    """
    # Django has no FOR SHARE, and FOR UPDATE would let clips be published one at a time only.
    query = "SELECT id, version FROM moderation_hashbank WHERE is_active ORDER BY id"
    with connection.cursor() as cursor:
        cursor.execute(f"{query} FOR SHARE" if for_share else query)
        return tuple((bank, version) for bank, version in cursor.fetchall())


def current_index() -> tuple[Versions, HashIndex]:
    """All active bans, ready to be searched, and the versions of the banks they are from."""
    versions = bank_versions()
    return versions, _index_of(versions)


@lru_cache(maxsize=1)
def _index_of(versions: Versions) -> HashIndex:
    banks = [bank for bank, _ in versions]
    return index_of(Ban.objects.filter(is_active=True, bank__in=banks))


def index_of(bans: QuerySet[Ban]) -> HashIndex:
    """Some bans, ready to be searched."""
    found = list(bans.order_by("pk"))
    known = tuple(
        Banned(ban.pk, ban.category, is_pictures=ban.kind == BanKind.PICTURES) for ban in found
    )
    place = {ban.id: index for index, ban in enumerate(known)}
    files: defaultdict[bytes, list[Banned]] = defaultdict(list)
    values, owners = bytearray(), []
    rows = BannedHash.objects.filter(ban__in=found).values_list("ban_id", "kind", "value")
    for ban_id, kind, value in rows.iterator(chunk_size=CHUNK):
        if kind == HashKind.PDQ:
            values += value
            owners.append(place[ban_id])
        else:
            files[bytes(value)].append(known[place[ban_id]])
    return HashIndex(
        hashes=as_hashes(bytes(values)),
        owners=np.array(owners, dtype=np.int64),
        bans=known,
        files={value: tuple(bans) for value, bans in files.items()},
    )


def is_banned_file(digest: str) -> bool:
    """Whether exactly this file is banned; `digest` is its SHA-256 in hex."""
    same = BannedHash.objects.filter(kind=HashKind.SHA256, value=bytes.fromhex(digest))
    return same.filter(ban__is_active=True, ban__bank__is_active=True).exists()


def ban_for(viewer: User, ban_id: UUID) -> Ban:
    """One ban, for a reviewer.  Raises Denied, NotFound."""
    if not is_reviewer(viewer):
        raise Denied("Only moderators and admins see what is banned.")
    ban = Ban.objects.filter(pk=ban_id).select_related("bank").first()
    if ban is None:
        raise NotFound("There is no such ban.")
    return ban


def unfinished_bans(*, now: datetime, older_than_seconds: float) -> list[UUID]:
    """The active bans that are not indexed, or not yet looked for in what was published."""
    before = now - timedelta(seconds=older_than_seconds)
    waiting = Ban.objects.filter(is_active=True, created_at__lt=before)
    waiting = waiting.filter(Q(indexed_at=None) | Q(hunted_at=None))
    return list(waiting.order_by("created_at").values_list("pk", flat=True)[:LONGEST_LINE])


@dataclass(frozen=True)
class KnownClip:
    """A clip by the hashes of its frames: the columns of its ClipHash, if it has one."""

    id: UUID
    digest: str
    values: bytes = b""
    seconds: tuple[float, ...] = ()
    qualities: tuple[int, ...] = ()
    is_hashed: bool = True

    def frames(self) -> list[FrameHash]:
        """The hashes one by one."""
        parts = [self.values[at : at + HASH_BYTES] for at in range(0, len(self.values), HASH_BYTES)]
        columns = zip(parts, self.qualities, self.seconds, strict=True)
        return [FrameHash(value.hex(), quality, second) for value, quality, second in columns]


def published_to_hunt(ban: Ban, *, since: datetime | None = None) -> Iterator[KnownClip]:
    """Every published clip, shown at all or after `since`, with the hashes of its frames.

    Left out are those that a person has allowed as they are since the ban: their word stands.
    """
    allowed = _allowed_by_people().filter(
        subject_id=OuterRef("pk"), digest=OuterRef("digest"), created_at__gt=ban.created_at
    )
    clips = Clip.objects.filter(state=PUBLISHED).exclude(Exists(allowed)).order_by("pk")
    if since is not None:
        clips = clips.filter(published_at__gte=since)
    return _known(clips)


def known_clip(clip: Clip) -> KnownClip:
    """The clip by the hashes of its frames."""
    return next(
        _known(Clip.objects.filter(pk=clip.pk)), KnownClip(clip.pk, clip.digest, is_hashed=False)
    )


def last_allowed_at(clip: Clip) -> datetime | None:
    """When a person last allowed the clip's very file; None when nobody has."""
    allowed = _allowed_by_people().filter(subject_id=clip.pk, digest=clip.digest)
    return allowed.order_by("-created_at").values_list("created_at", flat=True).first()


def _allowed_by_people() -> QuerySet[Decision]:
    """What people have allowed; who only takes a removal back has not looked for copies."""
    allowed = Decision.objects.filter(
        subject=Subject.CLIP,
        verdict__in=[Verdict.ALLOW, Verdict.LIMIT],
        decided_by__isnull=False,
    )
    return allowed.exclude(rules__contains=[UNDONE])


def _known(clips: QuerySet[Clip]) -> Iterator[KnownClip]:
    rows = clips.values_list(
        "pk",
        "digest",
        "frame_hashes__digest",
        "frame_hashes__values",
        "frame_hashes__seconds",
        "frame_hashes__qualities",
    )
    for pk, digest, hashed, values, seconds, qualities in rows.iterator(chunk_size=CHUNK):
        if hashed == digest:
            yield KnownClip(pk, digest, bytes(values), tuple(seconds), tuple(qualities))
        else:
            yield KnownClip(pk, digest, is_hashed=False)


def hashes_to_export(bank: HashBank | None) -> Iterator[tuple[str, bytes]]:
    """Kind and value of every hash of the active bans, of one bank or of all.

    Of a clip, only what it looks like uncropped and not mirrored: others make their own variants.
    """
    rows = BannedHash.objects.filter(ban__is_active=True, ban__bank__is_active=True, variant="")
    if bank is not None:
        rows = rows.filter(ban__bank=bank)
    pairs = rows.order_by("pk").values_list("kind", "value")
    return ((kind, bytes(value)) for kind, value in pairs.iterator(chunk_size=EXPORTED_AT_ONCE))
