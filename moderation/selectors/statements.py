"""Reads of statements of reasons, each by the person it is about."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from common.errors import NotFound
from moderation.models.judging import Restriction, Subject
from moderation.models.statements import Statement

APPEAL_DAYS = 184
"""Six months, whichever they are: DSA Art. 20(1)."""
_SIGNER = signing.Signer(salt="moderation.statement")
LIFTABLE = frozenset({Restriction.CLIP_HELD, Restriction.CLIP_LIMITED, Restriction.ACCOUNT_PAUSED})


def statements_about(user: User) -> QuerySet[Statement]:
    """Every statement of reasons the person was given, newest first."""
    return Statement.objects.filter(about=user).select_related("appeal").order_by("-pk")


def statement_for(viewer: Viewer, statement_id: UUID, *, key: str = "") -> Statement:
    """One statement: for the person it is about, or whoever has the key from the mail.

    Somebody whose account is closed can not log in, but may appeal: so the mail has the key.
    Raises NotFound.
    """
    statements = Statement.objects.select_related("about", "decision", "appeal")
    if not constant_time_compare(key, statement_key(statement_id)):
        statements = statements.filter(about=viewer if isinstance(viewer, User) else None)
    statement = statements.filter(pk=statement_id).first()
    if statement is None:
        raise NotFound("There is no such statement.")
    return statement


def standing_statement(clip: Clip) -> Statement | None:
    """The newest statement about the clip that was neither lifted nor reversed."""
    standing = Statement.objects.filter(ended_at=None, reversed_at=None, decision__isnull=False)
    return standing.filter(subject=Subject.CLIP, subject_id=clip.pk).order_by("-pk").first()


def statement_key(statement_id: UUID) -> str:
    """What opens a statement without a login."""
    return _SIGNER.signature(statement_id.hex)


def statement_url(statement: Statement) -> str:
    """The address of the statement's page, with its key."""
    path = f"/statements/{statement.pk}?key={statement_key(statement.pk)}"
    return settings.REVERIE_URL + path


def policy_url(category: str) -> str:
    """Where the policy is explained, at the category."""
    return f"{settings.REVERIE_URL}/policy" + (f"#{category}" if category else "")


def appeal_until(statement: Statement) -> datetime:
    """Until when the statement can be appealed."""
    return statement.created_at + timedelta(days=APPEAL_DAYS)


def is_appealable(statement: Statement, *, now: datetime) -> bool:
    """Whether an appeal is still open: in time, the first, and something is left to decide."""
    has_appeal = getattr(statement, "appeal", None) is not None
    is_over = statement.ended_at is not None or statement.reversed_at is not None
    return not has_appeal and not is_over and now < appeal_until(statement)


def statements_between(start: datetime, end: datetime) -> QuerySet[Statement]:
    """The statements made from `start` until just before `end`, in their order."""
    within = Q(created_at__gte=start, created_at__lt=end)
    return Statement.objects.filter(within).order_by("created_at", "pk")
