"""Batches of events as pages and programs send them."""

from typing import Any
from uuid import uuid4

from django.test import Client

from clips.models import Clip

EVENTS = "/api/v1/events"


def event(clip: Clip, action: str = "watch", **fields: Any) -> dict[str, Any]:
    """An event of `clip` under a fresh id; a watch is of its two seconds."""
    if action == "watch":
        fields.setdefault("watched_seconds", 2.0)
    return {"id": str(uuid4()), "action": action, "clip_id": str(clip.pk), **fields}


def send(client: Client, *events: Any) -> Any:
    """The answer to a batch."""
    return client.post(EVENTS, {"events": list(events)}, content_type="application/json")
