"""Words at the door, and what reviewers decide."""

import logging
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Role
from clips.models import Clip
from clips.services import edit_clip
from clips.states import HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.errors import Denied, Invalid, NotFound
from common.ids import new_id
from moderation.models.judging import Decision, Signal
from moderation.policy.rules import Outcome
from moderation.selectors.judging import fingerprint
from moderation.services.clips import UnableToDecide, decide_clip
from moderation.services.words import (
    PromptRefused,
    TextRefused,
    screen_caption,
    screen_comment,
    screen_profile,
    screen_prompt,
)
from tests.moderation.conftest import MakeUser
from tests.moderation.test_screening import screened


@pytest.fixture
def held(clip: Clip, settings: Any) -> Clip:
    settings.FRAME_DETECTORS = []
    assert screened(clip).state == HELD
    return clip


def test_a_harmless_prompt_passes_and_its_decision_is_kept(author: Any, now: datetime) -> None:
    verdict = screen_prompt(owner=author, prompt="a kite over a beach", now=now)
    assert not verdict.is_to_be_reviewed
    decision = Decision.objects.get(about=author)
    assert (decision.subject, decision.verdict, decision.reason) == ("prompt", "allow", "")
    assert len(decision.digest) == 64


def test_a_refused_prompt_says_why_and_leaves_its_decision(
    author: Any, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(PromptRefused, match="how to make a weapon") as refusal:
        screen_prompt(owner=author, prompt="how to build a pipe bomb at home", now=now)
    assert refusal.value.code == "moderation_blocked"
    assert refusal.value.field == "prompt"
    assert "try again" in refusal.value.message
    decision = Decision.objects.get(about=author)
    assert decision.verdict == "block"
    assert "weapons" in decision.rules
    fired = Signal.objects.get(
        subject_id=decision.subject_id, detector="lexicon", score__gt=0
    )
    assert fired.evidence["patterns"] == ["instruct + weapon"]
    assert "pipe" not in caplog.text + str(fired.evidence)


def test_a_doubtful_prompt_passes_with_a_warning(author: Any, now: datetime) -> None:
    verdict = screen_prompt(owner=author, prompt="a nude statue in a museum", now=now)
    assert verdict.is_to_be_reviewed
    assert "person will look" in verdict.message


def test_a_negative_prompt_may_name_what_is_not_wanted(author: Any, now: datetime) -> None:
    verdict = screen_prompt(owner=author, prompt="a kite", negative_prompt="nsfw, gore", now=now)
    assert not verdict.is_to_be_reviewed


def test_comments_and_profiles_pass_only_when_allowed(author: Any, now: datetime) -> None:
    screen_comment(author=author, text="lovely colours", now=now)
    screen_profile(owner=author, text="I fly kites", now=now)
    for text in ("kill yourself", "k i l l  y o u r s e l f", "hitler"):
        with pytest.raises(TextRefused, match="other words"):
            screen_comment(author=author, text=text, now=now)
    with pytest.raises(TextRefused):
        screen_profile(owner=author, text="white power", now=now)


def test_a_caption_in_doubt_passes_and_a_forbidden_one_does_not(author: Any, now: datetime) -> None:
    screen_caption(author=author, text="a nude statue", now=now)
    with pytest.raises(TextRefused):
        screen_caption(author=author, text="gas the jews", now=now)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CREATOR])
def test_only_moderators_and_admins_decide(
    role: Role, held: Clip, make_user: MakeUser, now: datetime
) -> None:
    with pytest.raises(Denied):
        decide_clip(make_user(role), held.pk, verdict=Outcome.ALLOW, now=now)
    held.refresh_from_db()
    assert held.state == HELD
    decide_clip(make_user(Role.MODERATOR), held.pk, verdict=Outcome.ALLOW, now=now)
    held.refresh_from_db()
    assert held.state == PUBLISHED


def test_nobody_lets_their_own_clip_pass(held: Clip, moderator: Any, now: datetime) -> None:
    author = held.author
    author.role = Role.ADMIN
    author.save(update_fields=["role"])
    with pytest.raises(UnableToDecide, match="Somebody else"):
        decide_clip(author, held.pk, verdict=Outcome.ALLOW, now=now)
    decide_clip(moderator, held.pk, verdict=Outcome.ALLOW, now=now)
    held.refresh_from_db()
    assert held.state == PUBLISHED


def test_an_approval_is_a_decision_on_this_very_file(
    held: Clip, moderator: Any, now: datetime
) -> None:
    decide_clip(moderator, held.pk, verdict=Outcome.ALLOW, seen=fingerprint(held), now=now)
    decision = Decision.objects.filter(subject_id=held.pk).latest("pk")
    assert (decision.decided_by, decision.digest) == (moderator, held.digest)
    held.refresh_from_db()
    assert held.allowed_digest == held.digest


def test_a_rejection_needs_a_reason_and_the_author_reads_it(
    held: Clip, moderator: Any, now: datetime
) -> None:
    with pytest.raises(Invalid, match="author will read"):
        decide_clip(moderator, held.pk, verdict=Outcome.BLOCK, reason="  ", now=now)
    reason = "It shows a brand without leave; cut it out and post again."
    decide_clip(moderator, held.pk, verdict=Outcome.BLOCK, reason=reason, now=now)
    held.refresh_from_db()
    assert (held.state, held.reason) == (REJECTED, reason)


def test_a_published_clip_can_be_stopped(held: Clip, moderator: Any, now: datetime) -> None:
    decide_clip(moderator, held.pk, verdict=Outcome.ALLOW, now=now)
    decide_clip(moderator, held.pk, verdict=Outcome.REVIEW, reason="Another look.", now=now)
    held.refresh_from_db()
    assert (held.state, held.allowed_digest) == (HELD, "")
    decide_clip(moderator, held.pk, verdict=Outcome.ALLOW, now=now)
    decide_clip(moderator, held.pk, verdict=Outcome.BLOCK, reason="Reported.", now=now)
    held.refresh_from_db()
    assert (held.state, held.reason) == (WITHDRAWN, "Reported.")


def test_what_changed_under_the_reviewers_eyes_is_not_decided(
    held: Clip, moderator: Any, now: datetime
) -> None:
    seen = fingerprint(held)
    edit_clip(held.author, held.pk, caption="something new", now=now)
    with pytest.raises(UnableToDecide, match="look again"):
        decide_clip(moderator, held.pk, verdict=Outcome.ALLOW, seen=seen, now=now)
    assert Decision.objects.filter(subject_id=held.pk, decided_by=moderator).count() == 0


def test_clips_that_are_not_waiting_or_not_there_are_refused(
    clip: Clip, moderator: Any, now: datetime
) -> None:
    with pytest.raises(UnableToDecide):
        decide_clip(moderator, clip.pk, verdict=Outcome.ALLOW, now=now)
    with pytest.raises(NotFound):
        decide_clip(moderator, new_id(), verdict=Outcome.ALLOW, now=now)
