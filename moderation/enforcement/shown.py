"""What others read that is no clip, a comment or a profile, and how it is taken from view."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from accounts.services import clear_profile, close_account
from moderation.models.judging import Restriction, Subject
from social.models.comments import Comment
from social.services.commenting import hide_comment


@dataclass(frozen=True)
class Shown:
    """A comment under a clip, or a person's account with what it shows."""

    row: Comment | User

    @property
    def created_at(self) -> datetime:
        """Since when it is there."""
        return self.row.created_at


def shown_words(subject: Subject, subject_id: UUID, *, about: User) -> Shown | None:
    """What others can read under this name; None for words that were never posted."""
    if subject == Subject.COMMENT:
        comment = Comment.objects.filter(pk=subject_id).first()
        return Shown(comment) if comment else None
    is_account = subject == Subject.ACCOUNT and subject_id == about.pk
    return Shown(about) if is_account else None


def restrict_shown(
    shown: Shown, restriction: str, *, decided_by: User | None, now: datetime
) -> None:
    """Do what the restriction says; an account is closed by people only.  Raises ValueError."""
    if isinstance(shown.row, Comment):
        if restriction == Restriction.COMMENT_REMOVED:
            hide_comment(shown.row, now=now)
    elif restriction == Restriction.PROFILE_REMOVED:
        clear_profile(shown.row)
    elif restriction == Restriction.ACCOUNT_TERMINATED:
        if decided_by is None:
            raise ValueError("Only people close accounts.")
        close_account(shown.row)
