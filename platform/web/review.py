"""What reviewers see of rows: addresses, readings by the second, queues with their titles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from clips.models import Clip, RenditionKind
from moderation.selectors.desk import NO_CATEGORY

if TYPE_CHECKING:
    from common.proportions import Proportion
    from moderation.models.judging import Signal
    from moderation.policy.rules import Policy
    from moderation.selectors.desk import Queue

SHOWN_KINDS = (RenditionKind.MP4, RenditionKind.SPRITESHEET, RenditionKind.POSTER)
HIGH, DOUBTFUL = 0.8, 0.2
PERCENT = 100


@dataclass(frozen=True)
class Reading:
    """What a detector said of one moment."""

    seconds: float | None
    percent: int
    grade: str


@dataclass(frozen=True)
class ShownSignal:
    """A detector's answer, with its readings by the second and the rest of its evidence."""

    signal: "Signal"
    percent: int | None
    grade: str
    readings: list[Reading]
    evidence: dict[str, Any]


@dataclass(frozen=True)
class ShownShare:
    """A share in percent, with its interval; without cases there are no percents."""

    hits: int
    total: int
    percent: str
    low_percent: str
    high_percent: str


@dataclass(frozen=True)
class ShownQueue:
    """A queue as a reviewer reads it."""

    queue: "Queue"
    title: str
    query: str
    deadline_at: datetime | None


def file_urls(clip: Clip) -> dict[str, str]:
    """The addresses of the clip's video, contact sheet and poster, by kind."""
    renditions = clip.video.renditions.filter(kind__in=SHOWN_KINDS)
    return {
        rendition.kind: reverse("clips:file", kwargs={"clip_id": clip.pk, "name": rendition.name})
        for rendition in renditions
    }


def shown_signals(signals: Iterable["Signal"]) -> list[ShownSignal]:
    """The signals, surest first, and first of all those that failed."""
    shown = [_shown(signal) for signal in signals]
    return sorted(shown, key=lambda one: -PERCENT - 1 if one.percent is None else -one.percent)


def _shown(signal: "Signal") -> ShownSignal:
    evidence = dict(signal.evidence)
    return ShownSignal(
        signal=signal,
        percent=None if signal.score is None else round(signal.score * PERCENT),
        grade="bad" if signal.score is None else _grade(signal.score),
        readings=_readings(evidence),
        evidence=evidence,
    )


def _readings(evidence: dict[str, Any]) -> list[Reading]:
    """Scores by frame, taken out of the evidence, where it has them."""
    scores = evidence.get("frames")
    if not isinstance(scores, list) or not all(isinstance(one, int | float) for one in scores):
        return []
    seconds = evidence.pop("seconds", None)
    del evidence["frames"]
    if not isinstance(seconds, list) or len(seconds) != len(scores):
        seconds = [None] * len(scores)
    return [
        Reading(at, round(score * PERCENT), _grade(score))
        for at, score in zip(seconds, scores, strict=True)
    ]


def _grade(score: float) -> str:
    return "bad" if score >= HIGH else "warm" if score >= DOUBTFUL else "good"


def shown_queues(queues: Iterable["Queue"], policy: "Policy") -> list[ShownQueue]:
    """The queues with the titles the policy gives their categories."""
    return [
        ShownQueue(
            queue=queue,
            title=title_of(queue.category, policy),
            query=f"only_category={queue.category or NO_CATEGORY}&only_severity={queue.severity}",
            deadline_at=queue.deadline_at,
        )
        for queue in queues
    ]


def title_of(category: str, policy: "Policy") -> str:
    """What people call the category."""
    if not category:
        return "Without a category"
    known: Mapping[str, Any] = policy.categories
    return str(known[category].title) if category in known else category


def shown_share(share: "Proportion") -> ShownShare:
    """The share as people read it, to a tenth of a percent."""
    percents = [
        "" if one is None else f"{one * PERCENT:.1f}"
        for one in (share.share, share.low, share.high)
    ]
    return ShownShare(share.hits, share.total, *percents)
