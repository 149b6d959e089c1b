"""What the law wants a site to have: decisions explained, reports, appeals, the rules, figures."""

from collections.abc import Iterable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from common.errors import ReverieError, TooMany
from common.pagination import NewestFirst, PageRequest
from moderation.limits import ReportLimit
from moderation.policy.reasons import headline, limits_in_words
from moderation.selectors.grounds import policy_categories, version_in_force
from moderation.selectors.notices import notice_for, notice_key
from moderation.selectors.statements import (
    appeal_until,
    is_appealable,
    statement_for,
    statements_about,
)
from moderation.selectors.transparency import published_report
from moderation.services.appeals import QUOTABLE, appeal_notice, appeal_statement, may_appeal_notice
from moderation.services.notices import report, request_takedown
from web.access import signed_in
from web.forms import AppealForm, ReportForm, TakedownForm
from web.refusals import refuse

UNPROCESSABLE = 422
STATEMENTS = NewestFirst("statements")
STATEMENTS_PER_PAGE = 20


@never_cache
@require_safe
@signed_in
def statements(request: HttpRequest, user: User) -> HttpResponse:
    """Every decision about the person, newest first."""
    asked = PageRequest(cursor=request.GET.get("cursor"), limit=STATEMENTS_PER_PAGE)
    rows = STATEMENTS.ordered(statements_about(user), asked.cursor)[: asked.limit + 1]
    page = STATEMENTS.cut(list(rows), limit=asked.limit, position=lambda row: (None, row.pk))
    shown = [(row, headline(row.restriction)) for row in page.items]
    context = {"place": "statements", "shown": shown, "page": page, "now": timezone.now()}
    return render(request, "web/statements.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def statement(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """One decision with its reasons, and the appeal; `?key=` from the mail does without a login."""
    if request.method != "POST":
        return _statement_page(request, statement_id, AppealForm())
    form = AppealForm(request.POST)
    if not form.is_valid():
        return _statement_page(request, statement_id, form, status=UNPROCESSABLE)
    key = request.GET.get("key", "")
    try:
        _count(request)
        appeal_statement(
            request.user, statement_id, key=key, now=timezone.now(), **form.cleaned_data
        )
    except ReverieError as error:
        status = refuse(form, error).status
        return _statement_page(request, statement_id, form, status=status)
    messages.success(request, "Your appeal is with us. We write to you when it is decided.")
    return redirect(request.get_full_path())


def _statement_page(
    request: HttpRequest, statement_id: UUID, form: AppealForm, *, status: int = 200
) -> HttpResponse:
    shown = statement_for(request.user, statement_id, key=request.GET.get("key", ""))
    now = timezone.now()
    if shown.restriction not in QUOTABLE:
        del form.fields["quoted"]
    context = {
        "place": "statements",
        "statement": shown,
        "headline": headline(shown.restriction),
        "limits": limits_in_words(frozenset(shown.limits)),
        "appeal": getattr(shown, "appeal", None),
        "appeal_until": appeal_until(shown),
        "may_appeal": is_appealable(shown, now=now),
        "is_over": shown.ended_at is not None or (shown.until is not None and shown.until <= now),
        "form": form,
    }
    return render(request, "web/statement.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def make_report(request: HttpRequest) -> HttpResponse:
    """Tell what is against the law or the rules, with an account or without."""
    if request.method != "POST":
        return _report_page(request, ReportForm(initial={"content": _named(request)}))
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _report_page(request, form, status=UNPROCESSABLE)
    try:
        _count(request)
        notice = report(request.user, form.told(), now=timezone.now())
    except ReverieError as error:
        return _report_page(request, form, status=refuse(form, error).status)
    messages.success(request, "Thank you. Your report is with us.")
    return redirect(_notice_address(notice.pk))


def _report_page(request: HttpRequest, form: ReportForm, *, status: int = 200) -> HttpResponse:
    _spare(form, request, ("name", "email"))
    return render(request, "web/report.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def takedown(request: HttpRequest) -> HttpResponse:
    """Ask for an intimate picture of oneself to be taken down: TAKE IT DOWN Act."""
    if request.method != "POST":
        return _takedown_page(request, TakedownForm(initial={"content": _named(request)}))
    form = TakedownForm(request.POST)
    if not form.is_valid():
        return _takedown_page(request, form, status=UNPROCESSABLE)
    try:
        _count(request)
        notice = request_takedown(request.user, form.told(), now=timezone.now())
    except ReverieError as error:
        return _takedown_page(request, form, status=refuse(form, error).status)
    messages.success(request, "Your request is with us. We decide it within 48 hours.")
    return redirect(_notice_address(notice.pk))


def _takedown_page(request: HttpRequest, form: TakedownForm, *, status: int = 200) -> HttpResponse:
    _spare(form, request, ("name", "email"))
    return render(request, "web/takedown.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """What became of a report, for whoever has its link; and the appeal against the answer."""
    key = request.GET.get("key", "")
    shown = notice_for(notice_id, key=key)
    form, status = AppealForm(request.POST or None), 200
    del form.fields["quoted"]
    if request.method == "POST":
        if form.is_valid():
            try:
                _count(request)
                appeal_notice(
                    notice_id, key=key, text=form.cleaned_data["text"], now=timezone.now()
                )
            except ReverieError as error:
                status = refuse(form, error).status
            else:
                messages.success(request, "Your appeal is with us.")
                return redirect(request.get_full_path())
        else:
            status = UNPROCESSABLE
    context = {
        "notice": shown,
        "appeal": getattr(shown, "appeal", None),
        "may_appeal": may_appeal_notice(shown, now=timezone.now()),
        "form": form,
    }
    return render(request, "web/notice.html", context, status=status)


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """What is not allowed here, in plain words."""
    categories = policy_categories().values()
    context = {"categories": categories, "version": version_in_force()}
    return render(request, "web/policy.html", context)


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    """The figures of the last twelve months: DSA Art. 15 and 24."""
    return render(request, "web/transparency.html", {"report": published_report()})


def _named(request: HttpRequest) -> str:
    """The address of what the link to the form was beside."""
    if clip := request.GET.get("clip"):
        return request.build_absolute_uri(f"/clips/{clip}"[:100])
    if profile := request.GET.get("profile"):
        return request.build_absolute_uri(f"/@{profile}"[:100])
    return request.GET.get("content", "")[:300]


def _spare(form: forms.Form, request: HttpRequest, names: Iterable[str]) -> None:
    """Ask nobody for what we know."""
    if request.user.is_authenticated:
        for name in names:
            form.fields.pop(name, None)


def _notice_address(notice_id: UUID) -> str:
    return f"{reverse('web:notice', args=[notice_id])}?key={notice_key(notice_id)}"


def _count(request: HttpRequest) -> None:
    limit = ReportLimit()
    if not limit.allows(request):
        raise TooMany("That was often. Try again soon.", retry_after_seconds=int(limit.wait()) + 1)
