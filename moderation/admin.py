"""What the machines saw and what was decided, to read in Django's admin."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from clips.selectors import is_reviewer
from moderation.models.judging import Decision, Signal

PAGE_LENGTH = 50


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
