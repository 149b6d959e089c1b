"""Whether the detectors answer, and what it means for the site that they do not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet

from clips.models import Clip
from clips.states import HELD
from moderation.classifiers.child import HASHES
from moderation.models.health import DetectorHealth, Outage
from moderation.models.judging import Decision, Subject
from moderation.policy.rules import ON_ERROR

CHECKS_DOWN = "checks_down"
"""The rule by which a clip is held though every detector answered this time."""
OUTAGE_RULES = [ON_ERROR, CHECKS_DOWN]
MOST_OUTAGES = 3
CACHE_KEY = "moderation:checks-down"
FRESH_SECONDS = 5


@dataclass(frozen=True)
class DetectorState:
    """One required detector: `is_down` after failures, `is_silent` when nothing came for long."""

    detector: str
    is_down: bool
    is_silent: bool
    last_answer_at: datetime | None
    failures: int
    problem: str

    @property
    def is_well(self) -> bool:
        """Whether it can be relied on."""
        return not self.is_down and not self.is_silent


def required_detectors() -> list[str]:
    """Everything that has to answer before a clip is shown."""
    return [HASHES, *settings.FRAME_DETECTORS]


def detector_states(*, now: datetime) -> list[DetectorState]:
    """Each required detector; one that was never asked yet is neither down nor silent."""
    rows = {row.detector: row for row in DetectorHealth.objects.all()}
    return [_state(name, rows.get(name), now=now) for name in required_detectors()]


def _state(detector: str, row: DetectorHealth | None, *, now: datetime) -> DetectorState:
    if row is None:
        return DetectorState(detector, is_down=False, is_silent=False, last_answer_at=None,
                             failures=0, problem="")  # fmt: skip
    heard = row.last_answer_at or row.created_at
    return DetectorState(
        detector,
        is_down=row.is_down,
        is_silent=now - heard > timedelta(seconds=settings.DETECTOR_SILENT_SECONDS),
        last_answer_at=row.last_answer_at,
        failures=row.failures,
        problem=row.problem,
    )


def checks_are_down(*, now: datetime) -> bool:
    """Whether everything has to wait for a person: the truth, from the table."""
    return not all(state.is_well for state in detector_states(now=now))


def checks_seem_down(*, now: datetime) -> bool:
    """The same for pages, at most a few seconds old."""
    known: bool | None = cache.get(CACHE_KEY)
    if known is None:
        known = checks_are_down(now=now)
        cache.set(CACHE_KEY, known, FRESH_SECONDS)
    return known


def ended_outages() -> QuerySet[Outage]:
    """The outages that are over, while what they held still waits."""
    return Outage.objects.filter(ended_at__isnull=False, rescreened_at=None)


def held_by(outage: Outage) -> QuerySet[Clip]:
    """The clips that a machine held during the outage because of one, and that still are."""
    decisions = Decision.objects.filter(subject=Subject.CLIP, decided_by=None)
    decisions = decisions.filter(rules__0__in=OUTAGE_RULES, created_at__gte=outage.began_at)
    return Clip.objects.filter(state=HELD, pk__in=decisions.values("subject_id")).order_by("pk")


def is_held_by_outage(clip: Clip) -> bool:
    """Whether the last decision on the clip is a machine's, only because a check was down.

    Not when that happened so often that it must be the clip's own fault.
    """
    own = Decision.objects.filter(subject=Subject.CLIP, subject_id=clip.pk, digest=clip.digest)
    rules = list(own.order_by("-pk").values_list("rules", "decided_by")[: MOST_OUTAGES + 1])
    if not rules or not _is_outage(*rules[0]):
        return False
    return sum(_is_outage(*one) for one in rules) <= MOST_OUTAGES


def _is_outage(rules: list[str], decided_by: object) -> bool:
    return decided_by is None and bool(rules) and set(rules) <= set(OUTAGE_RULES)
