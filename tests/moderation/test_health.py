"""When a detector fails or falls silent everything waits, says so, and goes on by itself."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip
from clips.states import HELD, PUBLISHED, REJECTED, SUBMITTED
from generation.checks import check_picture_guard
from moderation.classifiers.child import HASHES
from moderation.classifiers.isolation import stop_idle
from moderation.enforcement.canary import self_test
from moderation.enforcement.health import note_answer, note_failure, rescreen_after_outages
from moderation.models.desk import ReviewItem
from moderation.models.health import DetectorHealth, Outage
from moderation.models.judging import Decision
from moderation.policy.rules import Outcome
from moderation.screening import screen_clip
from moderation.selectors.health import checks_are_down, detector_states
from tests.moderation.conftest import DETECTORS, MakeClip, MakeUser
from tests.moderation.reviewing import reviewed
from tests.people import browser_of

CALM, RAISING = f"{DETECTORS}.Calm", f"{DETECTORS}.Raising"


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> Iterator[None]:
    settings.FRAME_DETECTORS = [CALM]
    yield
    stop_idle()


def screened(clip: Clip) -> Clip:
    screen_clip(clip.pk, clock=timezone.now)
    clip.refresh_from_db()
    return clip


def fail(detector: str, times: int, *, now: datetime | None = None) -> None:
    for _ in range(times):
        note_failure(detector, "out of order", now=now or timezone.now())


def answer(detector: str, times: int) -> None:
    for _ in range(times):
        note_answer(detector, now=timezone.now())


@pytest.mark.usefixtures("db")
def test_several_failures_in_a_row_make_an_outage_and_several_answers_end_it() -> None:
    fail(CALM, 2)
    answer(CALM, 1)
    fail(CALM, 2)
    assert not checks_are_down(now=timezone.now())
    fail(CALM, 1)
    assert checks_are_down(now=timezone.now())
    answer(CALM, 1)
    assert checks_are_down(now=timezone.now())
    fail(CALM, 1)
    answer(CALM, 1)
    assert checks_are_down(now=timezone.now())
    answer(CALM, 1)
    assert not checks_are_down(now=timezone.now())
    outage = Outage.objects.get()
    assert outage.ended_at is not None
    assert outage.began_at <= outage.ended_at


@pytest.mark.usefixtures("db")
def test_a_detector_that_is_not_heard_for_long_is_silent(settings: Any) -> None:
    note_answer(CALM, now=timezone.now())
    later = timezone.now() + timedelta(seconds=settings.DETECTOR_SILENT_SECONDS + 1)
    assert not checks_are_down(now=timezone.now())
    assert checks_are_down(now=later)
    fail("some.other.detector", 5)
    assert not checks_are_down(now=timezone.now())


def test_while_a_detector_is_down_nothing_is_shown_though_it_answers_this_time(
    make_clip: MakeClip, settings: Any
) -> None:
    fail(CALM, 3)
    clip = screened(make_clip())
    assert clip.state == HELD
    assert Decision.objects.get(subject_id=clip.pk).rules == ["checks_down"]
    assert "everything waits" in clip.reason
    assert screened(make_clip(caption="white power")).state == REJECTED


def test_screening_itself_notices_a_detector_that_fails(make_clip: MakeClip, settings: Any) -> None:
    settings.FRAME_DETECTORS = [RAISING]
    for _ in range(settings.DETECTOR_FAILURES):
        assert not checks_are_down(now=timezone.now())
        screened(make_clip())
    assert checks_are_down(now=timezone.now())
    (state,) = [one for one in detector_states(now=timezone.now()) if one.detector == RAISING]
    assert "out of order" in state.problem
    assert DetectorHealth.objects.get(pk=HASHES).failures == 0


@pytest.mark.parametrize("name", ["Silent", "Babbling", "missing_model"])
def test_the_self_test_finds_out_without_any_clip(name: str, db: None, settings: Any) -> None:
    settings.FRAME_DETECTORS = [f"{DETECTORS}.{name}"]
    for _ in range(settings.DETECTOR_FAILURES):
        self_test(clock=timezone.now)
    states = {one.detector: one for one in detector_states(now=timezone.now())}
    assert not states[f"{DETECTORS}.{name}"].is_well
    assert states[HASHES].is_well


def test_the_self_test_asks_the_real_detector_about_a_made_up_video(
    db: None, settings: Any
) -> None:
    settings.FRAME_DETECTORS = ["moderation.classifiers.nudity.nudity_detector"]
    self_test(clock=timezone.now)
    assert [one.is_well for one in detector_states(now=timezone.now())] == [True, True]
    assert DetectorHealth.objects.filter(answers=1, failures=0).count() == 2
    self_test(clock=timezone.now)
    assert DetectorHealth.objects.filter(answers=1).count() == 2, "asked again at once"


def test_what_waited_for_an_outage_only_is_judged_again_when_it_is_over(
    make_clip: MakeClip, moderator: User, settings: Any
) -> None:
    waiting, doubtful, claimed, decided = (
        make_clip(), make_clip(caption="a nude statue"), make_clip(), make_clip()
    )  # fmt: skip
    settings.DETECTOR_ANSWERS = 6
    fail(CALM, 3)
    for clip in (waiting, doubtful, claimed, decided):
        assert screened(clip).state == HELD
    reviewed(moderator, decided, Outcome.BLOCK, now=timezone.now())
    ReviewItem.objects.filter(subject_id=claimed.pk).update(state="claimed", claimed_by=moderator)
    assert rescreen_after_outages(now=timezone.now()) == 0
    settings.SELF_TEST_SECONDS = 0.0
    for _ in range(2):
        self_test(clock=timezone.now)
    states = {
        clip.pk: Clip.objects.get(pk=clip.pk).state
        for clip in (waiting, doubtful, claimed, decided)
    }
    assert list(states.values()) == [SUBMITTED, HELD, HELD, REJECTED]
    assert screened(waiting).state == PUBLISHED
    assert waiting.reason == ""
    assert not ReviewItem.objects.filter(subject_id=waiting.pk, closed_at=None).exists()
    assert Outage.objects.get().rescreened_at is not None


def test_a_clip_that_is_to_blame_itself_does_not_go_round_for_ever(
    make_clip: MakeClip, settings: Any
) -> None:
    clip = make_clip()
    settings.SELF_TEST_SECONDS = 0.0
    rounds = 0
    while rounds < 9:
        settings.FRAME_DETECTORS = [RAISING]
        screened(clip)
        assert clip.state == HELD
        fail(RAISING, 3)
        answer(RAISING, settings.DETECTOR_ANSWERS)
        rounds += 1
        if not rescreen_after_outages(now=timezone.now()):
            break
    assert rounds == 4
    assert screened(clip).state == HELD


def test_creators_and_reviewers_are_told_and_viewers_are_not(
    make_user: MakeUser, client: Client
) -> None:
    creator, reviewer, viewer = (
        browser_of(make_user(role)) for role in (Role.CREATOR, Role.MODERATOR, Role.VIEWER)
    )
    said = b"Automatic checks are down"
    assert said not in creator.get("/studio").content
    fail(CALM, 3)
    for told in (creator, reviewer):
        assert said in told.get("/").content
    for untold in (viewer, client):
        assert said not in untold.get("/").content
    answer(CALM, 2)
    assert said not in creator.get("/").content


@pytest.mark.usefixtures("db")
def test_the_command_says_what_is_down() -> None:
    out = StringIO()
    call_command("gate_status", stdout=out)
    assert "not heard of yet" in out.getvalue()
    fail(CALM, 3)
    with pytest.raises(CommandError, match="waits for a person"):
        call_command("gate_status", stdout=out)
    assert "3 failures in a row. out of order" in out.getvalue()


STRONG = """
engines:
  - id: photoreal-9
    driver: generation.engines.diffusers_engine.DiffusersEngine
    source: somebody/photoreal
    owned_by: somebody
    created: 1795305600
    sizes: [720x1280]
    lengths: {"2": {frames: 16, frames_per_second: 8}}
    inference_steps: 8
    max_inference_steps: 50
    guidance_scale: 2.0
"""


def test_a_strong_engine_needs_a_picture_guard_or_a_word_of_the_operator(
    settings: Any, tmp_path: Any
) -> None:
    nudity = "moderation.classifiers.nudity.nudity_detector"
    settings.FRAME_DETECTORS = [nudity]
    assert check_picture_guard() == []
    settings.ENGINES_FILE = tmp_path / "engines.yaml"
    settings.ENGINES_FILE.write_text(STRONG)
    (problem,) = check_picture_guard()
    assert (problem.id, problem.is_serious()) == ("generation.E002", True)
    settings.UNGUARDED_ENGINES = frozenset({"photoreal-9"})
    (warning,) = check_picture_guard()
    assert (warning.id, warning.is_serious()) == ("generation.W001", False)
    settings.UNGUARDED_ENGINES = frozenset()
    settings.FRAME_DETECTORS = [nudity, "some.violence.detector"]
    assert check_picture_guard() == []
    settings.ENGINES_FILE = tmp_path / "none.yaml"
    settings.FRAME_DETECTORS = [nudity]
    assert [one.id for one in check_picture_guard()] == ["generation.E001"]
