"""A clip as it is shown in every list and on its own: the one shape, read in one query."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Exists, OuterRef, QuerySet, Value

from accounts.models import User
from accounts.permissions import Viewer
from accounts.selectors import picture_url
from clips.models import Clip
from clips.selectors import is_reviewer
from moderation.selectors.labels import labels_in_clip_query
from social.models.likes import Like
from social.models.people import Follow

FILE_NAMES = {"mp4": "video.mp4", "hls": "index.m3u8", "poster": "poster.webp"}

COLUMNS = (
    "id",
    "author_id",
    "author__handle",
    "author__display_name",
    "author__picture_digest",
    "caption",
    "hashtags",
    "privacy",
    "state",
    "limits",
    "labels",
    "reason",
    "created_at",
    "published_at",
    "like_count",
    "comment_count",
    "view_count",
    "video__origin",
    "video__prompt",
    "video__duration_seconds",
    "video__width",
    "video__height",
    "video__provenance",
    "video__digital_source_type",
    "allows_remixes",
    "is_liked",
    "is_followed",
)


class AuthorCard(TypedDict):
    """Who made a clip."""

    handle: str
    display_name: str
    picture_url: str | None


class ClipUrls(TypedDict):
    """Where a clip's files and its page are found."""

    mp4: str
    hls: str
    poster: str
    page: str


class ClipCounts(TypedDict):
    """How a clip is received."""

    likes: int
    comments: int
    views: int


class ViewerFlags(TypedDict):
    """What the viewer has to do with a clip."""

    liked: bool
    following: bool
    is_author: bool


class LabelCard(TypedDict):
    """What `issuer` says of a clip (`subject`) in one word, `value`; `version` is its digest."""

    issuer: str
    subject: str
    version: str
    value: str
    negation: bool
    expiry: str | None


class ClipCard(TypedDict):
    """A clip; `reason` is why it is not or less shown, for its author and for moderators.

    `limits` say how it may be shown: not to minors, in no list of recommendations, blurred.
    """

    id: UUID
    author: AuthorCard
    caption: str
    hashtags: list[str]
    origin: str
    prompt: str
    privacy: str
    state: str
    limits: list[str]
    labels: list[LabelCard]
    reason: str | None
    created_at: datetime
    published_at: datetime | None
    duration_seconds: float
    width: int
    height: int
    urls: ClipUrls
    provenance: str
    digital_source_type: str
    allows_remixes: bool
    counts: ClipCounts
    viewer: ViewerFlags


def cards_of(clips: QuerySet[Clip], *, viewer: Viewer) -> list[ClipCard]:
    """The clips as cards, in the order of `clips`; which of them may be seen is its matter.

    One query, however many clips.
    """
    shown = clips.annotate(labels=labels_in_clip_query(), **_viewer_flags(viewer))
    rows = shown.values(*COLUMNS)
    may_review = is_reviewer(viewer)
    return [_card(row, viewer=viewer, may_review=may_review) for row in rows]


def cards_for_anybody(clips: QuerySet[Clip]) -> list[tuple[ClipCard, bool]]:
    """The clips as cards for a visitor, each with whether minors may see it; one query."""
    nobody = AnonymousUser()
    shown = clips.annotate(labels=labels_in_clip_query(), **_viewer_flags(nobody))
    rows = shown.values(*COLUMNS, "is_kept_from_minors")
    return [
        (_card(row, viewer=nobody, may_review=False), not row["is_kept_from_minors"])
        for row in rows
    ]


def _viewer_flags(viewer: Viewer) -> dict[str, Any]:
    if not isinstance(viewer, User):
        nothing = Value(value=False, output_field=BooleanField())
        return {"is_liked": nothing, "is_followed": nothing}
    likes = Like.objects.filter(user=viewer, clip=OuterRef("pk"))
    follows = Follow.objects.filter(follower=viewer, followee=OuterRef("author_id"))
    return {"is_liked": Exists(likes), "is_followed": Exists(follows)}


def _card(row: Mapping[str, Any], *, viewer: Viewer, may_review: bool) -> ClipCard:
    is_author = row["author_id"] == viewer.pk
    handle = row["author__handle"]
    return {
        "id": row["id"],
        "author": {
            "handle": handle,
            "display_name": row["author__display_name"],
            "picture_url": picture_url(handle, row["author__picture_digest"]),
        },
        "caption": row["caption"],
        "hashtags": row["hashtags"],
        "origin": row["video__origin"],
        "prompt": row["video__prompt"],
        "privacy": row["privacy"],
        "state": row["state"],
        "limits": row["limits"],
        "labels": row["labels"],
        "reason": row["reason"] if is_author or may_review else None,
        "created_at": row["created_at"],
        "published_at": row["published_at"],
        "duration_seconds": row["video__duration_seconds"],
        "width": row["video__width"],
        "height": row["video__height"],
        "urls": _urls(row["id"]),
        "provenance": row["video__provenance"],
        "digital_source_type": row["video__digital_source_type"],
        "allows_remixes": row["allows_remixes"],
        "counts": {
            "likes": row["like_count"],
            "comments": row["comment_count"],
            "views": row["view_count"],
        },
        "viewer": {
            "liked": row["is_liked"],
            "following": row["is_followed"],
            "is_author": is_author,
        },
    }


def _urls(clip_id: UUID) -> ClipUrls:
    page = f"/clips/{clip_id}"
    return {
        "mp4": f"{page}/files/{FILE_NAMES['mp4']}",
        "hls": f"{page}/files/{FILE_NAMES['hls']}",
        "poster": f"{page}/files/{FILE_NAMES['poster']}",
        "page": page,
    }
