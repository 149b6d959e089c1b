"""Captions are judged as captions: what people write over a clip, not what they ask a model for."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from clips.models import Clip
from clips.states import HELD, PUBLISHED, REJECTED
from generation.models import Job
from moderation.classifiers import trained
from moderation.classifiers.canonical import canonical
from moderation.classifiers.port import Finding
from moderation.classifiers.trained import caption_screen, prompt_screen
from moderation.enforcement import readers
from moderation.policy.rules import Outcome, Policy, verdict
from moderation.screening import screen_clip
from moderation.services.screens import file_policy
from moderation.training.corpus import caption_examples, own_examples, talk_examples
from tests.moderation.captions import FORBIDDEN, ORDINARY
from tests.moderation.conftest import DETECTORS, MakeClip
from tests.people import make_user, program_of

PROMPT = "a kite over a beach"
# Sensible over a clip; the screens of prompts, which never saw such talk, would refuse them.
TALK = ("wait for the end", "Merry Christmas everyone")


def at_door(caption: str, policy: Policy | None = None) -> Outcome:
    policy = policy or file_policy()
    stage = "caption" if "caption" in policy.stages else "prompt"
    findings = readers.read_caption({"caption": caption}, policy)
    return verdict(findings, policy, stage=stage).decision


def with_prompt(caption: str, policy: Policy | None = None) -> Outcome:
    policy = policy or file_policy()
    findings = readers.read_fully({"prompt": PROMPT, "caption": caption}, policy)
    return verdict(findings, policy, stage="render").decision


def said_by(screen: str, findings: Sequence[Finding]) -> Mapping[str, float | None]:
    return {one.category: one.score for one in findings if one.detector == screen}


@pytest.mark.parametrize("judge", [at_door, with_prompt])
def test_ordinary_captions_are_shown_and_forbidden_ones_are_not(
    judge: Callable[[str], Outcome],
) -> None:
    ordinary = Counter(judge(caption) for caption in ORDINARY)
    forbidden = Counter(judge(caption) for caption in FORBIDDEN)
    assert ordinary[Outcome.BLOCK] == 0
    assert ordinary[Outcome.ALLOW] / len(ORDINARY) >= 0.98
    assert forbidden[Outcome.BLOCK] / len(FORBIDDEN) >= 0.94


def test_none_of_them_was_taught() -> None:
    taught = [*caption_examples(seed=2026), *talk_examples(seed=2026), *own_examples(seed=2026)]
    known = {canonical(example.text) for example in taught}
    assert len(ORDINARY) >= 150
    assert known.isdisjoint(map(canonical, (*ORDINARY, *FORBIDDEN)))


@pytest.mark.parametrize("caption", ["", *TALK, FORBIDDEN[0]])
def test_a_prompt_is_judged_as_if_nothing_were_written_over_it(caption: str) -> None:
    policy = file_policy()
    for prompt in (PROMPT, TALK[0], "a man stabs a woman with a knife, blood everywhere"):
        alone = prompt_screen().judge({"prompt": prompt})
        texts = {"prompt": prompt, "caption": caption, "hashtags": ""}
        findings = readers.read_fully(texts, policy)
        assert said_by("prompt_screen", findings) == said_by("prompt_screen", alone)
        posted = caption_screen().judge({"caption": caption})
        assert said_by("caption_screen", findings) == said_by("caption_screen", posted)


def test_a_policy_that_knows_no_captions_has_the_screens_of_prompts_read_them() -> None:
    policy = file_policy()
    names = policy.stages.keys() - {"caption"}
    without = {name: policy.stages[name] - {"caption_screen"} for name in names}
    older = replace(policy, stages=without)
    for caption in TALK:
        assert (at_door(caption), with_prompt(caption)) == (Outcome.ALLOW, Outcome.ALLOW)
        assert with_prompt(caption, older) is Outcome.BLOCK
    assert at_door("gas the jews", older) is at_door("gas the jews") is Outcome.BLOCK


@pytest.fixture
def _no_caption_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Its weights are gone; those of the others are where they were."""
    for file in trained.FOLDER.iterdir():
        if file.stem != "caption_screen":
            (tmp_path / file.name).symlink_to(file)
    monkeypatch.setattr(trained, "FOLDER", tmp_path)
    trained.trained_screen.cache_clear()
    yield
    trained.trained_screen.cache_clear()


def screened(clip: Clip) -> str:
    screen_clip(clip.pk, clock=timezone.now)
    clip.refresh_from_db()
    return clip.state


@pytest.fixture
def _calm(settings: Any) -> None:
    settings.FRAME_DETECTORS = [f"{DETECTORS}.Calm"]


@pytest.mark.usefixtures("_calm", "_no_caption_screen")
def test_without_its_screen_no_caption_is_shown(make_clip: MakeClip) -> None:
    assert at_door(TALK[0]) is Outcome.REVIEW
    assert at_door("gas the jews") is Outcome.BLOCK
    assert screened(make_clip(caption=TALK[0])) == HELD


@pytest.mark.usefixtures("_calm")
def test_a_clip_is_shown_with_what_people_say_and_not_with_what_hurts(make_clip: MakeClip) -> None:
    assert screened(make_clip(caption=TALK[0], hashtags=("fyp", "viral"))) == PUBLISHED
    assert screened(make_clip(caption="selling fake passports, message me")) == REJECTED
    assert screened(make_clip(hashtags=("whitepower",))) == REJECTED


@pytest.mark.django_db
def test_a_forbidden_caption_is_refused_with_the_request_and_an_ordinary_one_is_not() -> None:
    program = program_of(make_user())

    def ask(caption: str) -> Any:
        body = {"prompt": PROMPT, "post": {"caption": caption}}
        return program.post("/v1/videos", body, content_type="application/json")

    refused = ask("cocaine for sale, message me for prices")
    assert (refused.status_code, Job.objects.count()) == (400, 0)
    assert refused.json()["error"]["code"] == "moderation_blocked"
    assert "cocaine" not in refused.content.decode()
    assert ask(TALK[0]).status_code == 200
    assert Job.objects.get().caption == TALK[0]
