"""Cards as prepared bytes: a clip's JSON up to its counts, the same for everybody.

Only of clips that are recommended to anybody: public, published, for all ages.  Counts lie beside
them, because they change all the time, and what a viewer has to do with a clip is put in when the
page is.  A clip that is not to be shown has an empty fragment.
"""

import logging
from collections.abc import Iterable, Sequence
from uuid import UUID

import orjson
import redis
from django.contrib.auth.models import AnonymousUser

from common.memory import valkey
from feed.candidates import recommended_clips
from feed.cards import ClipCard, cards_for_anybody
from feed.ranking.catalogue import words_mark, words_of
from feed.serving.leases import drop, keep, leased

log = logging.getLogger(__name__)

KEPT_SECONDS = 900
AT_ONCE = 500
COUNTS_SECONDS = 3600
FOR_ALL, NOT_FOR_MINORS = b"1", b"0"
CARD = slice(9, None)
"""Where in a fragment the card is."""

SEPARATORS = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))


def json_of(value: object) -> bytes:
    """JSON, byte for byte as DRF writes it."""
    text = orjson.dumps(value, option=orjson.OPT_UTC_Z)
    for character, escaped in SEPARATORS:
        text = text.replace(character, escaped)
    return text


def fragment_key(clip_id: UUID) -> str:
    """Where a clip's fragment is."""
    return f"feed:card:{clip_id.hex}"


def counts_key(clip_id: UUID) -> str:
    """Where a clip's counts are."""
    return f"feed:counts:{clip_id.hex}"


def build_fragments(clip_ids: Iterable[UUID]) -> int:
    """Prepare these clips' fragments, in one query, and say how many of them are to be shown.

    Raises RedisError.
    """
    ids = list(dict.fromkeys(clip_ids))
    keys = {one: fragment_key(one) for one in ids}
    leases = leased(list(keys.values()))
    clips = recommended_clips(AnonymousUser()).filter(pk__in=ids)
    cards = cards_for_anybody(clips)
    _keep_counts(card for card, _ in cards)
    values = dict.fromkeys(keys.values(), b"")
    for card, is_for_minors in cards:
        values[keys[card["id"]]] = fragment_of(card, is_for_minors=is_for_minors)
    keep(values, leases, seconds=KEPT_SECONDS)
    return len(cards)


def build_missing(clip_ids: Sequence[UUID]) -> None:
    """Prepare those of these clips' fragments that are not there.  Raises RedisError."""
    for start in range(0, len(clip_ids), AT_ONCE):
        some = clip_ids[start : start + AT_ONCE]
        with valkey().pipeline(transaction=False) as pipeline:
            for one in some:
                pipeline.exists(fragment_key(one))
            is_there = pipeline.execute()
        missing = [one for one, is_built in zip(some, is_there, strict=True) if not is_built]
        if missing:
            build_fragments(missing)


def fragment_of(card: ClipCard, *, is_for_minors: bool) -> bytes:
    """Whether minors may see it (a byte), what its words are, and the card up to its counts."""
    head = {name: value for name, value in card.items() if name not in {"counts", "viewer"}}
    flag = FOR_ALL if is_for_minors else NOT_FOR_MINORS
    return flag + card_mark(card).encode() + json_of(head)[:-1]


def card_mark(card: ClipCard) -> str:
    """The words of a card, as ready lists and fragments tell them apart."""
    return words_mark(words_of(card["prompt"], card["caption"], card["hashtags"]))


def drop_fragments(clip_ids: Iterable[UUID]) -> None:
    """Forget what is prepared of these clips, after the change's commit.  Raises RedisError."""
    drop(fragment_key(one) for one in clip_ids)


def note_counts(counts: Sequence[tuple[UUID, int, int, int]]) -> None:
    """Show these likes, comments and views from now on; without Valkey there is nothing to do."""
    try:
        with valkey().pipeline(transaction=False) as pipeline:
            for clip_id, likes, comments, views in counts:
                told = json_of({"likes": likes, "comments": comments, "views": views})
                pipeline.set(counts_key(clip_id), told, ex=COUNTS_SECONDS)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("counts are not shown: %s", type(error).__name__)


def _keep_counts(cards: Iterable[ClipCard]) -> None:
    """Only where there are none: those that are there were written after a later commit."""
    with valkey().pipeline(transaction=False) as pipeline:
        for card in cards:
            key = counts_key(card["id"])
            pipeline.set(key, json_of(card["counts"]), nx=True, ex=COUNTS_SECONDS)
            pipeline.expire(key, COUNTS_SECONDS)
        pipeline.execute()
