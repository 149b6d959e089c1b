"""The reviewers' desk, in Django's admin: what is held, what the machines saw, and two buttons."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.views.decorators.http import require_POST

from clips.models import Clip, RenditionKind
from clips.selectors import awaiting_review, clip_for, is_reviewer
from common.errors import Conflict, Denied, Invalid, NotFound
from moderation.models.judging import Decision, HeldClip, Signal
from moderation.policy.rules import Outcome
from moderation.selectors.judging import decisions_on, signals_of
from moderation.services.clips import decide_clip, fingerprint

PAGE_LENGTH = 50
CAPTION_LENGTH = 80
SHOWN_KINDS = (RenditionKind.MP4, RenditionKind.SPRITESHEET, RenditionKind.POSTER)

View = Callable[..., HttpResponse]


class ForReviewers(admin.ModelAdmin):  # type: ignore[type-arg]
    """Seen by moderators and admins; nobody adds, edits or deletes a row here."""

    list_per_page = PAGE_LENGTH
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the section is shown at all."""
        return is_reviewer(request.user)

    def has_view_permission(self, request: HttpRequest, _obj: Model | None = None) -> bool:
        """Moderators and admins."""
        return is_reviewer(request.user)

    def has_add_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Nobody."""
        return False


@admin.register(Signal)
class SignalAdmin(ForReviewers):
    """What the detectors said, to read."""

    list_display = ("created_at", "subject", "detector", "category", "score")
    list_filter = ("subject", "detector", "category")


@admin.register(Decision)
class DecisionAdmin(ForReviewers):
    """What was decided and by whom, to read."""

    list_display = ("created_at", "subject", "verdict", "rules", "about", "decided_by")
    list_filter = ("subject", "verdict", "policy_version")
    list_select_related = ("about", "decided_by")


@admin.register(HeldClip)
class HeldClipAdmin(ForReviewers):
    """The clips that wait for a person, longest waiting first, and the page to judge one."""

    list_display = ("poster", "author", "short_caption", "reason", "created_at")
    list_display_links = ("poster", "short_caption")

    class Media:
        css = {"all": ["moderation/judge.css"]}

    def get_queryset(self, _request: HttpRequest) -> QuerySet[HeldClip]:
        """Held clips only, in the order in which they came."""
        held = awaiting_review().values("pk")
        clips = HeldClip.objects.filter(pk__in=held).order_by("pk")
        return clips.select_related("author").prefetch_related("video__renditions")

    def get_urls(self) -> list[URLPattern]:
        """The admin's own addresses, the page of one clip and where its buttons lead."""
        own = [
            path(
                "<uuid:clip_id>/",
                self._reviewers_only(self._page),
                name="moderation_heldclip_judge",
            ),
            path(
                "<uuid:clip_id>/decide/",
                self._reviewers_only(require_POST(self._decide)),
                name="moderation_heldclip_decide",
            ),
        ]
        return own + super().get_urls()

    def get_ordering(self, _request: HttpRequest) -> tuple[str]:
        """Longest waiting first."""
        return ("pk",)

    @admin.display(description="Poster")
    def poster(self, clip: Clip) -> str:
        """A small picture of the clip."""
        url = _file_urls(clip).get(RenditionKind.POSTER, "")
        return format_html('<img class="judge-thumb" src="{}" alt="" width="54" height="96">', url)

    @admin.display(description="Caption")
    def short_caption(self, clip: Clip) -> str:
        """The caption, or what stands for it."""
        return Truncator(clip.caption).chars(CAPTION_LENGTH) or "(no caption)"

    def _reviewers_only(self, view: View) -> View:
        """Log visitors in, and turn away who is somebody else with 403."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **names: Any) -> HttpResponse:
            if request.user.is_authenticated and not is_reviewer(request.user):
                raise PermissionDenied("Only moderators and admins judge clips.")
            return self.admin_site.admin_view(view)(request, *args, **names)

        return guarded

    def _page(self, request: HttpRequest, clip_id: UUID) -> HttpResponse:
        clip = _clip_or_404(request, clip_id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Judge a clip",
            "opts": self.opts,
            "clip": clip,
            "files": _file_urls(clip),
            "signals": signals_of(clip),
            "decisions": decisions_on(clip),
            "seen": fingerprint(clip),
            "waiting": self.get_queryset(request).count(),
        }
        return TemplateResponse(request, "moderation/judge.html", context)

    def _decide(self, request: HttpRequest, clip_id: UUID) -> HttpResponse:
        verdict = request.POST.get("verdict")
        if verdict not in {Outcome.ALLOW, Outcome.BLOCK, Outcome.REVIEW}:
            raise Http404("There is no such verdict.")
        try:
            clip = decide_clip(
                request.user,  # type: ignore[arg-type]
                clip_id,
                verdict=Outcome(verdict),
                reason=request.POST.get("reason", ""),
                seen=request.POST.get("seen", ""),
                now=timezone.now(),
            )
        except NotFound as error:
            raise Http404(error.message) from error
        except Denied as error:
            raise PermissionDenied(error.message) from error
        except (Invalid, Conflict) as error:
            messages.error(request, error.message)
            return redirect("admin:moderation_heldclip_judge", clip_id=clip_id)
        messages.success(request, f"The clip is {clip.state}.")
        return self._next_page(request)

    def _next_page(self, request: HttpRequest) -> HttpResponse:
        following = self.get_queryset(request).values_list("pk", flat=True).first()
        if following is None:
            return redirect("admin:moderation_heldclip_changelist")
        return redirect("admin:moderation_heldclip_judge", clip_id=following)


def _clip_or_404(request: HttpRequest, clip_id: UUID) -> Clip:
    try:
        return clip_for(request.user, clip_id)
    except NotFound as error:
        raise Http404(error.message) from error


def _file_urls(clip: Clip) -> dict[str, str]:
    """The addresses of the clip's video, contact sheet and poster, by kind."""
    return {
        rendition.kind: reverse("clips:file", kwargs={"clip_id": clip.pk, "name": rendition.name})
        for rendition in clip.video.renditions.all()
        if rendition.kind in SHOWN_KINDS
    }
