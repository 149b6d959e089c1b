"""Reporting: what somebody tells us of content, with an account or without (DSA Art. 16, 22)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import is_reviewer
from clips.states import PUBLISHED
from common.errors import Conflict, Denied, Invalid, NotFound
from moderation import screening
from moderation.enforcement.audit import OPERATOR, append
from moderation.enforcement.letters import write_letter
from moderation.enforcement.queueing import Matter, open_item
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.desk import ReviewItem, ReviewKind
from moderation.models.judging import Source, Subject
from moderation.models.notices import (
    Notice,
    NoticeKind,
    NoticeOutcome,
    Relation,
    ReporterSanction,
)
from moderation.policy.reporting import (
    HOLD_SEVERITY,
    REPORTABLES,
    SUSPEND_AFTER,
    SUSPENSION,
    TAKEDOWN,
    TAKEDOWN_WITHIN,
    WARN_AFTER,
    Reportable,
    is_held_at_once,
)
from moderation.policy.rules import Outcome
from moderation.selectors.notices import (
    Reporter,
    notice_url,
    suspended_until,
    unfounded_count,
    was_warned,
    weight_of,
)
from moderation.selectors.reporting import Reported, recent_weights, reported, was_cleared

SHORTEST, LONGEST = 10, 5000
LONGEST_NAME = 200
_HELD = (
    "Somebody reported this clip, so a person will look at it before it is shown again. You need "
    "not do anything: the result will stand here."
)
_HELD_FOR_TAKEDOWN = (
    "Somebody says that this clip shows them in an intimate way without their consent. It is not "
    "shown until a person has looked at it, within 48 hours. The result will stand here."
)


class ReportingSuspended(Denied):
    """The reporter sent too many unfounded reports and is not heard for a while."""

    code = "reporting_suspended"


@dataclass(frozen=True)
class Report:
    """What somebody tells: `content` is an address or an id, `category` one of REPORTABLES."""

    content: str
    category: str
    explanation: str
    name: str = ""
    email: str = ""
    is_in_good_faith: bool = False


@dataclass(frozen=True)
class TakedownRequest:
    """A request under the TAKE IT DOWN Act; `relation` is `depicted` or `representative`."""

    content: str
    explanation: str
    name: str
    email: str
    relation: str
    signature: str
    is_in_good_faith: bool = False


def report(viewer: Viewer, asked: Report, *, now: datetime) -> Notice:
    """Take a report: it gets a receipt, a place on the desk, and an answer when it is decided.

    Who reports the same thing twice before it is decided gets their first report again.
    Raises NotFound, Invalid (with the field), ReportingSuspended.
    """
    kind = REPORTABLES.get(asked.category)
    if kind is None:
        raise Invalid("Choose what it is about.", field="category")
    _check_words(asked.explanation, is_in_good_faith=asked.is_in_good_faith)
    reporter, name = _reporter(viewer, asked.name, asked.email, is_exempt=kind.is_exempt)
    _check_heard(reporter, now=now)
    found = reported(asked.content)
    if found.about == reporter.user:
        raise Invalid("This is yours: you can change or delete it yourself.", field="content")
    with transaction.atomic():
        if (earlier := _earlier(found, reporter, NoticeKind.REPORT)) is not None:
            return earlier
        notice = Notice.objects.create(
            **_columns(found, reporter, name, now=now),
            category=kind.name,
            explanation=asked.explanation.strip(),
            is_in_good_faith=True,
            is_from_trusted_flagger=bool(reporter.user and reporter.user.is_trusted_flagger),
        )
        _put_before_people(notice, found, kind, now=now)
    return notice


def request_takedown(viewer: Viewer, asked: TakedownRequest, *, now: datetime) -> Notice:
    """Take a request of somebody depicted: the clip leaves the public now, and is decided in 48 h.

    Raises NotFound, Invalid (with the field).
    """
    _check_words(asked.explanation, is_in_good_faith=asked.is_in_good_faith)
    if asked.relation not in Relation.values:
        raise Invalid("Say whether it shows you or somebody you speak for.", field="relation")
    signature = asked.signature.strip()
    if not 1 < len(signature) <= LONGEST_NAME:
        raise Invalid("Sign with your full name.", field="signature")
    reporter, name = _reporter(viewer, asked.name, asked.email, is_exempt=False)
    found = reported(asked.content, is_takedown=True)
    if found.subject is not Subject.CLIP:
        raise Invalid("This form is for clips; report comments and profiles.", field="content")
    with transaction.atomic():
        if (earlier := _earlier(found, reporter, NoticeKind.TAKEDOWN)) is not None:
            return earlier
        notice = Notice.objects.create(
            **_columns(found, reporter, name, now=now),
            kind=NoticeKind.TAKEDOWN,
            category=TAKEDOWN.name,
            explanation=asked.explanation.strip(),
            is_in_good_faith=True,
            relation=asked.relation,
            signature=signature,
            deadline_at=now + TAKEDOWN_WITHIN,
        )
        _put_before_people(notice, found, TAKEDOWN, now=now)
    return notice


@transaction.atomic
def mark_unfounded(
    reviewer: User, notice_id: UUID, *, about: ReviewItem | None = None, now: datetime
) -> Notice:
    """Say of a decided notice that it was manifestly unfounded: Art. 23(2) counts these.

    With `about`, only of one on what that item is about.  Nobody says it of their own report, or
    of one on what is theirs.  A third one within 90 days brings a warning, and after it a fifth a
    suspension of 30 days.
    Raises Denied, NotFound, Conflict.
    """
    if not is_reviewer(reviewer):
        raise Denied("Only moderators and admins judge reports.")
    notice = Notice.objects.select_for_update().filter(pk=notice_id).first()
    if notice is None or not _is_about(notice, about):
        raise NotFound("There is no such report.")
    if reviewer.pk in {notice.reporter_id, notice.about_id}:
        raise Denied("Somebody else has to judge this report.")
    if notice.outcome not in {NoticeOutcome.NOT_ACTED, NoticeOutcome.UNFOUNDED}:
        raise Conflict("Only a report that was decided and not followed can be unfounded.")
    if notice.outcome == NoticeOutcome.UNFOUNDED:
        return notice
    notice.outcome = NoticeOutcome.UNFOUNDED
    notice.save(update_fields=["outcome"])
    append(
        "notice.unfounded",
        actor=reviewer,
        subject=notice.subject,
        subject_id=notice.subject_id,
        payload={"notice": str(notice.pk)},
    )
    _sanction(Reporter(notice.reporter, notice.email), now=now)
    return notice


def _is_about(notice: Notice, item: ReviewItem | None) -> bool:
    if item is None:
        return True
    return (notice.subject, notice.subject_id) == (item.subject, item.subject_id)


@transaction.atomic
def set_trusted_flagger(user: User, *, is_trusted: bool) -> None:
    """Let the person's reports come first on the desk, or no longer: Art. 22."""
    user.is_trusted_flagger = is_trusted
    user.save(update_fields=["is_trusted_flagger"])
    append(
        "flagger.trusted" if is_trusted else "flagger.ordinary",
        actor=OPERATOR,
        subject=Subject.ACCOUNT,
        subject_id=user.pk,
    )


