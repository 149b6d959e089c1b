"""Banning clips and pictures, and sharing what is banned with others.

Files of hashes are those that threatexchange's `local_file` exchange reads and writes: a line for
each hash, the signal type, a space, the hash in hex.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.models import User
from clips.selectors import clip_for, is_reviewer
from common.errors import Denied, Invalid, NotFound, Refused
from moderation import tasks
from moderation.enforcement.bans import add_plain_hashes, ban_file, bank_named, hunt, renew
from moderation.models.hashes import Ban, BanKind, HashBank, HashKind
from moderation.selectors.hashes import ban_for, hashes_to_export, is_banned_file
from moderation.selectors.policies import active_policy

BANK_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
HEX_HASH = re.compile(r"[0-9a-f]{64}")
LONGEST_SOURCE = 120
TYPES = {"pdq": HashKind.PDQ, "video_sha256": HashKind.SHA256}
"""The names threatexchange has for the kinds of hashes."""

logger = logging.getLogger(__name__)


class FileRefused(Refused):
    """The very file is banned."""

    code = "moderation_blocked"


@dataclass(frozen=True)
class Imported:
    """What came of an import: hashes read, those that were new, and lines of other types."""

    ban: Ban
    read: int
    added: int
    ignored: int


def ban_clip(reviewer: User, clip_id: UUID, *, category: str, now: datetime) -> Ban:
    """See to it that no copy of the clip is shown again, and those that are, no longer.

    The very file is banned when this returns; a worker adds the looks of its frames, then takes
    down what was published before.  Banning twice gives the same ban.
    Raises Denied, NotFound, Invalid for a category the policy does not know.
    """
    _check_reviewer(reviewer)
    clip = clip_for(reviewer, clip_id)
    category = _checked_category(category)
    with transaction.atomic():
        ban = ban_file(clip, category=category, by=reviewer, now=now)
        if ban.indexed_at is None:
            transaction.on_commit(partial(_ring, ban.pk))
    return ban


def refuse_banned_file(owner: User, digest: str) -> None:
    """Pass unless exactly this file, by its SHA-256 in hex, is banned.  Raises FileRefused.

    For files as people send them, before anything is kept of one; what only looks like something
    banned is found when its clip is judged.
    """
    if is_banned_file(digest):
        logger.warning("User %s sent the banned file %s.", owner.pk, digest)
        raise FileRefused(
            "This very file was removed for breaking the rules. It can not be uploaded again.",
            field="file",
        )


def unban(reviewer: User, ban_id: UUID, *, now: datetime) -> Ban:
    """Let copies be shown again; what was taken down stays so until a person decides.

    Raises Denied, NotFound.
    """
    ban = ban_for(reviewer, ban_id)
    with transaction.atomic():
        HashBank.objects.select_for_update().get(pk=ban.bank_id)
        Ban.objects.filter(pk=ban.pk).update(is_active=False)
        renew(ban.bank)
    ban.is_active = False
    logger.info("Ban %s was lifted by %s at %s.", ban.pk, reviewer.pk, now)
    return ban


def import_hashes(
    reviewer: User, lines: Iterable[str], *, bank: str, category: str, source: str, now: datetime
) -> Imported:
    """Ban every hash in a file of threatexchange's `local_file` kind.

    `pdq HASH` bans a picture, `video_sha256 HASH` a file; a bare hash is PDQ; other types are left
    out and counted.  The same file again changes nothing.  Raises Denied, and Invalid for a line
    that is no hash, an unknown category or a bad name.
    """
    _check_reviewer(reviewer)
    if not BANK_NAME.fullmatch(bank):
        raise Invalid("A bank's name is small letters, digits, _ and -.", field="bank")
    if not 0 < len(source) <= LONGEST_SOURCE:
        raise Invalid(f"Say in up to {LONGEST_SOURCE} characters who found it.", field="source")
    parsed = list(_parsed(lines))
    hashes = dict.fromkeys(one for one in parsed if one is not None)
    with transaction.atomic():
        into = bank_named(bank)
        ban = _pictures(into, category=_checked_category(category), source=source, by=reviewer)
        before = ban.hashes.count()
        for kind in HashKind:
            add_plain_hashes(ban, kind, [value for k, value in hashes if k is kind])
        added = ban.hashes.count() - before
        if added:
            Ban.objects.filter(pk=ban.pk).update(indexed_at=now, hunted_at=None)
            renew(into)
            transaction.on_commit(partial(_ring, ban.pk))
    return Imported(ban, read=len(hashes), added=added, ignored=parsed.count(None))


def export_hashes(viewer: User, *, bank: str | None = None) -> Iterator[str]:
    """Lines for a file that threatexchange's `local_file` exchange reads.  Raises Denied, NotFound.

    Of a banned clip, its frames as they are; the mirrored and cropped ones are not for others.
    """
    _check_reviewer(viewer)
    chosen = HashBank.objects.filter(name=bank).first() if bank is not None else None
    if bank is not None and chosen is None:
        raise NotFound("There is no bank of this name.")
    names = {kind: name for name, kind in TYPES.items()}
    return (f"{names[HashKind(kind)]} {value.hex()}" for kind, value in hashes_to_export(chosen))


def retro_hunt(reviewer: User, *, since: datetime | None = None, now: datetime) -> int:
    """Look for every active ban in what is published, at once; how many clips were taken down."""
    _check_reviewer(reviewer)
    bans = Ban.objects.filter(is_active=True, bank__is_active=True).order_by("created_at")
    return sum(hunt(ban, since=since, now=now) for ban in bans)


def _check_reviewer(user: User) -> None:
    if not is_reviewer(user):
        raise Denied("Only moderators and admins decide what is banned.")


def _checked_category(category: str) -> str:
    known = active_policy().categories
    if category not in known:
        names = ", ".join(sorted(known))
        raise Invalid(f"The policy's categories are {names}.", field="category")
    return category


def _pictures(bank: HashBank, *, category: str, source: str, by: User) -> Ban:
    ban, _ = Ban.objects.get_or_create(
        bank=bank,
        kind=BanKind.PICTURES,
        category=category,
        source=source,
        is_active=True,
        defaults={"added_by": by},
    )
    return ban


def _parsed(lines: Iterable[str]) -> Iterator[tuple[HashKind, str] | None]:
    """Kind and hash of each line that is not empty; None for a kind we have no use for."""
    for number, line in enumerate(lines, start=1):
        first, _, second = line.strip().partition(" ")
        if not first:
            continue
        name, value = (first.lower(), second.strip()) if second else ("pdq", first)
        if name not in TYPES:
            yield None
        elif HEX_HASH.fullmatch(value.lower()):
            yield TYPES[name], value.lower()
        else:
            raise Invalid(f"Line {number} is no hash of 64 hex digits.", field="file")


def _ring(ban_id: UUID) -> None:
    try:
        tasks.enforce_ban.delay(str(ban_id))
    except OperationalError:
        logger.warning("The queue is down; ban %s waits for the sweep.", ban_id)
