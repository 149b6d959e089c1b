"""What a person told the feed, for their own pages and programs."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from feed.models.wishes import (
    FeedSettings,
    HiddenCreator,
    MutedWord,
    SteeringChip,
    TimeSpent,
    TopicAmount,
)
from social.selectors.hiding import hidden_from


def settings_of(user: User) -> FeedSettings:
    """The person's settings, as chosen; a row of nothing chosen where there is none."""
    return FeedSettings.objects.filter(user=user).first() or FeedSettings(user=user)


def chips_of(user: User, *, now: datetime) -> QuerySet[SteeringChip]:
    """The words that steer their feed, first said first."""
    mine = SteeringChip.objects.filter(user=user, until__gt=now)
    return mine.defer("embedding").order_by("created_at", "pk")


def topics_of(user: User) -> QuerySet[TopicAmount]:
    """The topics among which they want another amount of AI."""
    return TopicAmount.objects.filter(user=user).defer("embedding").order_by("text")


def muted_words_of(user: User) -> list[str]:
    """The words they muted."""
    words = MutedWord.objects.filter(user=user).order_by("word")
    return list(words.values_list("word", flat=True))


def hidden_creators_of(user: User) -> QuerySet[HiddenCreator]:
    """Whose clips they hid, as rows with `creator`, newest first, but for whom a block hides."""
    mine = HiddenCreator.objects.filter(user=user, creator__is_active=True)
    mine = mine.exclude(hidden_from(user, "creator_id"))
    return mine.select_related("creator").order_by("-created_at", "creator_id")


def wishes_as_told(user: User) -> dict[str, Any]:
    """All that they told the feed, as JSON can carry it once times and ids are text."""
    kept = settings_of(user)
    names = [one.name for one in FeedSettings._meta.concrete_fields if one.name != "user"]  # noqa: SLF001 - Django's documented API
    return {
        "settings": {name: getattr(kept, name) for name in names},
        "steering": list(
            SteeringChip.objects.filter(user=user)
            .order_by("created_at", "pk")
            .values("text", "strength", "tags", "until", "created_at")
        ),
        "ai_by_topic": list(topics_of(user).values("text", "amount")),
        "muted_words": muted_words_of(user),
        "hidden_creators": [one.creator.handle for one in hidden_creators_of(user)],
        "time_spent": list(
            TimeSpent.objects.filter(user=user).order_by("day").values("day", "seconds")
        ),
    }
