"""Decisions are judged again by somebody who does not know them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip
from clips.states import HELD
from common.ids import new_id
from config.demo.clips import HELD as FOR_THE_DESK
from moderation.enforcement.quality import is_sampled, sample_decisions
from moderation.models.desk import ReviewItem, ReviewKind
from moderation.models.judging import Decision
from moderation.policy.rules import Outcome
from moderation.selectors.quality import figures
from moderation.services.desk import take_next
from tests.moderation.conftest import MakeClip, MakeUser
from tests.moderation.reviewing import reviewed
from tests.moderation.test_desk_service import answer, item_of, said
from tests.moderation.test_screening import screened


def test_the_sample_is_the_share_that_was_asked_for_and_the_same_every_time() -> None:
    ids = [new_id() for _ in range(20_000)]
    chosen = [one for one in ids if is_sampled(one, share=0.05)]
    assert 850 < len(chosen) < 1150
    assert chosen == [one for one in ids if is_sampled(one, share=0.05)]
    assert not any(is_sampled(one, share=0.0) for one in ids)
    assert all(is_sampled(one, share=1.0) for one in ids)


def test_a_sampled_decision_is_checked_once_and_not_by_who_made_it(
    clip: Clip, moderator: User, make_user: MakeUser, settings: Any
) -> None:
    settings.FRAME_DETECTORS = []
    settings.QUALITY_SHARE_OF_PEOPLE = 1.0
    settings.QUALITY_SHARE_OF_MACHINES = 0.0
    now = timezone.now()
    screened(clip)
    reviewed(moderator, clip, Outcome.ALLOW, now=now)
    assert sample_decisions(now=now) == 1
    assert sample_decisions(now=now) == 0
    item = item_of(clip, ReviewKind.QUALITY)
    assert item.checks == Decision.objects.get(decided_by=moderator)
    assert take_next(moderator, now=now) is None

    other = make_user(Role.MODERATOR)
    said(other, clip, Outcome.ALLOW, now)
    shown = figures(other, now=now + timedelta(minutes=1))
    assert (shown.human_errors.hits, shown.human_errors.total) == (0, 1)
    assert (shown.machine_errors.total, shown.agreement_pairs) == (0, 1)
    assert ReviewItem.objects.exclude(state="done").count() == 0


def test_a_machine_that_was_wrong_is_counted_and_brought_before_an_admin(
    clip: Clip, moderator: User, settings: Any
) -> None:
    settings.QUALITY_SHARE_OF_MACHINES = 1.0
    now = timezone.now()
    screened(clip)
    assert sample_decisions(now=now) == 1
    said(moderator, clip, Outcome.BLOCK, now)
    clip.refresh_from_db()
    assert clip.state == "published"
    shown = figures(moderator, now=now + timedelta(minutes=1))
    assert (shown.machine_errors.hits, shown.machine_errors.total) == (1, 1)
    assert item_of(clip).is_escalated
    assert shown.exposure[0].handle == moderator.handle
    assert answer(clip, Outcome.ALLOW).seen


def test_the_demo_leaves_something_for_the_desk(make_clip: MakeClip) -> None:
    clip = screened(make_clip(prompt=FOR_THE_DESK[0].prompt, caption=FOR_THE_DESK[0].caption))
    assert clip.state == HELD
    assert item_of(clip).category
