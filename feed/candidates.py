"""Which clips are considered for a person's list, before they are put in order."""

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Viewer
from accounts.selectors import is_adult, is_minor
from clips.models import Clip, Limit, Privacy
from clips.selectors import visible_clips
from common.pagination import Position

# Who may see what is said once more here, so that the limit counts what will be shown;
# `visible_clips` has the last word.
NEWEST_OF_EACH = """
SELECT newest.id
FROM social_follow AS follow
JOIN accounts_user AS followee ON followee.id = follow.followee_id AND followee.is_active
CROSS JOIN LATERAL (
    SELECT clip.id, clip.published_at
    FROM clips_clip AS clip
    WHERE clip.author_id = follow.followee_id
      AND clip.state = 'published'
      AND (
          clip.privacy IN ('public', 'followers')
          OR (clip.privacy = 'mutuals' AND EXISTS (
              SELECT 1 FROM social_follow AS back
              WHERE back.follower_id = clip.author_id AND back.followee_id = follow.follower_id
          ))
      )
      AND (%s::boolean OR NOT clip.limits @> ARRAY['age_gate']::varchar[])
      AND NOT (%s::boolean AND clip.is_kept_from_minors)
      AND (
          %s::timestamptz IS NULL
          OR (clip.published_at, clip.id) < (%s::timestamptz, %s::uuid)
      )
    ORDER BY clip.published_at DESC, clip.id DESC
    LIMIT %s
) AS newest
WHERE follow.follower_id = %s
  AND NOT EXISTS (
      SELECT 1 FROM social_mute AS mute
      WHERE mute.muter_id = follow.follower_id AND mute.muted_id = follow.followee_id
  )
  AND NOT EXISTS (
      SELECT 1 FROM feed_hiddencreator AS hidden
      WHERE hidden.user_id = follow.follower_id AND hidden.creator_id = follow.followee_id
  )
ORDER BY newest.published_at DESC, newest.id DESC
LIMIT %s
"""


def recommended_clips(viewer: Viewer) -> QuerySet[Clip]:
    """Everything public that is recommended to people who did not ask for its author.

    Named so narrowly that the index of latest clips serves it.
    """
    public = visible_clips(viewer).filter(privacy=Privacy.PUBLIC)
    return public.exclude(limits__contains=[Limit.NO_RECOMMENDATION])


def followed_clips(viewer: User, *, behind: Position | None, most: int) -> QuerySet[Clip]:
    """The newest `most` clips behind a position by people `viewer` follows, of those they may see.

    Only so many of each person are looked at: the price does not grow with what was published.
    """
    moment, last = behind or (None, None)
    now = timezone.now()
    ages = (is_adult(viewer, now=now), is_minor(viewer, now=now))
    values = (*ages, moment, moment, last, most, viewer.pk, most)
    newest = RawSQL(NEWEST_OF_EACH, values)  # noqa: S611 - constant SQL
    return visible_clips(viewer).filter(pk__in=newest)
