"""Reading what a page says happened: one event at a time, the good kept, the bad named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common.errors import Invalid
from feed.ranking.actions import Action, Event

MOST_AT_ONCE = 100
OLDEST_SECONDS = 24 * 3600.0
LONGEST_AGO_SECONDS = 1e12
LEAST_WATCHED_SECONDS = 0.3
MOST_POSITION = 30_000
MOST_WATCHED_SECONDS = 86_400.0

SENT = frozenset(
    {Action.IMPRESSION, Action.WATCH, Action.SKIP, Action.SHARE, Action.NOT_INTERESTED}
)
"""What a page may say happened; the rest are acts of their own, and told by the server."""

FIELDS = frozenset(
    {"id", "action", "clip_id", "ago_seconds", "watched_seconds", "loops", "request_id", "position"}
)


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event under the sender's own id for it; sent again, it has the same id."""

    id: UUID
    event: Event


class EventRefused(Invalid):
    """One event of a batch is not taken; the others are."""


def sent_event(told: object, *, now: float) -> SentEvent:
    """The event that `told`, parsed JSON, speaks of; `now` is seconds since the epoch.

    Raises EventRefused for one that is malformed, too old, or not for a page to say.
    """
    if not isinstance(told, Mapping):
        raise EventRefused("An event is an object.")
    if unknown := sorted(set(map(str, told)) - FIELDS):
        raise EventRefused("There is no such field.", field=unknown[0][:40])
    action = _action(told.get("action"))
    watched = _number(told, "watched_seconds", most=MOST_WATCHED_SECONDS)
    if action is Action.WATCH and watched < LEAST_WATCHED_SECONDS:
        raise EventRefused("Too short to be a watch.", field="watched_seconds")
    request = told.get("request_id")
    event = Event(
        action=action,
        clip=_uuid(told.get("clip_id"), field="clip_id"),
        at=now - _age(told),
        watched_seconds=watched,
        loops=_whole(told, "loops") or 0,
        request=None if request is None else _uuid(request, field="request_id"),
        position=_whole(told, "position"),
    )
    return SentEvent(_uuid(told.get("id"), field="id"), event)


def _action(told: object) -> Action:
    try:
        action = Action(told) if isinstance(told, str) else Action("")
    except ValueError as error:
        raise EventRefused("There is no such action.", field="action") from error
    if action not in SENT:
        raise EventRefused("This is said by doing it.", field="action", code="own_act")
    return action


def _age(told: Mapping[str, Any]) -> float:
    age = _number(told, "ago_seconds", most=LONGEST_AGO_SECONDS, least=-OLDEST_SECONDS)
    if age > OLDEST_SECONDS:
        raise EventRefused("This was too long ago.", field="ago_seconds", code="too_old")
    return max(0.0, age)


def _number(told: Mapping[str, Any], field: str, *, most: float, least: float = 0.0) -> float:
    value = told.get(field, 0.0)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise EventRefused("This is no such number.", field=field)
    return float(value)


def _whole(told: Mapping[str, Any], field: str) -> int | None:
    value = told.get(field)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MOST_POSITION:
        raise EventRefused("This is no such whole number.", field=field)
    return value


def _uuid(value: object, *, field: str) -> UUID:
    try:
        return UUID(value) if isinstance(value, str) else UUID("")
    except ValueError as error:
        raise EventRefused("This is no UUID.", field=field) from error
