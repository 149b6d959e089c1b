"""Adding what happened to the clips' counters."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from social.signals import clips_counted, tell

AT_ONCE = 10_000
TOLD_AGAIN_AFTER = timedelta(hours=1)
"""Likes of a clip are news again so long after they were read."""
LOCK = 0x72657665  # any constant: it names this one job among the database's advisory locks

# One statement: a delta is deleted exactly if it is added, whenever the process dies.
ADD_WAITING = """
WITH taken AS (
    DELETE FROM social_countdelta
    WHERE id IN (SELECT id FROM social_countdelta ORDER BY id LIMIT %s)
    RETURNING clip_id, likes, comments, views, completions
), sums AS (
    SELECT clip_id, sum(likes) AS likes, sum(comments) AS comments, sum(views) AS views,
           sum(completions) AS completions, count(*) AS deltas
    FROM taken GROUP BY clip_id
), added AS (
    UPDATE clips_clip AS clip
    SET like_count = greatest(0, clip.like_count + sums.likes),
        comment_count = greatest(0, clip.comment_count + sums.comments),
        view_count = clip.view_count + sums.views,
        completion_count = clip.completion_count + sums.completions
    FROM sums WHERE clip.id = sums.clip_id
    RETURNING clip.id, clip.like_count, clip.comment_count, clip.view_count
), told AS (
    INSERT INTO social_notification (id, receiver_id, kind, key, clip_id, at)
    SELECT gen_random_uuid(), clip.author_id, 'like', 'likes:' || clip.id, clip.id, %s
    FROM sums JOIN clips_clip AS clip ON clip.id = sums.clip_id
    WHERE sums.likes > 0 AND EXISTS (
        SELECT 1 FROM social_like AS liked
        WHERE liked.clip_id = clip.id AND liked.user_id <> clip.author_id
    )
    ON CONFLICT (receiver_id, key) DO UPDATE SET at = EXCLUDED.at, read_at = NULL
    WHERE social_notification.read_at IS NULL OR social_notification.read_at < %s
)
SELECT sums.deltas, added.id, added.like_count, added.comment_count, added.view_count
FROM sums JOIN added ON added.id = sums.clip_id
"""


def add_waiting_counts() -> int:
    """Move waiting deltas into the clips' counters, and say how many; 0 when another does it.

    Who made a clip is told of its likes by the way.  One process at a time, so that no unlike is
    counted before its like.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        now = timezone.now()
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(ADD_WAITING, [AT_ONCE, now, now - TOLD_AGAIN_AFTER])
        rows = cursor.fetchall()
        if rows:
            tell(clips_counted, counts=[counts for _, *counts in rows])
        return int(sum(deltas for deltas, *_ in rows))
