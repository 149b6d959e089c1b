"""The versions of the policy on the desk: proposed by one, looked at, put in force by another."""

from collections.abc import Iterator
from datetime import timedelta
from difflib import unified_diff
from itertools import islice
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.errors import Invalid, ReverieError, Unavailable
from common.problems import problem_of
from moderation.selectors.backtests import backtest
from moderation.selectors.policies import parsed, policy_version_with, policy_versions
from moderation.selectors.shadows import shadow_summary
from moderation.services.policies import (
    MAX_BYTES,
    PolicyDocument,
    activate_policy,
    failures_of,
    propose_policy,
    retire_policy,
    shadow_policy,
)
from web.access import for_reviewers

VERSIONS_SHOWN = 50
DIFF_LINES_SHOWN = 2000
BACKTEST_DAYS = 7
BACKTEST_DECISIONS = 2000
ACTS = {"shadow": shadow_policy, "activate": activate_policy, "retire": retire_policy}


@require_http_methods(["GET", "HEAD", "POST"])
@for_reviewers
def versions(request: HttpRequest, user: User) -> HttpResponse:
    """All versions, and a place to propose another."""
    if request.method == "POST":
        return _propose(request, user)
    return _versions(request)


@require_safe
@for_reviewers
def version(request: HttpRequest, user: User, policy_id: UUID) -> HttpResponse:
    """What a version changes, what its tests say, and what it would have decided."""
    row = policy_version_with(policy_id)
    active = policy_versions().filter(state="active").first()
    context = {
        "tab": "policy",
        "row": row,
        "active": active,
        "diff": _diff(active.text if active else "", row.text),
        "may_activate": row.proposed_by_id not in {None, user.pk},
        "shadow": shadow_summary(row) if row.shadowed_at else None,
        "days": BACKTEST_DAYS,
    }
    try:
        policy = parsed(row)
        since = timezone.now() - timedelta(days=BACKTEST_DAYS)
        context["failures"] = failures_of(policy)
        context["test_count"] = len(policy.fixtures)
        context["past"] = backtest(policy, since=since, most=BACKTEST_DECISIONS)
    except Unavailable as error:
        context["problem"] = error.message
    return render(request, "web/desk/policy.html", context)


@require_POST
@for_reviewers
def change_version(request: HttpRequest, user: User, policy_id: UUID) -> HttpResponse:
    """Try a version in shadow, put it in force, or give it up."""
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404("There is no such act.")
    row = policy_version_with(policy_id)
    try:
        row = act(user, row.version, now=timezone.now())
    except ReverieError as error:
        messages.error(request, problem_of(error).detail)
    else:
        messages.success(request, f"Policy {row.version} is {row.state} now.")
    return redirect("web:desk-policy", row.pk)


def _propose(request: HttpRequest, user: User) -> HttpResponse:
    try:
        document = PolicyDocument(_uploaded_text(request))
        note = request.POST.get("note", "")
        row = propose_policy(user, document, note=note, now=timezone.now())
    except ReverieError as error:
        problem = problem_of(error)
        return _versions(request, problem=problem.detail, status=problem.status)
    messages.success(request, "Proposed. Somebody else has to put it in force.")
    return redirect("web:desk-policy", row.pk)


def _uploaded_text(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid("Choose the file of the policy.", field="file")
    try:
        return bytes(file.read(MAX_BYTES + 1)).decode()
    except UnicodeDecodeError as error:
        raise Invalid("The file is not UTF-8 text.", field="file") from error


def _versions(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "tab": "policy",
        "versions": policy_versions()[:VERSIONS_SHOWN],
        "problem": problem,
        "note": request.POST.get("note", ""),
    }
    return render(request, "web/desk/policies.html", context, status=status)


def _diff(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that differ and those around them, each with what it is."""
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return list(islice(_marked(lines), DIFF_LINES_SHOWN))


def _marked(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    kinds = {"+": "added", "-": "removed", "@": "place"}
    for line in islice(lines, 2, None):
        yield kinds.get(line[:1], "same"), line
