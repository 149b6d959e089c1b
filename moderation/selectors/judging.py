"""Reads of signals, decisions and of what waits to be judged."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from clips.models import Clip
from clips.states import SUBMITTED
from moderation.models.judging import Decision, Signal, Subject

LONGEST_LINE = 50


def signals_of(clip: Clip) -> QuerySet[Signal]:
    """What the detectors said of the clip's file, strongest first, failures before all."""
    own = Signal.objects.filter(subject=Subject.CLIP, subject_id=clip.pk, digest=clip.digest)
    return own.order_by("-score", "detector", "category")


def fingerprint(clip: Clip) -> str:
    """The SHA-256 of all a reviewer judges: the file, the caption and the hashtags."""
    seen = "\0".join([clip.digest, clip.caption, *clip.hashtags])
    return hashlib.sha256(seen.encode()).hexdigest()


def decisions_on(clip: Clip) -> QuerySet[Decision]:
    """Every decision about the clip, newest first."""
    own = Decision.objects.filter(subject=Subject.CLIP, subject_id=clip.pk)
    return own.select_related("decided_by").order_by("-pk")


def unscreened(*, now: datetime, older_than_seconds: float) -> list[UUID]:
    """The clips nobody has begun to judge for a while, longest waiting first, a few at a time."""
    before = now - timedelta(seconds=older_than_seconds)
    waiting = Clip.objects.filter(state=SUBMITTED, created_at__lt=before)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:LONGEST_LINE])
