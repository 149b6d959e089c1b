"""What the detectors' answers and failures entail: an outage begins, and ends by itself.

A detector that failed several times in a row is down, and while one is, nothing is published
without a person.  It is up again after several answers in a row; then what was held only because
of it is judged again.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from clips.models import Clip
from clips.services import resubmit_held_clip
from common.states import UnableToMove
from moderation.models.desk import ReviewItem, ReviewKind
from moderation.models.health import DetectorHealth, Outage
from moderation.models.judging import Subject
from moderation.selectors.health import CACHE_KEY, ended_outages, held_by, is_held_by_outage
from moderation.states import OPEN

OFTEN_ENOUGH = timedelta(seconds=5)
RESCREENED_AT_ONCE = 500
LONGEST_PROBLEM = 500

logger = logging.getLogger(__name__)


def note_answer(detector: str, *, now: datetime) -> None:
    """The detector answered as it should; after several answers in a row it is up again."""
    if _is_known_to_be_well(detector, now=now):
        return
    with transaction.atomic():
        health = _locked(detector)
        health.answers += 1
        health.failures = 0
        health.last_answer_at = now
        if health.is_down and health.answers >= settings.DETECTOR_ANSWERS:
            health.is_down = False
            Outage.objects.filter(detector=detector, ended_at=None).update(ended_at=now)
            logger.warning("Detector %s answers again.", detector)
        if not health.is_down:
            health.failing_since, health.problem = None, ""
        health.save()
    cache.delete(CACHE_KEY)


def note_failure(detector: str, problem: str, *, now: datetime) -> None:
    """The detector failed, or did not answer; after several times in a row it is down."""
    with transaction.atomic():
        health = _locked(detector)
        health.failures += 1
        health.answers = 0
        health.last_failure_at = now
        health.failing_since = health.failing_since or now
        health.problem = problem[:LONGEST_PROBLEM]
        if not health.is_down and health.failures >= settings.DETECTOR_FAILURES:
            health.is_down = True
            Outage.objects.create(detector=detector, began_at=health.failing_since)
            logger.error("Detector %s is down: everything waits for a person.", detector)
        health.save()
    cache.delete(CACHE_KEY)


def rescreen_after_outages(*, now: datetime) -> int:
    """Send what was held only because of an outage that is over back to be judged; how many."""
    sent = 0
    for outage in ended_outages():
        clips = list(held_by(outage)[:RESCREENED_AT_ONCE])
        now_sent = sum(_rescreened(clip, now=now) for clip in clips if is_held_by_outage(clip))
        sent += now_sent
        if len(clips) < RESCREENED_AT_ONCE or not now_sent:
            Outage.objects.filter(pk=outage.pk).update(rescreened_at=now)
    return sent


@transaction.atomic
def _rescreened(clip: Clip, *, now: datetime) -> bool:
    """Whether the clip goes back in line: nobody has taken it from the desk meanwhile."""
    items = ReviewItem.objects.select_for_update().filter(
        kind=ReviewKind.CONTENT, subject=Subject.CLIP, subject_id=clip.pk, closed_at=None
    )
    if any(item.state != OPEN for item in items):
        return False
    try:
        resubmit_held_clip(clip, note="the automatic checks answer again", now=now)
    except UnableToMove:
        return False
    return True


def _locked(detector: str) -> DetectorHealth:
    """The detector's row, made when it is new, and nobody else's until the commit."""
    DetectorHealth.objects.bulk_create([DetectorHealth(detector=detector)], ignore_conflicts=True)
    return DetectorHealth.objects.select_for_update().get(pk=detector)


def _is_known_to_be_well(detector: str, *, now: datetime) -> bool:
    """Whether an answer would change nothing but the time, and that was noted a moment ago."""
    well = DetectorHealth.objects.filter(pk=detector, is_down=False, failures=0)
    return well.filter(last_answer_at__gt=now - OFTEN_ENOUGH, answers__gt=0).exists()
