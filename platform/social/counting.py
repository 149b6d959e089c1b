"""Adding what happened to the clips' counters."""

from django.db import connection, transaction

AT_ONCE = 10_000
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
)
SELECT coalesce(sum(deltas), 0)::int FROM sums
"""


def add_waiting_counts() -> int:
    """Move waiting deltas into the clips' counters, and say how many; 0 when another does it.

    One process at a time, so that no unlike is counted before its like.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(ADD_WAITING, [AT_ONCE])
        return int(cursor.fetchone()[0])
