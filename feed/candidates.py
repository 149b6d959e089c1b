"""Which clips are considered for a person's list, before they are put in order."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Value

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip, Privacy
from clips.selectors import visible_clips
from feed.ranking.scoring import Candidate, Taste
from social.models import Follow, Like, View

WINDOW = 300
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


@dataclass(frozen=True)
class Place:
    """A place in the line of all public clips, newest first."""

    published_at: datetime
    clip_id: UUID


def public_clips(viewer: Viewer) -> QuerySet[Clip]:
    """Everything anybody may see; named so narrowly that the index of latest clips serves it."""
    return visible_clips(viewer).filter(privacy=Privacy.PUBLIC)


def followed_clips(viewer: User) -> QuerySet[Clip]:
    """What the people `viewer` follows have published and lets them see."""
    followees = Follow.objects.filter(follower=viewer).values("followee_id")
    return visible_clips(viewer).filter(author_id__in=followees)


def window_from(place: Place | None, *, viewer: Viewer) -> list[Candidate]:
    """Candidates, newest first, from `place` (itself included) on: WINDOW, and the one beyond."""
    clips = public_clips(viewer).annotate(**_dealings(viewer)).order_by("-published_at", "-id")
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
