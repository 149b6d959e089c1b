"""Copies of what is banned: recognised before they are shown, and looked for in what is shown.

A ban binds at once by the SHA-256 of the file.  The hashes of its frames come a moment later, from
`index_ban`, and then `hunt` looks through what was published before.
"""

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from clips.models import Clip
from clips.states import PUBLISHED
from common.objects import store
from common.states import UnableToMove
from common.storage import ObjectNotFound
from moderation.classifiers.hashing import FrameHash
from moderation.classifiers.isolation import UnableToCheckFrames, VideoUnreadable, hash_video
from moderation.classifiers.matching import DOUBTFUL_SCORE, HashIndex, Match, as_hashes, near
from moderation.classifiers.port import Finding
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.hashes import Ban, BanKind, BannedHash, ClipHash, HashBank, HashKind
from moderation.models.judging import Subject
from moderation.policy.loader import UnableToLoadPolicy
from moderation.policy.rules import Outcome
from moderation.selectors.hashes import (
    KnownClip,
    Versions,
    bank_versions,
    current_index,
    index_of,
    known_clip,
    last_allowed_at,
    published_to_hunt,
)
from moderation.selectors.policies import active_policy

DETECTOR = "hash_bank"
VERSION = "pdq-1"
OWN_BANK = "own"
OWN_SOURCE = "decided here"
CATEGORY = "banned_copy"
DIGITS = 3
MATCHES_TOLD = 5
MOST_ATTEMPTS = 5
BUSY_SECONDS = 600
HUNTED_AT_ONCE = 1000
RETRO_HUNT = "retro_hunt"
UNREADABLE = "unreadable"
HELD_BECAUSE = (
    "It looks like something that was removed. A person will look at it; you need not do anything: "
    "the result will stand here."
)
REMOVED_BECAUSE = "It is the same file as something that was removed for breaking the rules."

logger = logging.getLogger(__name__)


class BankChanged(Exception):
    """Something the clip is a copy of was banned while it was judged."""


