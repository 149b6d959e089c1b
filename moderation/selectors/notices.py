"""Reads of notices: what is open, what became of one, how far a reporter is believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.crypto import constant_time_compare

from accounts.models import User
from common.errors import NotFound
from moderation.models.judging import Source, Subject
from moderation.models.notices import Notice, NoticeKind, NoticeOutcome, ReporterSanction

HISTORY = timedelta(days=365)
UNFOUNDED_WITHIN = timedelta(days=90)
_SIGNER = signing.Signer(salt="moderation.notice")


@dataclass(frozen=True)
class Reporter:
    """Who reports: a person with an account, or an address; `email` may be empty by law."""

    user: User | None = None
    email: str = ""

    def rows(self) -> Q:
        """The reporter's own rows; of nobody, when nothing is known of them."""
        if self.user is not None:
            return Q(reporter=self.user)
        return Q(email=self.email, reporter=None) if self.email else Q(pk=None)


def open_notices(subject: str, subject_id: UUID) -> QuerySet[Notice]:
    """The notices about a content that nobody has decided, oldest first."""
    rows = Notice.objects.filter(subject=subject, subject_id=subject_id, decided_at=None)
    return rows.order_by("received_at", "pk")


def source_of_notices(notices: list[Notice]) -> Source:
    """How a content came to be judged, by the notices that wait for an answer."""
    if any(notice.kind == NoticeKind.TAKEDOWN for notice in notices):
        return Source.TAKEDOWN_REQUEST
    if any(notice.is_from_trusted_flagger for notice in notices):
        return Source.TRUSTED_FLAGGER
    return Source.NOTICE if notices else Source.OWN_INITIATIVE


def notice_for(notice_id: UUID, *, key: str) -> Notice:
    """The notice, for whoever has its secret link.  Raises NotFound."""
    notice = (
        Notice.objects.select_related("about", "decision", "appeal").filter(pk=notice_id).first()
    )
    if notice is None or not constant_time_compare(key, notice_key(notice_id)):
        raise NotFound("There is no such report.")
    return notice


def notice_key(notice_id: UUID) -> str:
    """What opens a notice without a login."""
    return _SIGNER.signature(notice_id.hex)


def notice_url(notice: Notice) -> str:
    """The address of the notice's page, with its key."""
    return f"{settings.REVERIE_URL}/reports/{notice.pk}?key={notice_key(notice.pk)}"


def weight_of(reporter: Reporter, *, now: datetime) -> float:
    """How much the reporter is to be believed: 1 for a stranger, up to 2, down to nearly 0.

    Twice the share of their decided notices of the last year that were followed, with one of each
    added (Laplace); notices that were merely not followed count half against, unfounded ones whole.
    """
    decided = Notice.objects.filter(reporter.rows(), decided_at__gte=now - HISTORY)
    outcomes = list(decided.values_list("outcome", flat=True))
    followed = outcomes.count(NoticeOutcome.ACTED)
    against = outcomes.count(NoticeOutcome.UNFOUNDED) + outcomes.count(NoticeOutcome.NOT_ACTED) / 2
    return 2 * (followed + 1) / (followed + against + 2)


def unfounded_count(reporter: Reporter, *, now: datetime) -> int:
    """The reporter's manifestly unfounded notices of the last 90 days."""
    rows = Notice.objects.filter(reporter.rows(), outcome=NoticeOutcome.UNFOUNDED)
    return rows.filter(decided_at__gte=now - UNFOUNDED_WITHIN).count()


def suspended_until(reporter: Reporter, *, now: datetime) -> datetime | None:
    """Until when the reporter's notices are not processed; None when they are."""
    rows = ReporterSanction.objects.filter(reporter.rows(), is_warning=False, until__gt=now)
    return rows.order_by("-until").values_list("until", flat=True).first()


def was_warned(reporter: Reporter, *, now: datetime) -> bool:
    """Whether the reporter was warned within the last 90 days."""
    rows = ReporterSanction.objects.filter(reporter.rows(), is_warning=True)
    return rows.filter(created_at__gte=now - UNFOUNDED_WITHIN).exists()


def overdue_takedowns(*, now: datetime) -> QuerySet[Notice]:
    """Takedown requests whose 48 hours are over and that nobody has decided."""
    rows = Notice.objects.filter(kind=NoticeKind.TAKEDOWN, decided_at=None, deadline_at__lte=now)
    return rows.order_by("deadline_at")


def acted_takedowns() -> QuerySet[Notice]:
    """Takedown requests that were followed, and whose clip's copies are not banned yet."""
    rows = Notice.objects.filter(kind=NoticeKind.TAKEDOWN, outcome=NoticeOutcome.ACTED)
    rows = rows.filter(banned_at=None, subject=Subject.CLIP)
    return rows.select_related("decision__decided_by").order_by("pk")


def answered_by_the_desk() -> QuerySet[Notice]:
    """Notices without an answer whose item the desk has finished with."""
    rows = Notice.objects.filter(decided_at=None, item__state="done")
    return rows.select_related("item__decision").order_by("pk")