def _check_words(explanation: str, *, is_in_good_faith: bool) -> None:
    if not SHORTEST <= len(explanation.strip()) <= LONGEST:
        raise Invalid(
            f"Tell us in {SHORTEST} to {LONGEST} characters what is wrong.", field="explanation"
        )
    if "\0" in explanation:
        raise Invalid("Null characters are not allowed.", field="explanation")
    if not is_in_good_faith:
        raise Invalid("Please confirm that this is true, to your knowledge.", field="good_faith")


def _reporter(viewer: Viewer, name: str, email: str, *, is_exempt: bool) -> tuple[Reporter, str]:
    """Who reports, and by which name; nobody needs one to report the abuse of a child."""
    name, email = name.strip(), email.strip().lower()
    if isinstance(viewer, User):
        name = name or viewer.display_name or viewer.handle
        return Reporter(viewer, email or viewer.email), name[:LONGEST_NAME]
    if is_exempt and not email:
        return Reporter(), name[:LONGEST_NAME]
    if not name or len(name) > LONGEST_NAME:
        raise Invalid("Please give your name.", field="name")
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("Please give an e-mail address we can answer to.", field="email") from error
    return Reporter(None, email), name


def _check_heard(reporter: Reporter, *, now: datetime) -> None:
    until = suspended_until(reporter, now=now)
    if until is not None:
        raise ReportingSuspended(
            "Several of your reports were without any ground, and we had warned you. We look at "
            f"new ones again from {until:%d %B %Y}. If a child is in danger, call the police."
        )


def _earlier(found: Reported, reporter: Reporter, kind: NoticeKind) -> Notice | None:
    rows = Notice.objects.filter(
        reporter.rows(), kind=kind, subject=found.subject, subject_id=found.subject_id
    )
    return rows.filter(decided_at=None).first()


