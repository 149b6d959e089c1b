"""News from the floors below that change what a person is to be shown."""

import logging
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import redis
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from clips.signals import clip_published
from feed.distribution.invalidating import work_off_changes
from feed.serving.fragments import note_counts
from feed.serving.likes import heed_like
from feed.serving.people import flag_follow
from feed.serving.viewers import forget_state
from feed.serving.wishes import forget_wishes
from feed.tasks import enter_clips
from social.signals import (
    clip_commented,
    clip_liked,
    clip_saved,
    clip_shared,
    clip_unliked,
    clip_unsaved,
    clips_counted,
    person_blocked,
    person_followed,
    person_muted,
    person_unblocked,
    person_unfollowed,
    person_unmuted,
)

log = logging.getLogger(__name__)

NOTED = "clips_clip|clips_video|accounts_user|accounts_apikey|django_session|social_block"
WRITES = re.compile(
    rf'(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?:{NOTED}|moderation_contentlabel)\b'
)
"""Statements that may have set off the triggers of `feed.models.serving.Change`."""


@receiver([person_blocked, person_unblocked])
def heed_block(*, user_id: UUID, other_id: UUID, **_: object) -> None:
    """Neither is recommended to the other any more, or may be again."""
    forget_wishes(user_id)
    forget_wishes(other_id)


@receiver([person_muted, person_unmuted])
def heed_mute(*, user_id: UUID, **_: object) -> None:
    """The muted are recommended no more, or may be again."""
    forget_wishes(user_id)


@receiver(
    [
        clip_commented,
        clip_shared,
        clip_saved,
        clip_unsaved,
        person_followed,
        person_unfollowed,
    ]
)
def heed_act(*, user_id: UUID | None, **_: object) -> None:
    """What a person did counts from their next page on; the log hears of it by itself."""
    if user_id is not None:
        forget_state(user_id)


@receiver([clip_liked, clip_unliked])
def show_like(*, signal: object, user_id: UUID, clip_id: UUID, **_: object) -> None:
    """It counts from their next page on, like any act, and that page says so."""
    _quietly(partial(heed_like, user_id, clip_id, is_liked=signal is clip_liked))


@receiver([person_followed, person_unfollowed])
def show_follow(*, signal: object, user_id: UUID, other_id: UUID, **_: object) -> None:
    """Their next page says so."""
    _quietly(partial(flag_follow, user_id, other_id, is_followed=signal is person_followed))


@receiver(clips_counted)
def show_counts(*, counts: Sequence[tuple[UUID, int, int, int]], **_: object) -> None:
    """Everybody's next page says so."""
    note_counts(counts)


@receiver(clip_published)
def enter_published_clip(**_: object) -> None:
    """Have its words understood; when the queue is down, the next round will find it."""
    try:
        enter_clips.delay()
    except OperationalError:
        log.warning("The queue is down; what is published waits for the next round.")


@receiver(connection_created)
def listen_to_writes(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Whoever writes to a table with triggers works off what they noted, right after the commit."""
    if work_off_after not in connection.execute_wrappers:
        connection.execute_wrappers.append(work_off_after)


@receiver(pre_migrate)
def leave_migrations_alone(*, using: str, **_: object) -> None:
    """What a migration writes waits for the next round: the table of changes may not be there."""
    wrappers = connections[using].execute_wrappers
    if work_off_after in wrappers:
        wrappers.remove(work_off_after)


@receiver(post_migrate)
def listen_again(*, using: str, **_: object) -> None:
    """The tables are there."""
    listen_to_writes(connection=connections[using])


def work_off_after(
    execute: Callable[..., Any],
    sql: Any,
    params: Any,
    many: Any,
    context: Any,
) -> Any:
    """Execute the statement; after its commit Valkey forgets what it changed.

    What is lost on the way, with a process or with Valkey, the round of every second finds.
    """
    result = execute(sql, params, many, context)
    if isinstance(sql, str) and WRITES.search(sql):
        transaction.on_commit(partial(_quietly, work_off_changes), robust=True)
    return result


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except (redis.RedisError, DatabaseError) as error:
        log.warning("Valkey hears of a change a little later: %s", type(error).__name__)
