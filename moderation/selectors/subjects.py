"""What an item on the desk is about, as it is at this moment."""

import hashlib
from dataclasses import dataclass

from accounts.models import User
from clips.models import Clip
from clips.states import DELETED, HELD, PUBLISHED, REJECTED, WITHDRAWN
from moderation.models.desk import ReviewItem
from moderation.models.judging import Subject
from moderation.selectors.judging import fingerprint
from social.models.comments import Comment

DECIDABLE = frozenset({HELD, PUBLISHED, REJECTED, WITHDRAWN})


@dataclass(frozen=True)
class Sight:
    """A clip, a comment or a person; all three are None when it is gone.

    `digest` is of what a ruling on it names; `fingerprint` of all that a reviewer judges, empty
    while it can not be decided on: it is gone, or the machines are just judging it.
    """

    clip: Clip | None = None
    comment: Comment | None = None
    person: User | None = None
    digest: str = ""
    fingerprint: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether there is nothing left to judge."""
        return self.clip is None and self.comment is None and self.person is None

    @property
    def is_shown_clip(self) -> bool:
        """Whether it is a clip that others can see."""
        return self.clip is not None and self.clip.state == PUBLISHED


def sight_of(item: ReviewItem) -> Sight:
    """What the item is about, now."""
    if item.subject == Subject.CLIP:
        return _clip(item)
    if item.subject == Subject.COMMENT:
        return _comment(item)
    return _person(item) if item.subject == Subject.ACCOUNT else Sight()


def _clip(item: ReviewItem) -> Sight:
    clips = Clip.objects.exclude(state=DELETED).select_related("author", "video")
    clip = clips.filter(pk=item.subject_id).first()
    if clip is None:
        return Sight()
    seen = fingerprint(clip) if clip.state in DECIDABLE else ""
    return Sight(clip=clip, digest=clip.digest, fingerprint=seen)


def _comment(item: ReviewItem) -> Sight:
    comments = Comment.objects.filter(pk=item.subject_id, removed_at=None)
    comment = comments.select_related("author", "clip__author", "clip__video").first()
    if comment is None:
        return Sight()
    digest = _digest(comment.text)
    return Sight(comment=comment, digest=digest, fingerprint=digest)


def _person(item: ReviewItem) -> Sight:
    person = User.objects.filter(pk=item.subject_id, is_active=True).first()
    if person is None:
        return Sight()
    digest = _digest(person.display_name, person.bio, person.picture_digest)
    return Sight(person=person, digest=digest, fingerprint=digest)


def _digest(*texts: str) -> str:
    return hashlib.sha256("".join(f"{text}\0" for text in texts).encode()).hexdigest()