@dataclass(frozen=True)
class Lookup:
    """What the bank says of a video, and which bank it was.

    `is_from_words` tells that the video was made from words alone: it may look like what is
    banned, and only the very file is a copy.
    """

    frames: tuple[FrameHash, ...]
    matches: tuple[Match, ...]
    versions: Versions
    milliseconds: float
    is_from_words: bool = False

    @property
    def finding(self) -> Finding:
        """The lookup as a detector's answer: the highest score of all matches."""
        return Finding(
            detector=DETECTOR,
            version=VERSION,
            category=CATEGORY,
            score=max(map(self._score, self.matches), default=0.0),
            evidence={
                "frames": len(self.frames),
                "is_from_words": self.is_from_words,
                "bans": [_told(match) for match in self.matches[:MATCHES_TOLD]],
            },
            latency_milliseconds=self.milliseconds,
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """What the matching bans were for, surest first."""
        return tuple(dict.fromkeys(match.banned.category for match in self.matches))

    def _score(self, match: Match) -> float:
        can_be_copy = match.is_exact or not self.is_from_words
        return match.score if can_be_copy else min(match.score, DOUBTFUL_SCORE)


def _told(match: Match) -> dict[str, object]:
    return {
        "ban": str(match.banned.id),
        "category": match.banned.category,
        "is_exact": match.is_exact,
        "share": round(match.share, DIGITS),
        "frames": [{"seconds": seconds, "bits": bits} for seconds, bits in match.frames],
    }


def look_up(
    digest: str, video: Path, *, is_from_words: bool = False, while_waiting: Callable[[], None]
) -> Lookup:
    """Whether the MP4 at `video`, with the SHA-256 `digest`, is a copy of something banned.

    Raises UnableToCheckFrames, and what `while_waiting` raises.
    """
    start = perf_counter()
    frames = hash_video(
        video, timeout_seconds=settings.FRAME_CHECK_SECONDS, while_waiting=while_waiting
    )
    versions, index = current_index()
    matches = index.matches(frames, digest=digest)
    milliseconds = (perf_counter() - start) * 1000
    return Lookup(tuple(frames), tuple(matches), versions, milliseconds, is_from_words)


def confirm(lookup: Lookup, *, digest: str) -> None:
    """Pass when the bank still says the same, and let nobody change it in this transaction.

    So a ban comes either before a clip is published, and is seen here, or after it, and the hunt
    finds the clip.  Raises BankChanged.
    """
    if bank_versions(for_share=True) == lookup.versions:
        return
    _, index = current_index()
    if len(index.matches(lookup.frames, digest=digest)) > len(lookup.matches):
        raise BankChanged


def is_kept_from_view(clip: Clip) -> bool:
    """Whether the clip's file, or its looks, were banned since a person last allowed it.

    While nobody knows its looks, every ban may be of it.  Nobody bans anything else before the
    caller's transaction ends.
    """
    bank_versions(for_share=True)
    _, index = current_index()
    known = known_clip(clip)
    matches = index.matches(known.frames(), digest=clip.digest)
    banned = [match.banned for match in matches] if known.is_hashed else index.bans
    bans = Ban.objects.filter(pk__in=[one.id for one in banned])
    allowed_at = last_allowed_at(clip)
    if allowed_at is not None:
        bans = bans.filter(created_at__gte=allowed_at)
    return bans.exists()


def remember(clip: Clip, frames: Sequence[FrameHash]) -> None:
    """Keep how the clip's file looks, for bans to come; the caller's transaction."""
    ClipHash.objects.update_or_create(
        clip=clip,
        defaults={
            "digest": clip.digest,
            "values": b"".join(bytes.fromhex(frame.value) for frame in frames),
            "seconds": [frame.seconds for frame in frames],
            "qualities": [frame.quality for frame in frames],
        },
    )


def enforce_ban(ban_id: UUID, *, now: datetime) -> int:
    """Index the ban if that is not done, then hunt; how many clips were taken down.

    Nothing while another does it.  Safe to run twice: a second run finds nothing left to do.
    """
    key = f"moderation:ban:{ban_id}"
    if not cache.add(key, "", timeout=BUSY_SECONDS):
        return 0
    try:
        return _enforced(ban_id, now=now)
    finally:
        cache.delete(key)


def _enforced(ban_id: UUID, *, now: datetime) -> int:
    ban = Ban.objects.filter(pk=ban_id, is_active=True).select_related("bank").first()
    if ban is None:
        return 0
    if ban.indexed_at is None:
        index_ban(ban, now=now)
    found = hunt(ban, now=now)
    # What was added to the ban meanwhile has made it another, and is hunted for anew.
    same = Ban.objects.filter(pk=ban.pk, indexed_at=ban.indexed_at)
    same.update(hunted_at=now)
    return found


def index_ban(ban: Ban, *, now: datetime) -> None:
    """Put the hashes of the banned clip's frames in the bank.

    A video that can not be read stays banned by its SHA-256 only, and so does one that was tried
    too often; `problem` says so.
    """
    Ban.objects.filter(pk=ban.pk).update(attempts=F("attempts") + 1)
    ban.refresh_from_db(fields=["attempts"])
    try:
        with stored_file(ban.digest) as video:
            frames = hash_video(
                video, is_for_ban=True, timeout_seconds=settings.FRAME_CHECK_SECONDS
            )
    except (VideoUnreadable, ObjectNotFound) as error:
        return _finish_index(ban, (), problem=error.message, now=now)
    except UnableToCheckFrames as error:
        Ban.objects.filter(pk=ban.pk).update(problem=error.message)
        if ban.attempts >= MOST_ATTEMPTS:
            return _finish_index(ban, (), problem=error.message, now=now)
        raise
    problem = "" if frames else "No frame has enough in it to be recognised by."
    return _finish_index(ban, frames, problem=problem, now=now)


@transaction.atomic
def _finish_index(ban: Ban, frames: Sequence[FrameHash], *, problem: str, now: datetime) -> None:
    if problem:
        logger.warning("Ban %s holds for the very file only: %s", ban.pk, problem)
    add_hashes(ban, HashKind.PDQ, frames)
    ban.indexed_at, ban.problem = now, problem
    ban.save(update_fields=["indexed_at", "problem"])
    renew(ban.bank)


def ban_file(clip: Clip, *, category: str, by: User | None, now: datetime) -> Ban:
    """Ban the clip's very file; its looks are indexed by a worker, whom the sweep calls.

    Banning twice gives the same ban.  The caller owns the transaction.
    """
    bank = bank_named(OWN_BANK)
    same = Ban.objects.filter(bank=bank, kind=BanKind.CLIP, digest=clip.digest, is_active=True)
    if known := same.first():
        return known
    ban = Ban.objects.create(
        bank=bank,
        kind=BanKind.CLIP,
        category=category,
        source=OWN_SOURCE,
        digest=clip.digest,
        clip=clip,
        added_by=by,
        created_at=now,
    )
    add_hashes(ban, HashKind.SHA256, [FrameHash(clip.digest, 0, 0.0)])
    renew(bank)
    return ban


def lift_bans(clip: Clip, *, now: datetime) -> int:
    """Let the clip's file and its copies be shown again; how many bans it was under.

    The caller owns the transaction.
    """
    bans = Ban.objects.select_related("bank").filter(digest=clip.digest, kind=BanKind.CLIP)
    lifted = list(bans.filter(is_active=True))
    for ban in lifted:
        bank = bank_named(ban.bank.name)
        Ban.objects.filter(pk=ban.pk).update(is_active=False)
        renew(bank)
        logger.info("Ban %s was lifted on appeal at %s.", ban.pk, now)
    return len(lifted)


def bank_named(name: str) -> HashBank:
    """The bank of this name, made when it is new, and nobody else's until the commit."""
    try:
        with transaction.atomic():
            HashBank.objects.get_or_create(name=name)
    except IntegrityError:
        logger.debug("Bank %s was made by somebody else at this moment.", name)
    return HashBank.objects.select_for_update().get(name=name)


def add_hashes(ban: Ban, kind: HashKind, frames: Iterable[FrameHash]) -> None:
    """Put hashes in the bank, once each; the caller's transaction, and its call of `renew`."""
    rows = [
        BannedHash(
            ban=ban,
            kind=kind,
            value=bytes.fromhex(frame.value),
            seconds=frame.seconds,
            variant=frame.variant,
        )
        for frame in frames
    ]
    BannedHash.objects.bulk_create(rows, batch_size=HUNTED_AT_ONCE, ignore_conflicts=True)


def add_plain_hashes(ban: Ban, kind: HashKind, values: Iterable[str]) -> None:
    """The same for hashes in hex of which nothing else is known."""
    add_hashes(ban, kind, (FrameHash(value, quality=0, seconds=0.0) for value in values))


def renew(bank: HashBank) -> None:
    """Let every process know that the bank is another; the caller's transaction."""
    HashBank.objects.filter(pk=bank.pk).update(version=F("version") + 1)


def hunt(ban: Ban, *, now: datetime, since: datetime | None = None) -> int:
    """Take down what is published and banned; how many clips.

    The very file is withdrawn; what only looks like it is held for a person.  With `since`, only
    what was published after it is looked at.  A clip that a person let pass unchecked has no hashes
    yet: it is hashed here, after those that have, and once.
    """
    index = index_of(Ban.objects.filter(pk=ban.pk))
    clips = published_to_hunt(ban, since=since)
    unhashed: list[KnownClip] = []
    taken = 0
    while chunk := list(islice(clips, HUNTED_AT_ONCE)):
        unhashed += [clip for clip in chunk if not clip.is_hashed]
        taken += _take_down_all(chunk, index, now=now)
    if len(index.hashes):
        taken += sum(_take_down_all(_hashed(clip), index, now=now) for clip in unhashed)
    return taken


def _take_down_all(clips: Sequence[KnownClip], index: HashIndex, *, now: datetime) -> int:
    return sum(_take_down(clip, match, now=now) for clip, match in _found(clips, index))


def _hashed(known: KnownClip) -> list[KnownClip]:
    """The published clip with its hashes, which are kept; nothing when they can not be had."""
    try:
        with stored_file(known.digest) as video:
            frames = hash_video(video, timeout_seconds=settings.FRAME_CHECK_SECONDS)
    except (UnableToCheckFrames, ObjectNotFound) as error:
        logger.warning("Clip %s is hunted by its SHA-256 only: %s", known.id, error.message)
        return []
    with transaction.atomic():
        same = Clip.objects.select_for_update(of=("self",)).filter(pk=known.id)
        clip = same.filter(state=PUBLISHED, digest=known.digest).first()
        if clip is None:
            return []
        remember(clip, frames)
    return [known_clip(clip)]


def _found(clips: Sequence[KnownClip], index: HashIndex) -> Iterator[tuple[KnownClip, Match]]:
    """The clips that match, of many: one search for all, then a close look at those with a hit."""
    values = as_hashes(b"".join(clip.values for clip in clips))
    owners = [place for place, clip in enumerate(clips) for _ in clip.qualities]
    hit = {owners[frame] for frame, _, _ in near(values, index.hashes)}
    for place, clip in enumerate(clips):
        if place in hit or bytes.fromhex(clip.digest) in index.files:
            for match in index.matches(clip.frames(), digest=clip.digest)[:1]:
                yield clip, match


def _take_down(known: KnownClip, match: Match, *, now: datetime) -> bool:
    clip = Clip.objects.select_related("author", "video").get(pk=known.id)
    outcome = Outcome.BLOCK if match.is_exact else Outcome.REVIEW
    found = Lookup((), (match,), (), 0.0)
    ruling = Ruling(
        content=Content(Subject.CLIP, clip.pk, known.digest, clip.author),
        outcome=outcome,
        reason=REMOVED_BECAUSE if match.is_exact else HELD_BECAUSE,
        policy_version=_policy_version(),
        rules=(RETRO_HUNT,),
        categories=(match.banned.category,),
    )
    only_if = {"state": PUBLISHED, "digest": known.digest}
    try:
        carry_out(ruling, clip=clip, findings=[found.finding], only_if=only_if, now=now)
    except UnableToMove:
        logger.info("Clip %s has gone another way while it was hunted.", clip.pk)
        return False
    return True


def _policy_version() -> str:
    try:
        return active_policy().version
    except UnableToLoadPolicy:
        return UNREADABLE


@contextmanager
def stored_file(digest: str) -> Iterator[Path]:
    """The stored object as a file, for a while.  Raises ObjectNotFound, UnableToReachStore."""
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file, store().open_range(digest) as mp4:
        for chunk in mp4:
            file.write(chunk)
        file.flush()
        yield Path(file.name)
