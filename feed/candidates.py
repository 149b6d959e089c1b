"""Which clips are considered for a person's list, before they are put in order."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Viewer
from accounts.selectors import is_adult, is_minor
from clips.models import Clip, Limit, Privacy
from clips.selectors import visible_clips
from common.pagination import Position
from feed.ranking.scoring import Candidate, Taste
from social.models.likes import Like
from social.models.people import Follow
from social.models.views import View

WINDOW = 200
COLUMNS = (  # in the order of Candidate's fields
    "id",
    "author_id",
    "published_at",
    "hashtags",
    "like_count",
    "view_count",
    "completion_count",
    "is_followed",
    "is_watched",
    "is_own",
)
LIKES_REMEMBERED = 100

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
ORDER BY newest.published_at DESC, newest.id DESC
LIMIT %s
"""


@dataclass(frozen=True)
class Place:
    """A place in the line of all public clips, newest first."""

    published_at: datetime
    clip_id: UUID


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


def window_from(place: Place | None, *, viewer: Viewer) -> list[Candidate]:
    """Candidates, newest first, from `place` (itself included) on: WINDOW, and the one beyond."""
    clips = recommended_clips(viewer).annotate(**_dealings(viewer)).order_by("-published_at", "-id")
    if place is not None:
        clips = clips.filter(published_at__lte=place.published_at).filter(
            Q(published_at__lt=place.published_at) | Q(id__lte=place.clip_id)
        )
    return [Candidate(*row) for row in clips.values_list(*COLUMNS)[: WINDOW + 1]]


def taste_of(viewer: Viewer) -> Taste:
    """What the viewer's latest likes have in common."""
    if not isinstance(viewer, User):
        return Taste()
    liked = Like.objects.filter(user=viewer).order_by("-created_at")
    tags = list(liked.values_list("clip__hashtags", flat=True)[:LIKES_REMEMBERED])
    counts = Counter(tag for one in tags for tag in one)
    return Taste({tag: count / len(tags) for tag, count in counts.items()})


def _dealings(viewer: Viewer) -> dict[str, Exists | Value | Q]:
    if not isinstance(viewer, User):
        nothing = Value(value=False, output_field=BooleanField())
        return {"is_followed": nothing, "is_watched": nothing, "is_own": nothing}
    follows = Follow.objects.filter(follower=viewer, followee=OuterRef("author_id"))
    views = View.objects.filter(viewer=viewer, clip=OuterRef("pk"))
    return {
        "is_followed": Exists(follows),
        "is_watched": Exists(views),
        "is_own": Q(author=viewer),
    }
