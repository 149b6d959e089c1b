"""What a viewer told the feed, kept ready in Valkey, and rebuilt from the tables in one query.

A cached copy counts only while its generation is the current one, and every change begins a new
one after commit: who read the tables just before a change can not bring the old wishes back.
"""

import logging
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import orjson
import redis
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, TextField
from django.db.models.functions import Cast, JSONObject

from accounts.models import User
from accounts.permissions import Viewer
from accounts.selectors import is_minor
from clips.models import Provenance
from common.memory import valkey
from feed.models.wishes import HiddenCreator, MutedWord, SteeringChip, TopicAmount
from feed.policy.choices import Choices, Night, Rules, rules_for
from feed.ranking.catalogue import author_key
from feed.ranking.viewers import Chip, Wishes
from feed.ranking.viewers import TopicAmount as Topic
from feed.selectors.at_once import Question, rows_of
from feed.serving.ready import mark_dirty
from social.models.people import Block, Mute

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]
Rows = Sequence[Mapping[str, Any]]
Kept = Sequence[Any]
"""What Valkey has of GENERATION, MADE_FOR and TOLD."""

KEPT_SECONDS = 900
READ_AT_ONCE = 256
GENERATION, MADE_FOR, TOLD = "generation", "made_for", "told"
FIRST: bytes | str = b"0"
CHOSEN = (
    "is_profiled",
    "plays_by_itself",
    *(f"amount_{one}" for one in Provenance.values),
    "daily_minutes",
    "session_minutes",
    "break_from",
    "break_to",
    "time_zone",
)
AUTHORS = ("hidden", "muted", "blocked", "blocking")
LISTED = ("chips", "topics", "words", *AUTHORS)


@dataclass(frozen=True)
class Told:
    """All that a person told the feed, of whatever age they are."""

    choices: Choices
    chips: tuple[Chip, ...] = ()
    topics: tuple[Topic, ...] = ()
    muted_words: frozenset[str] = frozenset()
    hidden_authors: frozenset[int] = frozenset()


def wishes_of(viewer: Viewer, *, now: datetime, kept: Kept | None = None) -> Wishes:
    """What the ranking is to heed for `viewer`; visitors are not profiled and told nothing.

    One round trip to Valkey, none where what is `kept` there was just read, or one query where
    nothing is.
    """
    if not isinstance(viewer, User):
        return Wishes(is_profiled=False)
    told = _told(viewer.pk, now=now, kept=kept)
    rules = _rules(told, viewer, now=now)
    return Wishes(
        is_profiled=rules.is_profiled,
        is_minor=rules.is_minor,
        chips=tuple(chip for chip in told.chips if chip.until > now.timestamp()),
        muted_words=told.muted_words,
        hidden_authors=told.hidden_authors,
        provenance=told.choices.amounts,
        ai_by_topic=told.topics,
    )


def rules_of(user: User, *, now: datetime) -> Rules:
    """What is in force for `user`: what they chose, as far as their age allows."""
    return _rules(_told(user.pk, now=now), user, now=now)


def forget_wishes(user_id: UUID) -> None:
    """Read the tables again when the wishes are next asked for, and rank anew.

    To be called after the commit of whatever changes them.
    """
    try:
        with valkey().pipeline(transaction=True) as pipeline:
            pipeline.hincrby(_key(user_id), GENERATION, 1)
            pipeline.expire(_key(user_id), KEPT_SECONDS)
            pipeline.delete(free_key(user_id))
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("wishes are not forgotten: %s", type(error).__name__)
    mark_dirty(user_id)


def _rules(told: Told, user: User, *, now: datetime) -> Rules:
    zone = settings.FEED_TIME_ZONE
    return rules_for(told.choices, is_minor=is_minor(user, now=now), usual_zone=zone)


def _told(user_id: UUID, *, now: datetime, kept: Kept | None = None) -> Told:
    try:
        found = kept or valkey().hmget(_key(user_id), GENERATION, MADE_FOR, TOLD)
        generation = found[0] or FIRST
        if found[2] is not None and found[1] == generation:
            return _read_again(found[2])
        (rows,) = rows_of(wishes_question(user_id, now=now))
        keep_wishes(user_id, rows, made_for=generation)
    except redis.RedisError as error:
        log.warning("wishes are read from the tables: %s", type(error).__name__)
        (rows,) = rows_of(wishes_question(user_id, now=now))
    return _read(_told_by(rows))


def free_key(user_id: UUID) -> str:
    """What is set in Valkey while nothing makes the feed rest for this person."""
    return f"feed:free:{user_id.hex}"


def _key(user_id: UUID) -> str:
    return f"feed:wishes:{user_id.hex}"


