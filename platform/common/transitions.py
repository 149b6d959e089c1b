"""The one way a row changes its state: compare-and-swap, with an event row beside it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.expressions import Combinable

from common.ids import new_id
from common.states import StateGraph, UnableToMove


class Event(models.Model):
    """One move from a state to a state, by a person or (`actor` null) by a machine.

    A subclass names the row that moved, under the related name `events`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    from_state = models.CharField(max_length=16)
    to_state = models.CharField(max_length=16)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    note = models.TextField(blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        abstract = True


def move(
    row: models.Model,
    *,
    states: StateGraph,
    to: str,
    now: datetime,
    note: str = "",
    actor: models.Model | None = None,
    only_if: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move `row` to state `to` and write its event row, or change nothing.

    The update matches the row's id, a state the graph allows as a source, and `only_if` (a lease
    token, say), so of two processes that try, one wins.  `row` carries the new values afterwards.
    The row's events are a subclass of Event.

    Raises UnableToMove when the row was not there to be moved.
    """
    model = type(row)
    with transaction.atomic():
        before = (
            model._base_manager.select_for_update()  # noqa: SLF001 - Django's documented hook
            .filter(pk=row.pk, state__in=states.sources_of(to), **(only_if or {}))
            .values_list("state", flat=True)
            .first()
        )
        if before is None:
            raise UnableToMove(f"This {states.name} can not become {to} now.")
        model._base_manager.filter(pk=row.pk).update(state=to, **changes)  # noqa: SLF001
        row.events.create(  # type: ignore[attr-defined]
            from_state=before, to_state=to, note=note, actor=actor, at=now
        )
    expressions = [name for name, value in changes.items() if isinstance(value, Combinable)]
    for name, value in {"state": to, **changes}.items():
        if name not in expressions:
            setattr(row, name, value)
    if expressions:
        row.refresh_from_db(fields=expressions)
