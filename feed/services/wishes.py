"""What people tell the feed: words that steer it, what they want none of, how it is to be.

Every change counts on the very next page.  What is said here is the person's own: nobody else reads
it, it is not judged, and it is not logged.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.selectors import is_minor
from common.errors import Conflict, Denied, Invalid, NotFound
from feed.models.wishes import (
    LONGEST_CAP_MINUTES,
    MAX_PHRASE_LENGTH,
    MAX_WORD_LENGTH,
    FeedSettings,
    HiddenCreator,
    MutedWord,
    SteeringChip,
    TopicAmount,
)
from feed.policy.choices import MINORS_DAILY_MINUTES
from feed.ranking.phrases import phrases_in
from feed.services.profiles import reset_profile
from feed.serving.pace import end_session_break
from feed.serving.wishes import forget_wishes
from language.minilm import minilm
from social.selectors.hiding import person_for

MOST_CHIPS = 12
MOST_WORDS = 200
MOST_TOPICS = 12
MOST_HIDDEN = 10_000
CAPS = ("daily_minutes", "session_minutes")
NIGHT = ("break_from", "break_to")
CHANGEABLE = frozenset({
    "is_profiled", "plays_by_itself", "amount_generated", "amount_declared", "amount_suspected",
    "amount_none", "time_zone", *CAPS, *NIGHT,
})  # fmt: skip
ZONE_KEPT = timedelta(days=7)
"""Minors may name another time zone once in this time: their night must not move with a click."""


class SteeringRefused(Invalid):
    """The words can not steer."""

    code = "steering_refused"
    field = "text"


class TooManyWishes(Conflict):
    """There is no room for more; some have to go first."""

    code = "too_many_wishes"


class FixedForMinors(Denied):
    """What protects minors can not be loosened by themselves."""

    code = "fixed_for_minors"


def steer(user: User, text: str, *, now: datetime) -> list[SteeringChip]:
    """Have words such as "more rainy anime, no horror" steer the feed, from the next page on.

    Every phrase becomes a chip; one that was said before is said anew.  Raises SteeringRefused,
    TooManyWishes.
    """
    phrases = phrases_in(_bounded(text, MAX_PHRASE_LENGTH, SteeringRefused))
    if not phrases:
        raise SteeringRefused("Say what you want more or less of, such as: more rain, no horror.")
    meanings = minilm().embed([one.text for one in phrases])
    until = now + timedelta(days=settings.STEERING_DAYS)
    chips = [
        SteeringChip(
            user=user,
            text=one.text,
            strength=one.strength,
            embedding=meaning,
            tags=sorted(one.tags),
            until=until,
            created_at=now,
        )
        for one, meaning in zip(phrases, meanings, strict=True)
    ]
    with _changing(user):
        mine = SteeringChip.objects.filter(user=user)
        mine.filter(Q(until__lte=now) | Q(text__in=[one.text for one in phrases])).delete()
        _require_room(mine.count() + len(chips), MOST_CHIPS)
        return SteeringChip.objects.bulk_create(chips)


def drop_chip(user: User, chip_id: UUID) -> None:
    """Let a chip of theirs count no more.  Raises NotFound."""
    _remove(user, SteeringChip.objects.filter(user=user, pk=chip_id), "There is no such chip.")


def drop_chips(user: User) -> None:
    """Let none of their words steer the feed."""
    with _changing(user):
        SteeringChip.objects.filter(user=user).delete()


def mute_word(user: User, word: str, *, now: datetime) -> str:
    """Keep what says this word, or phrase, out of their lists; the word as it is kept.

    Raises Invalid, TooManyWishes.
    """
    plain = " ".join(word.lower().lstrip("#").split())
    plain = _bounded(plain, MAX_WORD_LENGTH, Invalid, field="word")
    if not any(sign.isalnum() for sign in plain):
        raise Invalid("Write the word to be muted.", field="word")
    with _changing(user):
        mine = MutedWord.objects.filter(user=user)
        _require_room(mine.exclude(word=plain).count() + 1, MOST_WORDS)
        MutedWord.objects.get_or_create(user=user, word=plain, defaults={"created_at": now})
    return plain


def unmute_word(user: User, word: str) -> None:
    """Let what says this word into their lists again.  Raises NotFound."""
    _remove(user, MutedWord.objects.filter(user=user, word=word), "This word is not muted.")


def hide_creator(user: User, handle: str, *, now: datetime) -> User:
    """Have nothing of this person in their lists; who it is.  Raises NotFound, Invalid."""
    creator = person_for(user, handle)
    hide_author(user, creator, now=now)
    return creator


def hide_author(user: User, creator: User, *, now: datetime) -> None:
    """Have nothing of `creator` in the lists of `user`.  Raises Invalid, TooManyWishes."""
    if creator.pk == user.pk:
        raise Invalid("You can not hide yourself.", field="handle")
    with _changing(user):
        mine = HiddenCreator.objects.filter(user=user)
        _require_room(mine.exclude(creator=creator).count() + 1, MOST_HIDDEN)
        HiddenCreator.objects.get_or_create(
            user=user, creator=creator, defaults={"created_at": now}
        )


def show_creator(user: User, handle: str) -> None:
    """Let this person's clips into their lists again.  Raises NotFound."""
    rows = HiddenCreator.objects.filter(user=user, creator__handle=handle.lower())
    _remove(user, rows, "You do not hide this person.")


