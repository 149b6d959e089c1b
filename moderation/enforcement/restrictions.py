"""Which restriction a ruling is, if any: what a statement of reasons is then owed for."""

from clips.models import Clip
from clips.states import HELD, PUBLISHED
from moderation.models.judging import Restriction, Subject
from moderation.policy.rules import Outcome

_OF_CLIP = {
    Outcome.REVIEW: Restriction.CLIP_HELD,
    Outcome.LIMIT: Restriction.CLIP_LIMITED,
}
_OF_WHAT_IS_NEW = {
    Subject.CLIP: Restriction.CAPTION_REFUSED,
    Subject.PROMPT: Restriction.PROMPT_REFUSED,
    Subject.PICTURE: Restriction.PICTURE_REFUSED,
    Subject.COMMENT: Restriction.COMMENT_REFUSED,
    Subject.ACCOUNT: Restriction.PROFILE_REFUSED,
}
_OF_SHOWN = {
    (Subject.COMMENT, Outcome.BLOCK): Restriction.COMMENT_REMOVED,
    (Subject.ACCOUNT, Outcome.LIMIT): Restriction.PROFILE_REMOVED,
    (Subject.ACCOUNT, Outcome.BLOCK): Restriction.ACCOUNT_TERMINATED,
}
NEVER_IN_DOUBT = frozenset({Subject.PICTURE, Subject.COMMENT, Subject.ACCOUNT})
"""Pictures to begin with, comments and profiles wait for nobody: what is not allowed is refused."""


def restriction_of(outcome: Outcome, subject: Subject, *, clip: Clip | None, is_shown: bool) -> str:
    """The Restriction, or nothing when nothing is taken from anybody.

    `clip` is as it was before; `is_shown` says of a comment or an account that others see it.
    A prompt or a caption in doubt is no restriction: the clip that comes of it is judged itself.
    """
    if outcome is Outcome.ALLOW:
        return ""
    if clip is not None:
        blocked = Restriction.CLIP_WITHDRAWN if was_shown(clip) else Restriction.CLIP_REJECTED
        return _OF_CLIP.get(outcome, blocked)
    if is_shown:
        return _OF_SHOWN.get((subject, outcome), "")
    if outcome is Outcome.BLOCK or subject in NEVER_IN_DOUBT:
        return _OF_WHAT_IS_NEW[subject]
    return ""


def was_shown(clip: Clip) -> bool:
    """Whether others have seen the clip: it is published, or was until it was held."""
    return clip.state == PUBLISHED or (clip.state == HELD and clip.published_at is not None)
