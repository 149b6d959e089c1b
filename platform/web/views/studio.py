"""Making videos: the order, its progress, and everything one has made."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from clips.selectors import clip_for, remixable_video
from clips.services import post_video
from common.errors import Conflict, NotFound, ReverieError
from common.ids import parse_public_id, public_id
from common.problems import Problem
from feed.cards import ClipCard
from feed.policy.asking import MOST_CHARACTERS
from feed.selectors.pages import clip_card
from generation.orders import Order
from generation.selectors import job_for, job_page, queue_position, remix_order
from generation.services import delete_job, request_generation
from web.access import is_fragment, signed_in
from web.forms import OrderForm, PostingForm
from web.refusals import refuse
from web.shown import ShownJob, shown_job
from web.words import suggested_words

JOBS_PER_PAGE = 20
UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def create(request: HttpRequest, user: User) -> HttpResponse:
    """Ask for a video, and go on to its page; what is wrong is said beside what was typed."""
    if request.method != "POST":
        return _order_page(request, OrderForm(initial=_words_of_before(request, user)))
    form = OrderForm(request.POST, request.FILES)
    if not form.is_valid():
        return _order_page(request, form, status=UNPROCESSABLE)
    try:
        job = request_generation(user, _order(user, form), now=timezone.now())
    except ReverieError as error:
        return _refused_order(request, form, refuse(form, error))
    return redirect("web:job", public_id("video", job.pk))


def _order(user: User, form: OrderForm) -> Order:
    remixed = form.cleaned_data["remix_of"]
    order = form.order()
    return replace(order, remix_of=clip_for(user, remixed).video_id) if remixed else order


def _order_page(request: HttpRequest, form: OrderForm, *, status: int = 200) -> HttpResponse:
    context = {
        "place": "create",
        "form": form,
        "words": suggested_words(),
        "remixed": _remixed(request, form),
    }
    return render(request, "web/create.html", context, status=status)


def _remixed(request: HttpRequest, form: OrderForm) -> ClipCard | None:
    """The clip that the order begins with, while it may still be seen."""
    wanted = parsed_uuid(str(form["remix_of"].value() or ""))
    try:
        return clip_card(wanted, viewer=request.user) if wanted else None
    except NotFound:
        return None


def _refused_order(request: HttpRequest, form: OrderForm, problem: Problem) -> HttpResponse:
    response = _order_page(request, form, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def _words_of_before(request: HttpRequest, user: User) -> dict[str, Any]:
    """The order of the video in `?from=`, to be changed and made again."""
    if "remix" in request.GET:
        return _words_of_remixed(request.GET["remix"], user)
    if "from" not in request.GET:
        return {
            "prompt": request.GET.get("prompt", "")[:MOST_CHARACTERS],
            "hashtags": request.GET.get("hashtag", "")[:MOST_CHARACTERS],
        }
    job = job_for(user, _job_id(request.GET["from"]))
    return {
        "prompt": job.prompt,
        "negative_prompt": job.negative_prompt,
        "model": job.engine,
        "size": f"{job.width}x{job.height}",
        "seconds": job.seconds,
        "seed": job.seed,
        "had_picture": job.begins_with_picture,
        "caption": job.caption,
        "hashtags": " ".join(job.hashtags),
        "privacy": job.privacy,
    }


def _words_of_remixed(text: str, user: User) -> dict[str, Any]:
    """The words and the shape of the clip in `?remix=`.  Raises NotFound, NoRemix."""
    clip_id = parsed_uuid(text)
    if clip_id is None:
        raise NotFound("There is no such clip.")
    parent = remixable_video(user, clip_for(user, clip_id).video_id)
    order = remix_order(parent, Order(prompt=parent.prompt))
    given = {"model": order.model, "size": order.size, "seconds": order.seconds}
    shape = {name: value for name, value in given.items() if value}
    return {"prompt": parent.prompt, "remix_of": clip_id, **shape}


@require_safe
@signed_in
def job(request: HttpRequest, user: User, video_id: str) -> HttpResponse:
    """How far a video is, then the video and what became of it."""
    return _job_page(request, shown_job(job_for(user, _job_id(video_id))))


def _job_page(
    request: HttpRequest, shown: ShownJob, *, form: PostingForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "place": "studio",
        "job": shown.job,
        "video_id": shown.video_id,
        "clip": shown.clip,
        "is_running": shown.is_running,
        "is_unsettled": shown.is_unsettled,
        "queue_position": queue_position(shown.job),
        "form": form or (PostingForm() if shown.may_be_posted else None),
    }
    template = "web/parts/job.html" if is_fragment(request) else "web/job.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@signed_in
def post(request: HttpRequest, user: User, video_id: str) -> HttpResponse:
    """Put a finished video before other people."""
    shown = shown_job(job_for(user, _job_id(video_id)))
    if shown.job.video_id is None:
        raise Conflict("This video is not finished.")
    form = PostingForm(request.POST)
    if not form.is_valid():
        return _job_page(request, shown, form=form, status=UNPROCESSABLE)
    try:
        post_video(user, shown.job.video_id, now=timezone.now(), **form.words())
    except ReverieError as error:
        return _job_page(request, shown, form=form, status=refuse(form, error).status)
    return redirect("web:job", video_id)


@require_POST
@signed_in
def delete(request: HttpRequest, user: User, video_id: str) -> HttpResponse:
    """Stop a video that is being made, or delete one with its clip."""
    delete_job(user, _job_id(video_id), now=timezone.now())
    messages.success(request, "The video is deleted.")
    return redirect("web:studio")


@require_safe
@signed_in
def studio(request: HttpRequest, user: User) -> HttpResponse:
    """Everything one asked for, newest first."""
    after = request.GET.get("after")
    found, has_more = job_page(
        user, after=_job_id(after) if after else None, limit=JOBS_PER_PAGE, is_ascending=False
    )
    jobs = [shown_job(one) for one in found]
    context = {
        "place": "studio",
        "jobs": jobs,
        "is_moving": any(one.is_running or one.is_unsettled for one in jobs),
        "next_cursor": jobs[-1].video_id if has_more else None,
    }
    return render(request, "web/studio.html", context)


def parsed_uuid(text: str) -> UUID | None:
    """The id in `text`, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _job_id(video_id: str) -> UUID:
    parsed = parse_public_id("video", video_id)
    if parsed is None:
        raise NotFound("There is no such video.")
    return parsed