def _columns(found: Reported, reporter: Reporter, name: str, *, now: datetime) -> dict[str, object]:
    return {
        "subject": found.subject,
        "subject_id": found.subject_id,
        "about": found.about,
        "digest": found.digest,
        "name": name,
        "email": reporter.email,
        "reporter": reporter.user,
        "weight": weight_of(reporter, now=now),
        "received_at": now,
    }


def _put_before_people(notice: Notice, found: Reported, kind: Reportable, *, now: datetime) -> None:
    """The record, the receipt, the place on the desk and, where it must be, the hold."""
    append(
        "notice.received",
        actor=notice.reporter,
        subject=notice.subject,
        subject_id=notice.subject_id,
        payload={"notice": str(notice.pk), "kind": notice.kind, "category": notice.category},
    )
    _hold_if_needed(notice, found, kind, now=now)
    notice.item = _item(notice, found, kind, now=now)
    notice.save(update_fields=["item"])
    _write_receipt(notice, now=now)


def _item(notice: Notice, found: Reported, kind: Reportable, *, now: datetime) -> ReviewItem:
    own = {found.about.pk, *([notice.reporter.pk] if notice.reporter else [])}
    matter = Matter(
        kind=ReviewKind.CONTENT,
        subject=found.subject,
        subject_id=found.subject_id,
        about=found.about,
        category=kind.policy_category,
        severity=kind.severity,
        reach=found.reach,
        reporter_weight=notice.weight,
        is_from_trusted_flagger=notice.is_from_trusted_flagger,
        reason=f"Reported: {kind.title}.",
        deadline_at=notice.deadline_at,
        excluded=frozenset(own),
    )
    return open_item(matter, now=now)


def _hold_if_needed(notice: Notice, found: Reported, kind: Reportable, *, now: datetime) -> None:
    is_takedown = notice.kind == NoticeKind.TAKEDOWN
    clip = found.clip
    if clip is None or clip.state != PUBLISHED:
        return
    weights = recent_weights(found.subject, found.subject_id, now=now)
    is_held = is_held_at_once(
        HOLD_SEVERITY if is_takedown else kind.severity,
        [*weights, 1.0] if is_takedown else weights,
        view_count=clip.view_count,
        is_cleared=was_cleared(found, is_takedown=is_takedown),
    )
    if not is_held:
        return
    trusted = Source.TRUSTED_FLAGGER if notice.is_from_trusted_flagger else Source.NOTICE
    ruling = Ruling(
        content=Content(Subject.CLIP, clip.pk, clip.digest, clip.author),
        outcome=Outcome.REVIEW,
        reason=_HELD_FOR_TAKEDOWN if is_takedown else _HELD,
        policy_version=screening.policy_version(),
        rules=("takedown_request" if is_takedown else "reports",),
        categories=(kind.policy_category,) if kind.policy_category else (),
        source=Source.TAKEDOWN_REQUEST if is_takedown else trusted,
    )
    carry_out(ruling, clip=clip, only_if={"state": PUBLISHED, "digest": clip.digest}, now=now)


def _write_receipt(notice: Notice, *, now: datetime) -> None:
    what = "request" if notice.kind == NoticeKind.TAKEDOWN else "report"
    when = (
        f"We decide by {notice.deadline_at:%d %B %Y, %H:%M} UTC."
        if notice.deadline_at
        else "We tell you what we decide."
    )
    text = (
        f"We have your {what}. {when} A person decides; automatic checks may help.\n\n"
        f"Its number is {notice.pk}.\n\nLook here at any time:\n{notice_url(notice)}"
    )
    write_letter(notice.email, title=f"We have your {what}", text=text, now=now)


def _sanction(reporter: Reporter, *, now: datetime) -> None:
    count = unfounded_count(reporter, now=now)
    if reporter.user is None and not reporter.email:
        return
    address = reporter.user.email if reporter.user else reporter.email
    columns = {"reporter": reporter.user, "email": "" if reporter.user else reporter.email}
    if count >= SUSPEND_AFTER and was_warned(reporter, now=now):
        ReporterSanction.objects.create(
            **columns, is_warning=False, created_at=now, until=now + SUSPENSION
        )
        title = "We do not look at your reports for 30 days"
    elif count >= WARN_AFTER and not was_warned(reporter, now=now):
        ReporterSanction.objects.create(**columns, is_warning=True, created_at=now)
        title = "A warning about your reports"
    else:
        return
    text = (
        f"{count} of your reports within 90 days were manifestly without ground. Such reports keep "
        "people from those who need help. After a warning, the fifth one within 90 days means "
        "that we do not look at your reports for 30 days (DSA Art. 23)."
    )
    write_letter(address, title=title, text=text, now=now)
