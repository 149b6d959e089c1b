"""Making what is kept ready true again, after something changed.

Triggers note every change in a table, in the transaction of the change.  Here the notes are worked
off: Valkey forgets first, and a note goes only when Valkey has.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, transaction

from clips.models import Clip
from feed.models.serving import Concern
from feed.serving.catalogues import note_changed_catalogue
from feed.serving.fragments import drop_fragments
from feed.serving.people import forget_logins, forget_people

AT_ONCE = 1000

TAKE = """
DELETE FROM feed_change
WHERE id IN (SELECT id FROM feed_change ORDER BY id LIMIT %s FOR UPDATE)
RETURNING concern, subject
"""


def work_off_changes() -> int:
    """Let Valkey forget what waiting changes made wrong, and say how many there were.

    Raises RedisError, and then all of them wait on.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE, [AT_ONCE])
        changes = set(cursor.fetchall())
        count = int(cursor.rowcount)
        if changes:
            _forget(changes)
    return count


def _forget(changes: Iterable[tuple[str, str]]) -> None:
    subjects: dict[str, list[str]] = {concern: [] for concern in Concern.values}
    for concern, subject in changes:
        subjects[concern].append(subject)
    clips = {UUID(one) for one in subjects[Concern.CLIP]}
    if authors := subjects[Concern.AUTHOR]:
        clips.update(
            Clip.objects.filter(author__in=map(UUID, authors)).values_list("pk", flat=True)
        )
    if clips:
        drop_fragments(clips)
        note_changed_catalogue()
    forget_people(map(UUID, subjects[Concern.PERSON]))
    forget_logins(subjects[Concern.LOGIN])
