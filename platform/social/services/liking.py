"""Liking clips.

Counters are never touched here: each change leaves a CountDelta in the very statement that makes
it, and `add_waiting_counts` adds them up.  So a clip everybody likes at once locks nothing.
"""

from uuid import UUID

from django.db import connection
from django.dispatch import Signal

from accounts.models import User
from clips.selectors import visible_clip_sql
from social.selectors.shown import NoSuchClip
from social.signals import clip_liked, clip_unliked, tell

# Who may see the clip, the like, and its delta: what was not seen or not changed leaves nothing.
LIKE = """
WITH shown (id) AS ({shown}), changed AS (
    INSERT INTO social_like (user_id, clip_id) SELECT %s, id FROM shown
    ON CONFLICT DO NOTHING RETURNING clip_id
), noted AS (
    INSERT INTO social_countdelta (clip_id, likes, comments, views, completions)
    SELECT clip_id, 1, 0, 0, 0 FROM changed
)
SELECT EXISTS(SELECT FROM shown), EXISTS(SELECT FROM changed)
"""
UNLIKE = """
WITH shown (id) AS ({shown}), changed AS (
    DELETE FROM social_like WHERE user_id = %s AND clip_id IN (SELECT id FROM shown)
    RETURNING clip_id
), noted AS (
    INSERT INTO social_countdelta (clip_id, likes, comments, views, completions)
    SELECT clip_id, -1, 0, 0, 0 FROM changed
)
SELECT EXISTS(SELECT FROM shown), EXISTS(SELECT FROM changed)
"""


def like(user: User, clip_id: UUID) -> bool:
    """Like the clip, and say whether that was new.  Raises NotFound."""
    return _change_like(LIKE, user, clip_id, news=clip_liked)


def unlike(user: User, clip_id: UUID) -> bool:
    """Take a like back, and say whether there was one.  Raises NotFound."""
    return _change_like(UNLIKE, user, clip_id, news=clip_unliked)


def _change_like(statement: str, user: User, clip_id: UUID, *, news: Signal) -> bool:
    shown, values = visible_clip_sql(user, clip_id)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(shown=shown), [*values, user.pk])
        is_shown, is_changed = cursor.fetchone()
    if not is_shown:
        raise NoSuchClip
    if is_changed:
        tell(news, user_id=user.pk, clip_id=clip_id)
    return bool(is_changed)