def wishes_generation(user_id: UUID) -> bytes | str:
    """To be looked up before `wishes_question` is asked.  Raises RedisError."""
    return valkey().hget(_key(user_id), GENERATION) or FIRST


def keep_wishes(user_id: UUID, rows: Rows, *, made_for: bytes | str) -> None:
    """Keep the answer to `wishes_question` for that generation.  Raises RedisError."""
    told = orjson.dumps(_told_by(rows))
    with valkey().pipeline(transaction=True) as pipeline:
        pipeline.hset(_key(user_id), mapping={MADE_FOR: made_for, TOLD: told})
        pipeline.expire(_key(user_id), KEPT_SECONDS)
        pipeline.execute()


def wishes_question(user_id: UUID, *, now: datetime) -> Question:
    """What `keep_wishes` is to be told the answer of: all that a person chose or wrote."""
    mine = {"user": OuterRef("pk")}
    chips = SteeringChip.objects.filter(**mine, until__gt=now).order_by("created_at", "pk")
    shown = User.objects.filter(pk=user_id).annotate(
        chips=ArraySubquery(chips.values(told=_phrase("strength", "tags", "until"))),
        topics=ArraySubquery(TopicAmount.objects.filter(**mine).values(told=_phrase("amount"))),
        words=ArraySubquery(MutedWord.objects.filter(**mine).values("word")),
        hidden=ArraySubquery(HiddenCreator.objects.filter(**mine).values("creator_id")),
        muted=ArraySubquery(Mute.objects.filter(muter=OuterRef("pk")).values("muted_id")),
        blocked=ArraySubquery(Block.objects.filter(blocker=OuterRef("pk")).values("blocked_id")),
        blocking=ArraySubquery(Block.objects.filter(blocked=OuterRef("pk")).values("blocker_id")),
        **{name: F(f"feed_settings__{name}") for name in CHOSEN},
    )
    sql, parameters = shown.values(*LISTED, *CHOSEN).query.sql_with_params()
    return sql, parameters


def _told_by(rows: Rows) -> Mapping[str, Any]:
    """The answer as it is kept.  Raises User.DoesNotExist where there is no such person."""
    if not rows:
        raise User.DoesNotExist
    (row,) = rows
    phrases = {
        name: [{**one, "embedding": _packed(one["embedding"])} for one in row[name]]
        for name in ("chips", "topics")
    }
    hidden = sorted({author_key(UUID(one)) for name in AUTHORS for one in row[name]})
    chosen = {name: row[name] for name in CHOSEN}
    return {**chosen, **phrases, "words": row["words"], "hidden": hidden}


def _phrase(*columns: str) -> JSONObject:
    return JSONObject(
        text="text",
        embedding=Cast("embedding", TextField()),
        **{name: name for name in columns},
    )


@lru_cache(maxsize=READ_AT_ONCE)
def _read_again(kept: bytes) -> Told:
    return _read(orjson.loads(kept))


def _read(row: Mapping[str, Any]) -> Told:
    """What a person told, fresh or kept."""
    return Told(
        choices=choices_in(row),
        chips=tuple(_chip(one) for one in row["chips"]),
        topics=tuple(
            Topic(one["text"], one["amount"], _unpacked(one["embedding"])) for one in row["topics"]
        ),
        muted_words=frozenset(row["words"]),
        hidden_authors=frozenset(row["hidden"]),
    )


def choices_in(row: Mapping[str, Any]) -> Choices:
    """What a row of FeedSettings chooses; a row of nulls, or of None, chooses nothing."""
    start, end = _clock(row["break_from"]), _clock(row["break_to"])
    amounts = {one: row[f"amount_{one}"] for one in Provenance.values}
    return Choices(
        is_profiled=row["is_profiled"],
        plays_by_itself=row["plays_by_itself"],
        amounts={one: amount for one, amount in amounts.items() if amount not in {None, 1.0}},
        daily_minutes=row["daily_minutes"],
        session_minutes=row["session_minutes"],
        night=Night(start, end) if start is not None and end is not None else None,
        time_zone=row["time_zone"] or "",
    )


def _chip(one: Mapping[str, Any]) -> Chip:
    until = datetime.fromisoformat(one["until"]).timestamp()
    meaning = _unpacked(one["embedding"])
    return Chip(one["text"], one["strength"], meaning, frozenset(one["tags"]), until)


def _packed(vector: str) -> str:
    """`[0.1,…]`, as Postgres writes vectors, in a fifth of the bytes."""
    return b64encode(np.array(orjson.loads(vector), np.float16).tobytes()).decode()


def _unpacked(text: str) -> Floats:
    return np.frombuffer(b64decode(text), np.float16).astype(np.float32)


def _clock(value: str | None) -> time | None:
    return time.fromisoformat(value) if value else None
