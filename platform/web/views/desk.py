"""The reviewers' desk: what waits, one item at a time, and what it costs and yields."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common.errors import Conflict, Invalid, ReverieError
from moderation.policy.rules import Outcome
from moderation.selectors.cases import CaseFile, case_of, guidance_of, kinds
from moderation.selectors.desk import (
    Wanted,
    claim_of,
    item_for,
    load_of,
    preferences_of,
    queues_for,
    undoable_of,
    waiting_for,
)
from moderation.selectors.policies import active_policy
from moderation.selectors.quality import figures
from moderation.services.desk import (
    Answer,
    BreakNeeded,
    answer_appeal,
    claim_item,
    decide_item,
    escalate,
    keep_claim,
    put_back,
    save_preferences,
    take_next,
    undo,
)
from moderation.services.notices import mark_unfounded
from web.access import for_reviewers
from web.review import file_urls, shown_queues, shown_share, shown_signals

ITEMS_SHOWN = 50
UNPROCESSABLE, TOO_MANY = 422, 429
SEVERITIES = (4, 3, 2, 1)
OUTCOMES = {"allow": Outcome.ALLOW, "limit": Outcome.LIMIT, "block": Outcome.BLOCK}


@require_safe
@for_reviewers
def queues(request: HttpRequest, user: User) -> HttpResponse:
    """What waits for this reviewer, by category and severity."""
    wanted = _wanted(request.GET)
    policy = active_policy()
    context = {
        **_common(user, wanted),
        "tab": "queues",
        "queues": shown_queues(queues_for(user), policy),
        "items": waiting_for(user, wanted=wanted, limit=ITEMS_SHOWN),
        "categories": sorted(policy.categories.values(), key=lambda one: one.title),
        "severities": SEVERITIES,
        "kinds": kinds(),
        "titles": {name: one.title for name, one in policy.categories.items()},
        "in_hand": claim_of(user, now=timezone.now()),
        "load": load_of(user, now=timezone.now()),
    }
    return render(request, "web/desk/queues.html", context)


@require_POST
@for_reviewers
def take(request: HttpRequest, user: User) -> HttpResponse:
    """Take the most urgent item, and go to it."""
    return _next(request, user, _wanted(request.POST))


@require_safe
@for_reviewers
def show(request: HttpRequest, user: User, item_id: UUID) -> HttpResponse:
    """One item: to judge for who has it in hand, to read about for others."""
    return _page(request, user, item_id)


@require_POST
@for_reviewers
def claim(request: HttpRequest, user: User, item_id: UUID) -> HttpResponse:
    """Take this very item."""
    try:
        claim_item(user, item_id, now=timezone.now())
    except BreakNeeded as error:
        return _break(request, user, error)
    except Conflict as error:
        messages.error(request, error.message)
    return _to_item(item_id, _wanted(request.POST))


@require_POST
@for_reviewers
def keep(request: HttpRequest, user: User, item_id: UUID) -> HttpResponse:
    """The page is still open: 204 while the item is in hand, 409 from then on."""
    keep_claim(user, item_id, token=_token(request), now=timezone.now())
    return HttpResponse(status=204)


@require_POST
@for_reviewers
def release(request: HttpRequest, user: User, item_id: UUID) -> HttpResponse:
    """Put the item back, or skip it and take the next."""
    is_skipped = request.POST.get("skip") == "yes"
    put_back(user, item_id, token=_token(request), is_skipped=is_skipped, now=timezone.now())
    if is_skipped:
        return _next(request, user, _wanted(request.POST))
    return redirect("web:desk")


@require_POST
@for_reviewers
def decide(request: HttpRequest, user: User, item_id: UUID) -> HttpResponse:
    """Say what is to happen, and go on to the next item."""
    try:
        said = _said(request)(user, item_id)
    except Invalid as error:
        return _page(request, user, item_id, typed=request.POST, problem=error)
    except Conflict as error:
        messages.error(request, error.message)
        return _to_item(item_id, _wanted(request.POST))
    messages.success(request, said)
    return _next(request, user, _wanted(request.POST))


@require_POST
@for_reviewers
def take_back(request: HttpRequest, user: User, item_id: UUID) -> HttpResponse:
    """Undo the last decision while that is possible, and have its item in hand again."""
    try:
        undo(user, item_id, now=timezone.now())
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("web:desk")
    messages.success(request, "Taken back. It is in your hands again.")
    return _to_item(item_id, _wanted(request.POST))


@require_POST
@for_reviewers
def call_unfounded(request: HttpRequest, user: User, item_id: UUID) -> HttpResponse:
    """Say of a report that was answered and not followed that it had no ground whatever."""
    item = item_for(user, item_id)
    try:
        mark_unfounded(user, _uuid(request, "notice"), about=item, now=timezone.now())
    except (Conflict, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Marked as manifestly unfounded.")
    return _to_item(item_id, _wanted(request.POST))


@require_http_methods(["GET", "HEAD", "POST"])
@for_reviewers
def preferences(request: HttpRequest, user: User) -> HttpResponse:
    """What a reviewer is never given, and how pictures look."""
    if request.method == "POST":
        save_preferences(
            user,
            opted_out=request.POST.getlist("opted_out"),
            blur=request.POST.get("blur", ""),
            stays_grey=request.POST.get("stays_grey") == "on",
        )
        messages.success(request, "Saved.")
        return redirect("web:desk-settings")
    context = {
        **_common(user, Wanted()),
        "tab": "settings",
        "guidance": guidance_of(active_policy()),
        "load": load_of(user, now=timezone.now()),
    }
    return render(request, "web/desk/settings.html", context)


@require_safe
@for_reviewers
def show_figures(request: HttpRequest, user: User) -> HttpResponse:
    """How much, how fast, how right, and what it costs."""
    now = timezone.now()
    found = figures(user, now=now)
    shares = [
        ("Machines judged otherwise in blind checks", found.machine_errors),
        ("People judged otherwise in blind checks", found.human_errors),
        ("Second opinions that agreed", found.second_agreed),
        ("Appeals that were right", found.appeals_reversed),
        ("Decisions taken back", found.undone),
    ]
    context = {
        **_common(user, Wanted()),
        "tab": "figures",
        "figures": found,
        "shares": [(title, shown_share(one)) for title, one in shares],
    }
    return render(request, "web/desk/figures.html", context)


def _said(request: HttpRequest) -> Callable[[User, UUID], str]:
    """What the pressed button does; it answers with a sentence.  Raises Invalid."""
    verdict, reason = request.POST.get("verdict", ""), request.POST.get("reason", "")
    token, now = _token(request), timezone.now()

    def give_up(user: User, item_id: UUID) -> str:
        escalate(user, item_id, token=token, why=request.POST.get("why", ""), now=now)
        return "It is with the admins now."

    def appeal(user: User, item_id: UUID) -> str:
        is_upheld = verdict == "uphold"
        seen = request.POST.get("seen", "")
        answer_appeal(
            user, item_id, token=token, upheld=is_upheld, reason=reason, seen=seen, now=now
        )
        return "The decision stands." if is_upheld else "The decision is overturned."

    def judge(user: User, item_id: UUID) -> str:
        decide_item(user, item_id, token=token, answer=_answer(request), now=now)
        return "Noted."

    others = {"escalate": give_up, "uphold": appeal, "overturn": appeal}
    if verdict not in OUTCOMES and verdict not in others:
        raise Invalid("There is no such verdict.", field="verdict")
    return others.get(verdict, judge)


def _answer(request: HttpRequest) -> Answer:
    outcome = OUTCOMES[request.POST["verdict"]]
    is_allowed = outcome is Outcome.ALLOW
    return Answer(
        outcome=outcome,
        category="" if is_allowed else request.POST.get("category", ""),
        reason="" if is_allowed else request.POST.get("reason", ""),
        limits=frozenset(request.POST.getlist("limits"))
        if outcome is Outcome.LIMIT
        else frozenset(),
        bans_file=outcome is Outcome.BLOCK and request.POST.get("bans_file") == "on",
        seen=request.POST.get("seen", ""),
    )


def _next(request: HttpRequest, user: User, wanted: Wanted) -> HttpResponse:
    try:
        item = take_next(user, wanted=wanted, now=timezone.now())
    except BreakNeeded as error:
        return _break(request, user, error)
    if item is None:
        messages.info(request, "Nothing more waits for you here.")
        return redirect(f"{reverse('web:desk')}?{_query(wanted)}".rstrip("?"))
    return _to_item(item.pk, wanted)


def _break(request: HttpRequest, user: User, error: BreakNeeded) -> HttpResponse:
    load = load_of(user, now=timezone.now())
    context = {**_common(user, Wanted()), "load": load, "problem": error.message}
    response = render(request, "web/desk/break.html", context, status=TOO_MANY)
    response["Retry-After"] = str(error.retry_after_seconds)
    return response


def _page(
    request: HttpRequest,
    user: User,
    item_id: UUID,
    *,
    typed: QueryDict | None = None,
    problem: ReverieError | None = None,
) -> HttpResponse:
    now = timezone.now()
    case = case_of(item_for(user, item_id), viewer=user, now=now)
    context = {
        **_common(user, _wanted(request.POST if typed else request.GET)),
        "case": case,
        "item": case.item,
        "files": file_urls(case.clip) if case.clip else {},
        "signals": shown_signals(case.signals),
        "reasons": {one.category.name: list(one.reasons) for one in case.guidance},
        "lease_seconds": settings.DESK_LEASE_SECONDS,
        "undo_seconds": settings.DESK_UNDO_SECONDS,
        "typed": typed or _prefilled(case),
        "typed_limits": typed.getlist("limits") if typed else [],
        "problem": problem,
    }
    status = UNPROCESSABLE if problem else 200
    return render(request, "web/desk/item.html", context, status=status)


def _prefilled(case: CaseFile) -> dict[str, str]:
    """What the machines or the reporters thought it is, and how the policy words that."""
    own = case.at_hand
    return {"category": case.item.category, "reason": own.reasons[0] if own and own.reasons else ""}


def _common(user: User, wanted: Wanted) -> dict[str, Any]:
    return {
        "place": "desk",
        "wanted": wanted,
        "wanted_query": _query(wanted),
        "undoable": undoable_of(user, now=timezone.now()),
        "preferences": preferences_of(user),
    }


def _to_item(item_id: UUID, wanted: Wanted) -> HttpResponse:
    return redirect(f"{reverse('web:desk-item', args=[item_id])}?{_query(wanted)}".rstrip("?"))


def _wanted(query: QueryDict) -> Wanted:
    """The part of the desk that was chosen; what makes no sense is no choice."""
    severity = query.get("only_severity", "")
    return Wanted(
        category=query.get("only_category", "")[:60],
        severity=int(severity) if severity in {str(one) for one in SEVERITIES} else None,
        kind=query.get("only_kind", "")[:16],
    )


def _query(wanted: Wanted) -> str:
    chosen = {
        "only_category": wanted.category,
        "only_severity": wanted.severity,
        "only_kind": wanted.kind,
    }
    return urlencode({name: value for name, value in chosen.items() if value})


def _token(request: HttpRequest) -> UUID:
    return _uuid(request, "token")


def _uuid(request: HttpRequest, name: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError as error:
        raise Invalid(f"The item's {name} is missing.", field=name) from error
