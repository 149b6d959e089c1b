"""Words at the door."""

import logging
from datetime import datetime
from typing import Any

import pytest

from moderation.models.judging import Decision, Signal
from moderation.services.words import (
    PromptRefused,
    TextRefused,
    screen_caption,
    screen_comment,
    screen_profile,
    screen_prompt,
)


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
    fired = Signal.objects.get(subject_id=decision.subject_id, detector="lexicon", score__gt=0)
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
