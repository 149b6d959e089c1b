"""Moderation on the queue: ids only, safe to run twice."""

from math import ceil
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from clips.services import release_expired_screenings
from moderation import screening
from moderation.enforcement import anchors, bans, canary, letters, takedowns
from moderation.enforcement.claims import release_expired_claims
from moderation.enforcement.quality import sample_decisions
from moderation.enforcement.queueing import refresh_priorities
from moderation.enforcement.settling import settle_due
from moderation.selectors.hashes import unfinished_bans
from moderation.selectors.judging import unscreened

PATIENCE_SECONDS = 5.0
BAN_PATIENCE_SECONDS = 5.0
BAN_TIME_LIMIT_SECONDS = 1800
MESSAGE_LIFE_SECONDS = 30
# Every detector has its own limit; this one is for what is not a detector.
TIME_LIMIT_SECONDS = ceil(settings.FRAME_CHECK_SECONDS) * (len(settings.FRAME_DETECTORS) + 1) + 60


@shared_task(
    name="moderation.screen_clip",
    acks_late=True,
    ignore_result=True,
    time_limit=TIME_LIMIT_SECONDS,
)
def screen_clip(clip_id: str) -> None:
    """Judge one clip; nothing when it is judged or being judged."""
    screening.screen_clip(UUID(clip_id), clock=timezone.now)


@shared_task(
    name="moderation.enforce_ban",
    acks_late=True,
    ignore_result=True,
    time_limit=BAN_TIME_LIMIT_SECONDS,
)
def enforce_ban(ban_id: str) -> None:
    """Put a ban's hashes in the bank and take down what was published before it."""
    bans.enforce_ban(UUID(ban_id), now=timezone.now())


@shared_task(name="moderation.self_test", ignore_result=True, time_limit=TIME_LIMIT_SECONDS)
def self_test() -> None:
    """See whether the detectors answer, and judge again what waits only because one did not."""
    canary.self_test(clock=timezone.now)


@shared_task(name="moderation.sweep_bans", ignore_result=True, time_limit=60)
def sweep_bans() -> None:
    """Send the bans again whose message or whose worker was lost."""
    for ban_id in unfinished_bans(now=timezone.now(), older_than_seconds=BAN_PATIENCE_SECONDS):
        enforce_ban.apply_async((str(ban_id),), expires=MESSAGE_LIFE_SECONDS)


@shared_task(name="moderation.sweep", ignore_result=True, time_limit=60)
def sweep() -> None:
    """Send the clips again whose message or whose judge was lost."""
    now = timezone.now()
    lost = release_expired_screenings(now=now)
    waiting = unscreened(now=now, older_than_seconds=PATIENCE_SECONDS)
    for clip_id in dict.fromkeys([*lost, *waiting]):
        screen_clip.apply_async((str(clip_id),), expires=MESSAGE_LIFE_SECONDS)


@shared_task(name="moderation.sweep_desk", ignore_result=True, time_limit=60)
def sweep_desk() -> None:
    """Free what no reviewer keeps in hand; let what they said take effect."""
    now = timezone.now()
    release_expired_claims(now=now)
    settle_due(now=now)


@shared_task(name="moderation.refresh_desk", ignore_result=True, time_limit=300)
def refresh_desk() -> None:
    """Let waiting items grow more urgent; choose the decisions that are judged again."""
    now = timezone.now()
    refresh_priorities(now=now)
    sample_decisions(now=now)


@shared_task(name="moderation.send_letters", ignore_result=True, time_limit=300)
def send_letters() -> None:
    """Send the mail that waits."""
    letters.send_letters(now=timezone.now())


@shared_task(name="moderation.keep_deadlines", ignore_result=True, time_limit=300)
def keep_deadlines() -> None:
    """Take down what nobody decided in time; ban copies; answer what is left unanswered."""
    now = timezone.now()
    takedowns.withdraw_overdue(now=now)
    takedowns.ban_taken_down(now=now)
    takedowns.answer_what_the_desk_finished(now=now)


@shared_task(name="moderation.keep_audit_head", ignore_result=True, time_limit=60)
def keep_audit_head() -> None:
    """Keep the head of the audit log outside the database."""
    anchors.keep_head(now=timezone.now())


@shared_task(name="moderation.forget_letters", ignore_result=True, time_limit=300)
def forget_letters() -> None:
    """Delete letters that were sent a month ago."""
    letters.forget_letters(now=timezone.now())
