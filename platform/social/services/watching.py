"""Having watched a clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from accounts.models import User
from accounts.permissions import Viewer
from social.models.counting import CountDelta
from social.models.views import ActiveMonth, View
from social.selectors.shown import shown_clip

MOST_LOOPS = 20


COMPLETED_SHARE = 0.9
MONTHS_KEPT = timedelta(days=366)


def note_view(
    viewer: Viewer,
    clip_id: UUID,
    *,
    watched_seconds: float,
    completed: bool,
    now: datetime,
    is_named: bool = True,
) -> View:
    """Record that the clip was watched, by whom only with `is_named`.  Raises NotFound.

    Nobody watches for longer than 20 times the clip's length, nor to the end in less than 90 %
    of it: what a page reports beyond that is cut to it.
    """
    clip = shown_clip(viewer, clip_id)
    length = clip.video.duration_seconds
    watched = min(max(watched_seconds, 0.0), MOST_LOOPS * length)
    is_complete = completed and watched >= COMPLETED_SHARE * length
    with transaction.atomic():
        view = View.objects.create(
            clip=clip,
            viewer=viewer if is_named and isinstance(viewer, User) else None,
            watched_seconds=watched,
            completed=is_complete,
            created_at=now,
        )
        CountDelta.objects.create(clip=clip, views=1, completions=int(is_complete))
        if isinstance(viewer, User):
            month = ActiveMonth(user=viewer, month=_month(now))
            ActiveMonth.objects.bulk_create([month], ignore_conflicts=True)
    return view


def _month(now: datetime) -> date:
    return now.date().replace(day=1)


@dataclass(frozen=True, slots=True)
class Watch:
    """A viewing to be counted under an id that its sender repeats when in doubt."""

    id: UUID
    clip: UUID
    watched_seconds: float
    is_completed: bool


# A view that is known by its id is not written again, so it is not counted again either.
NOTE = """
WITH sent AS (
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::float8[], %s::boolean[])
        AS sent (id, clip_id, watched_seconds, completed)
), noted AS (
    INSERT INTO social_view (id, clip_id, viewer_id, watched_seconds, completed, created_at)
    SELECT id, clip_id, %s, watched_seconds, completed, %s FROM sent
    ON CONFLICT DO NOTHING
    RETURNING clip_id, completed
), active AS (
    INSERT INTO social_activemonth (user_id, month)
    SELECT active.id, %s FROM accounts_user AS active WHERE active.id = %s
    ON CONFLICT DO NOTHING
)
INSERT INTO social_countdelta (clip_id, likes, comments, views, completions)
SELECT clip_id, 0, 0, count(*), count(*) FILTER (WHERE completed) FROM noted GROUP BY clip_id
"""


def note_watches(
    viewer: User | None, watches: Sequence[Watch], *, active: User | None, now: datetime
) -> None:
    """Record viewings of clips, each once; `viewer` is None where nobody is to be known.

    That `active` watched something this month is kept in any case: None only for a visitor.
    Whether they may see the clips, and that nothing impossible is told, is the caller's to check.
    """
    if not watches:
        return
    columns = zip(
        *((one.id, one.clip, one.watched_seconds, one.is_completed) for one in watches), strict=True
    )
    with connection.cursor() as cursor:
        who = [viewer.pk if viewer else None, now, _month(now), active.pk if active else None]
        cursor.execute(NOTE, [*map(list, columns), *who])


def forget_viewer(user: User) -> None:
    """Let the views of `user` stay counted, but be nobody's."""
    View.objects.filter(viewer=user).update(viewer=None)


def forget_viewers(*, before: datetime) -> None:
    """Let views from before then be nobody's; who was active is forgotten a year later."""
    ActiveMonth.objects.filter(month__lt=before - MONTHS_KEPT).delete()
    View.objects.filter(viewer__isnull=False, created_at__lt=before).update(viewer=None)
