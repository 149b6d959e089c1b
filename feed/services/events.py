"""Recording what viewers do, so that the very next page knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid5

from django.db import transaction

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import visible_clips
from feed.models.events import ViewerProfile
from feed.ranking.actions import Action
from feed.ranking.sending import SentEvent
from feed.selectors.histories import Known, known_of, profile_columns
from feed.serving.logs import LogRow, hold_log_of, write_events
from feed.serving.pace import note_life
from feed.serving.viewers import begin_change, end_change, packed
from feed.serving.wishes import wishes_of
from social.services.watching import COMPLETED_SHARE, MOST_LOOPS, Watch, note_watches

VISITORS = UUID(int=0)
KEPT_AFTER_EVENTS = 200
KEPT_AFTER = timedelta(days=1)
WHOLE_VIEWING = 0.9
"""From this share on, what is left of a viewing counts as a whole one more."""


@dataclass(frozen=True, slots=True)
class MetClip:
    """What has to be known of a clip for an event of it."""

    author: UUID
    duration_seconds: float


def record_events(viewer: Viewer, events: Sequence[SentEvent], *, now: datetime) -> None:
    """Write what `viewer` did, each event once however often it is sent, and let it count at once.

    Events of clips that `viewer` may not see are dropped without a word.  Of a visitor only that
    a clip was watched is counted; of somebody who is not profiled everything counts for the clips
    and nothing is kept that leads back to them.
    """
    note_life(viewer, now=now)
    clips = _met_clips(viewer, events)
    rows = [_row(viewer, one, clips[one.event.clip]) for one in events if one.event.clip in clips]
    if not isinstance(viewer, User):
        note_watches(None, _watches(rows), active=None, now=now)
    elif wishes_of(viewer, now=now).is_profiled:
        _record_personally(viewer, rows, now=now)
    else:
        _record_anonymously(viewer, rows, now=now)


def _met_clips(viewer: Viewer, events: Sequence[SentEvent]) -> Mapping[UUID, MetClip]:
    shown = visible_clips(viewer).filter(pk__in={one.event.clip for one in events})
    rows = shown.values_list("pk", "author_id", "video__duration_seconds")
    return {pk: MetClip(author, duration) for pk, author, duration in rows}


def _row(viewer: Viewer, sent: SentEvent, clip: MetClip) -> LogRow:
    """The event as it is written: what can not be is cut to what can.

    Nobody watches for longer than MOST_LOOPS times the clip's length, loops more often than what
    they watched allows, nor completes a clip in less than COMPLETED_SHARE of it.
    """
    event, length = sent.event, clip.duration_seconds
    watched = min(event.watched_seconds, MOST_LOOPS * length)
    share = watched / length if length > 0 else 0.0
    return LogRow(
        id=uuid5(viewer.pk if isinstance(viewer, User) else VISITORS, sent.id.hex),
        clip=event.clip,
        author=clip.author,
        action=event.action,
        at=datetime.fromtimestamp(event.at, UTC),
        watched=watched,
        duration=length,
        loops=min(event.loops, int(share + 1 - WHOLE_VIEWING)),
        completed=event.action is Action.WATCH and share >= COMPLETED_SHARE,
        request=event.request,
        position=event.position,
    )


def _watches(rows: Sequence[LogRow]) -> list[Watch]:
    return [
        Watch(row.id, row.clip, row.watched, row.completed)
        for row in rows
        if row.action is Action.WATCH
    ]


def _record_anonymously(viewer: User, rows: Sequence[LogRow], *, now: datetime) -> None:
    nameless = [_without_request(row) for row in rows if row.author != viewer.pk]
    with transaction.atomic():
        write_events(nameless, viewer=None, now=now)
        note_watches(None, _watches(rows), active=viewer, now=now)


def _without_request(row: LogRow) -> LogRow:
    """The event without the page it was on, which would join all events of one page."""
    return LogRow(
        row.id,
        row.clip,
        row.author,
        row.action,
        row.at,
        row.watched,
        row.duration,
        row.loops,
        row.completed,
        request=None,
        position=None,
    )


def _record_personally(viewer: User, rows: Sequence[LogRow], *, now: datetime) -> None:
    begun = begin_change(viewer.pk)
    with transaction.atomic():
        if not hold_log_of(viewer.pk):
            return
        write_events([row for row in rows if row.author != viewer.pk], viewer=viewer.pk, now=now)
        note_watches(viewer, _watches(rows), active=viewer, now=now)
        known = known_of(viewer)
        _keep_profile(viewer, known, now=now)
        state = packed(known)
        transaction.on_commit(partial(end_change, viewer.pk, state, begun=begun))


def _keep_profile(viewer: User, known: Known, *, now: datetime) -> None:
    """Keep what the log comes to once much was added, so that little has to be read again."""
    tail = known.tail
    is_old = tail.through_day < (now - KEPT_AFTER).date()
    if len(tail.logged) < KEPT_AFTER_EVENTS and not is_old:
        return
    kept = ViewerProfile(
        user=viewer,
        through=tail.through,
        through_day=now.date(),
        **profile_columns(known.logged_history()),
    )
    columns = ["through", "through_day", "meetings", "authors", "seen"]
    ViewerProfile.objects.bulk_create(
        [kept], update_conflicts=True, unique_fields=["user"], update_fields=columns
    )
