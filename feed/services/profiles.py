"""What is known of a person, in their own hands: to be taken along, and to be forgotten."""

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import redis
from django.db import transaction

from accounts.models import User
from feed.distribution.served import write_served
from feed.models.events import Act, FeedEvent, ViewerProfile
from feed.models.impressions import Impression
from feed.selectors.histories import known_of
from feed.serving.logs import hold_log_of
from feed.serving.viewers import begin_change, forget_state
from social.services.watching import forget_viewer

EVENT_COLUMNS = (
    "at", "action", "clip_id", "watched_seconds", "duration_seconds", "loops", "position",
)  # fmt: skip
IMPRESSION_COLUMNS = (
    "at", "clip_id", "position", "sources", "factors", "score", "propensity", "is_exploration",
    "model",
)  # fmt: skip


def reset_profile(user: User) -> None:
    """Forget what the feed learned of `user`: from the next page on they are as new.

    What they did stays counted for the clips, and is nobody's from now on.  Likes, follows,
    comments and saves are theirs to take back one by one; they teach the feed nothing any more.
    """
    with suppress(redis.RedisError):  # what nobody can reach is not written either
        write_served()
    begin_change(user.pk)
    with transaction.atomic():
        hold_log_of(user.pk)
        FeedEvent.objects.filter(viewer=user).update(viewer=None, request=None, position=None)
        Impression.objects.filter(viewer=user).update(viewer=None)
        Act.objects.filter(actor=user.pk).update(actor=None)
        ViewerProfile.objects.filter(user=user).delete()
        forget_viewer(user)
        transaction.on_commit(partial(forget_state, user.pk))


def export_profile(user: User, *, now: datetime) -> dict[str, Any]:
    """All that the feed keeps of `user`, as JSON can carry it once times and ids are text."""
    known = known_of(user)
    history = known.history()
    events = FeedEvent.objects.filter(viewer=user).order_by("sequence")
    served = Impression.objects.filter(viewer=user).order_by("at", "position")
    return {
        "made_at": now,
        "events": list(events.values(*EVENT_COLUMNS)),
        "served": list(served.values(*IMPRESSION_COLUMNS)),
        "meetings": [
            {"clip_number": one.number, "at": one.at, "strength": one.strength}
            for one in history.meetings
        ],
        "author_likings": [
            {"author_key": key, "liking": liking}
            for key, liking in history.likings(now.timestamp()).items()
        ],
        "seen_clip_numbers": list(history.seen),
    }
