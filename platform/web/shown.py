"""Rows as the pages show them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe

from accounts.models import Role
from accounts.permissions import Viewer, has_role
from accounts.selectors import picture_url
from clips.models import Clip, Limit
from clips.states import DELETED, SCREENING, SUBMITTED
from common.ids import public_id
from feed.cards import ClipCard
from generation.states import COMPLETED, UNFINISHED
from social.distribution.digests import WORDS
from social.models.notifications import Kind
from social.selectors.notifications import News
from uploads.states import UNFINISHED as UNREAD
from video.provenance import COMPOSITE, TRAINED
from web.templatetags.clip_words import described, named

if TYPE_CHECKING:
    from generation.models import Job
    from social.models.comments import Comment
    from uploads.models import Upload

UNSETTLED = frozenset({SUBMITTED, SCREENING})
SOURCE_TYPES = {
    TRAINED: "https://schema.org/TrainedAlgorithmicMediaDigitalSource",
    COMPOSITE: "https://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource",
}
"""The IPTC's digital source types in schema.org's words; of a suspicion nothing is said."""

SCRIPT_ESCAPES = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&"}


@dataclass(frozen=True)
class ShownJob:
    """A job, and the clip it became."""

    job: "Job"
    video_id: str
    clip: Clip | None

    @property
    def is_completed(self) -> bool:
        """Whether there is a video to see."""
        return self.job.state == COMPLETED

    @property
    def is_running(self) -> bool:
        """Whether it still waits or runs."""
        return self.job.state in UNFINISHED

    @property
    def is_unsettled(self) -> bool:
        """Whether its clip is just being judged."""
        return self.clip is not None and self.clip.state in UNSETTLED

    @property
    def may_be_posted(self) -> bool:
        """Whether there is a video that was never posted."""
        return self.is_completed and not hasattr(self.job.video, "clip")


def shown_job(job: "Job") -> ShownJob:
    """`job` for its owner's pages; a deleted clip is none."""
    clip = getattr(job.video, "clip", None)
    if clip is not None and clip.state == DELETED:
        clip = None
    return ShownJob(job, public_id("video", job.pk), clip)


@dataclass(frozen=True)
class ShownUpload:
    """An upload, and the clip it became."""

    upload: "Upload"
    clip: Clip | None

    @property
    def is_running(self) -> bool:
        """Whether it still waits or is read."""
        return self.upload.state in UNREAD

    @property
    def is_unsettled(self) -> bool:
        """Whether its clip is just being judged."""
        return self.clip is not None and self.clip.state in UNSETTLED

    @property
    def is_moving(self) -> bool:
        """Whether its page will soon say something else."""
        return self.is_running or self.is_unsettled


def shown_upload(upload: "Upload") -> ShownUpload:
    """`upload` for its owner's pages; a deleted clip is none."""
    clip = getattr(upload.video, "clip", None)
    return ShownUpload(upload, None if clip is None or clip.state == DELETED else clip)


@dataclass(frozen=True)
class ShownComment:
    """A comment or a reply, what the viewer may do with it, and its replies, if they are open."""

    comment: "Comment"
    picture: str | None
    may_remove: bool
    reply_count: int = 0
    replies: "list[ShownComment] | None" = None
    more_replies: str | None = None

    @property
    def texts(self) -> list[str]:
        """Its words, and those of its open replies."""
        return [self.comment.text, *(one.comment.text for one in self.replies or [])]


def shown_comments(
    comments: Iterable["Comment"], *, clip: Clip, viewer: Viewer
) -> list[ShownComment]:
    """`comments` under `clip`, with `reply_count`, for `viewer`."""
    may_remove_all = viewer.pk == clip.author_id or has_role(viewer, Role.MODERATOR)
    return [
        ShownComment(
            comment,
            picture_url(comment.author.handle, comment.author.picture_digest),
            may_remove_all or comment.author_id == viewer.pk,
            getattr(comment, "reply_count", 0),
        )
        for comment in comments
    ]


@dataclass(frozen=True)
class ShownNews:
    """Something the viewer is told: who did what, and where it leads."""

    news: News
    faces: list[tuple[str, str | None]]
    words: str
    url: str
    poster: str

    @property
    def is_unread(self) -> bool:
        """Whether it is new."""
        return self.news.row.read_at is None


def shown_news(news: News, *, viewer: Viewer) -> ShownNews:
    """`news` for its receiver."""
    clip, row = news.clip, news.row
    faces = [(one.handle, picture_url(one.handle, one.picture_digest)) for one in news.people]
    url = f"/@{faces[0][0]}" if faces else ""
    poster = ""
    if clip is not None:
        url = f"/clips/{clip.pk}"
        if row.comment_id:
            url += f"?comment={row.comment_id}#comment-{row.comment_id}"
        if Limit.BLURRED not in clip.limits or clip.author_id == viewer.pk:
            poster = f"/clips/{clip.pk}/files/poster.webp"
    words = WORDS[Kind(row.kind)].removeprefix("{who}").strip()
    return ShownNews(news, faces, words, url, poster)


def structured_data(card: ClipCard, *, origin: str) -> SafeString:
    """The clip for search engines, as schema.org JSON-LD, safe inside a script element.

    https://schema.org/VideoObject and https://schema.org/digitalSourceType.
    """
    handle, counts = card["author"]["handle"], card["counts"]
    person = {"@type": "Person", "name": handle, "url": f"{origin}/@{handle}"}
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": named(card)[:100],
        "description": described(card),
        "url": origin + card["urls"]["page"],
        "contentUrl": origin + card["urls"]["mp4"],
        "thumbnailUrl": origin + card["urls"]["poster"],
        "uploadDate": (card["published_at"] or card["created_at"]).isoformat(),
        "duration": f"PT{card['duration_seconds']:g}S",
        "author": person,
        "creator": person,
        "keywords": card["hashtags"],
        "interactionStatistic": [
            _count("LikeAction", counts["likes"]),
            _count("WatchAction", counts["views"]),
        ],
    }
    if Limit.BLURRED in card["limits"]:
        del data["thumbnailUrl"]
    if card["digital_source_type"] in SOURCE_TYPES:
        data["digitalSourceType"] = SOURCE_TYPES[card["digital_source_type"]]
    escaped = json.dumps(data, ensure_ascii=False).translate(SCRIPT_ESCAPES)
    return mark_safe(escaped)  # noqa: S308 - what could end the script element is escaped


def _count(action: str, number: int) -> dict[str, Any]:
    return {
        "@type": "InteractionCounter",
        "interactionType": f"https://schema.org/{action}",
        "userInteractionCount": number,
    }