def set_topic_amount(user: User, text: str, amount: float) -> TopicAmount:
    """Say how much AI, from 0 (none) to 1 (all), they want among clips about a topic.

    Raises Invalid, TooManyWishes.
    """
    plain = _bounded(" ".join(text.lower().split()), MAX_WORD_LENGTH, Invalid, field="topic")
    if not any(sign.isalnum() for sign in plain):
        raise Invalid("Name the topic in a word or two.", field="topic")
    _check_share(amount, field="amount")
    meaning = minilm().embed([plain])[0]
    with _changing(user):
        mine = TopicAmount.objects.filter(user=user)
        _require_room(mine.exclude(text=plain).count() + 1, MOST_TOPICS)
        kept, _ = TopicAmount.objects.update_or_create(
            user=user, text=plain, defaults={"amount": amount, "embedding": meaning}
        )
    return kept


def drop_topic(user: User, topic_id: UUID) -> None:
    """Let the amount of AI about this topic be as everywhere.  Raises NotFound."""
    rows = TopicAmount.objects.filter(user=user, pk=topic_id)
    _remove(user, rows, "There is no such topic.")


def change_settings(user: User, changes: Mapping[str, Any], *, now: datetime) -> FeedSettings:
    """Change the columns of FeedSettings that are named; None is what is usual at their age.

    Who is not to be profiled any more is forgotten, too.
    Raises Invalid for what can not be, FixedForMinors for what would loosen a minor's protection.
    """
    _check(changes)
    with _changing(user):
        FeedSettings.objects.get_or_create(user=user)
        kept = FeedSettings.objects.select_for_update().get(user=user)
        if is_minor(user, now=now):
            _check_for_minor(kept, changes, now=now)
        if changes.get("time_zone", kept.time_zone) != kept.time_zone:
            kept.zone_changed_at = now
        is_other_session = changes.get("session_minutes", kept.session_minutes)
        if is_other_session != kept.session_minutes:
            transaction.on_commit(partial(end_session_break, user.pk))
        if changes.get("is_profiled") is False:
            transaction.on_commit(partial(reset_profile, user))
        for name, value in changes.items():
            setattr(kept, name, value)
        kept.save()
    return kept


def _check(changes: Mapping[str, Any]) -> None:
    if unknown := set(changes) - CHANGEABLE:
        raise Invalid("There is no such setting.", field=min(unknown))
    for name, value in changes.items():
        if name.startswith("amount_"):
            _check_share(value, field=name)
        if name in CAPS and value is not None and not 1 <= value <= LONGEST_CAP_MINUTES:
            raise Invalid(f"From 1 to {LONGEST_CAP_MINUTES} minutes.", field=name)
    zone = changes.get("time_zone", "")
    if zone and zone not in available_timezones():
        raise Invalid("Name a time zone such as Europe/Berlin.", field="time_zone")
    ends = {name: changes[name] for name in NIGHT if name in changes}
    if ends and (len(ends) < len(NIGHT) or (None in ends.values()) != (not any(ends.values()))):
        raise Invalid("A night break needs a beginning and an end.", field=NIGHT[0])
    if ends and None not in ends.values() and len(set(ends.values())) == 1:
        raise Invalid("A night break ends at another time than it begins.", field=NIGHT[1])


def _check_for_minor(kept: FeedSettings, changes: Mapping[str, Any], *, now: datetime) -> None:
    if changes.get("is_profiled"):
        raise FixedForMinors("Nobody under 18 is profiled here.", field="is_profiled")
    if (changes.get("daily_minutes") or 0) > MINORS_DAILY_MINUTES:
        raise FixedForMinors(
            f"Under 18 it is at most {MINORS_DAILY_MINUTES} minutes a day.", field="daily_minutes"
        )
    moves = changes.get("time_zone", kept.time_zone) != kept.time_zone
    if moves and kept.zone_changed_at is not None and now - kept.zone_changed_at < ZONE_KEPT:
        raise FixedForMinors(
            f"Under 18 the time zone can change once in {ZONE_KEPT.days} days.", field="time_zone"
        )


def _check_share(value: Any, *, field: str) -> None:
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Invalid("From 0 (none) to 1 (all).", field=field)


def _bounded(text: str, longest: int, refusal: type[Invalid], *, field: str = "text") -> str:
    text = text.strip()
    if len(text) > longest:
        raise refusal(f"At most {longest} characters, please.", field=field)
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text):
        raise refusal("Control characters are not allowed.", field=field)
    return text


def _require_room(number: int, most: int) -> None:
    if number > most:
        raise TooManyWishes(f"At most {most} at once; remove one first.")


def _remove(user: User, rows: QuerySet[Any], absent: str) -> None:
    with _changing(user):
        if not rows.delete()[0]:
            raise NotFound(absent)


@contextmanager
def _changing(user: User) -> Iterator[None]:
    """One change of a person's wishes at a time, which counts from its commit on."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        yield
        transaction.on_commit(partial(_let_count, user.pk))


def _let_count(user_id: UUID) -> None:
    forget_wishes(user_id)
