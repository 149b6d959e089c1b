"""A clip is shown when every check has answered and policy allows it; otherwise never."""

import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip
from clips.services import claim_for_screening, edit_clip, release_expired_screenings
from clips.states import HELD, PUBLISHED, REJECTED, SCREENING, SUBMITTED
from common.errors import Unavailable
from common.ids import new_id
from common.objects import store
from common.storage import FileSystemStore, UnableToReachStore
from moderation import tasks
from moderation.checks import check_policy
from moderation.classifiers.isolation import stop_idle
from moderation.enforcement import bans, frame_checks
from moderation.models.judging import Decision, Signal
from moderation.models.policies import PolicyVersion
from moderation.screening import screen_clip
from moderation.selectors.policies import forget_policies
from moderation.services.policies import (
    PolicyDocument,
    activate_policy,
    document_at,
    propose_policy,
)
from moderation.services.words import screen_prompt
from tests.moderation.conftest import DETECTORS, MakeClip, MakeUser

BROKEN = ["Raising", "Dying", "Silent", "Babbling", "missing_model", "NoSuchDetector"]


@pytest.fixture(autouse=True)
def _detectors_end() -> Iterator[None]:
    yield
    stop_idle()


@pytest.fixture
def use_detector(settings: Any) -> Any:
    def use(name: str) -> None:
        settings.FRAME_DETECTORS = [f"{DETECTORS}.{name}"]

    return use


def screened(clip: Clip) -> Clip:
    screen_clip(clip.pk, clock=timezone.now)
    clip.refresh_from_db()
    return clip


def test_a_harmless_clip_is_published_with_a_decision_on_its_very_file(clip: Clip) -> None:
    assert screened(clip).state == PUBLISHED
    decision = Decision.objects.get(subject_id=clip.pk)
    assert (decision.verdict, decision.digest) == ("allow", clip.digest)
    assert clip.allowed_digest == clip.digest
    assert clip.reason == ""
    nudity = Signal.objects.get(subject_id=clip.pk, detector="nudity", category="sexual")
    assert nudity.score is not None
    assert nudity.score < 0.2
    assert len(nudity.evidence["frames"]) == frame_checks.FRAME_COUNT


@pytest.mark.parametrize("name", BROKEN)
def test_a_clip_whose_detector_does_not_answer_is_held(
    name: str, clip: Clip, use_detector: Any
) -> None:
    use_detector(name)
    assert screened(clip).state == HELD
    assert Decision.objects.get(subject_id=clip.pk).verdict == "review"
    assert "person will look" in clip.reason
    assert clip.published_at is None


def test_a_detector_that_hangs_is_cut_off_and_the_clip_held(
    clip: Clip, use_detector: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid_file = tmp_path / "pid"
    monkeypatch.setenv("HANGING_PID_FILE", str(pid_file))
    use_detector("Hanging")
    settings.FRAME_CHECK_SECONDS = 4.0
    start = monotonic()
    assert screened(clip).state == HELD
    assert monotonic() - start < 8
    assert not psutil.pid_exists(int(pid_file.read_text(encoding="ascii")))
    failed = Signal.objects.get(subject_id=clip.pk, score=None)
    assert "within 4 s" in failed.evidence["error"]


def test_no_frame_detector_at_all_means_held(clip: Clip, settings: Any) -> None:
    settings.FRAME_DETECTORS = []
    assert screened(clip).state == HELD


def test_a_missing_file_means_held(clip: Clip, files: Any, use_detector: Any) -> None:
    use_detector("Calm")
    mp4 = next(file.path for file in files.files if file.kind == "mp4")
    store().delete(clip.digest)
    try:
        assert screened(clip).state == HELD
    finally:
        store().put_file(mp4, content_type="video/mp4")


def test_an_outage_of_the_store_is_tried_again_not_judged(
    clip: Clip, use_detector: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_detector("Calm")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    monkeypatch.setattr(bans, "store", lambda: FileSystemStore(blocked))
    with pytest.raises(UnableToReachStore):
        screen_clip(clip.pk, clock=timezone.now)
    clip.refresh_from_db()
    assert clip.state == SCREENING
    assert not Decision.objects.filter(subject_id=clip.pk).exists()
    monkeypatch.undo()
    release_expired_screenings(now=timezone.now() + timedelta(seconds=60))
    assert screened(clip).state == PUBLISHED


def test_an_unreadable_policy_means_held_and_prompts_wait(clip: Clip, now: datetime) -> None:
    PolicyVersion.objects.filter(state="active").update(state="retired")
    forget_policies()
    try:
        assert screened(clip).state == HELD
        assert Decision.objects.get(subject_id=clip.pk).policy_version == "unreadable"
        with pytest.raises(Unavailable):
            screen_prompt(owner=clip.author, prompt="a kite", now=now)
    finally:
        forget_policies()


def test_an_unreadable_policy_file_is_an_error_before_the_start(
    settings: Any, tmp_path: Path
) -> None:
    assert check_policy() == []
    settings.POLICY_FILE = tmp_path / "none.yaml"
    assert [error.id for error in check_policy()] == ["moderation.E001"]


def test_the_policy_decides_on_what_the_detectors_say(
    make_clip: MakeClip, use_detector: Any, now: datetime
) -> None:
    use_detector("Unsure")
    doubtful = screened(make_clip())
    assert doubtful.state == HELD
    assert "may show nudity" in doubtful.reason
    use_detector("Alarmed")
    sure = screened(make_clip())
    assert sure.state == REJECTED
    assert "More than one frame" in sure.reason
    assert "delete it" in sure.reason


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ({"caption": "kites"}, PUBLISHED),
        ({"caption": "a nude statue"}, HELD),
        ({"caption": "white power"}, REJECTED),
        ({"hashtags": ("porn",)}, REJECTED),
        ({"prompt": "elon musk flies a kite"}, HELD),
    ],
)
def test_caption_hashtags_and_prompt_are_judged_too(
    words: dict[str, Any], state: str, make_clip: MakeClip, use_detector: Any
) -> None:
    use_detector("Calm")
    assert screened(make_clip(**words)).state == state


def test_screening_twice_publishes_once(
    clip: Clip, use_detector: Any, django_capture_on_commit_callbacks: Any
) -> None:
    use_detector("Calm")
    screened(clip)
    published_at = clip.published_at
    assert screened(clip).published_at == published_at
    assert clip.events.filter(to_state=PUBLISHED).count() == 1
    assert Decision.objects.filter(subject_id=clip.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_publish_once(clip: Clip, use_detector: Any) -> None:
    use_detector("Slow")

    def work() -> None:
        try:
            screen_clip(clip.pk, clock=timezone.now)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    clip.refresh_from_db()
    assert clip.state == PUBLISHED
    assert clip.events.filter(to_state=PUBLISHED).count() == 1
    assert Decision.objects.filter(subject_id=clip.pk).count() == 1


def test_a_check_longer_than_the_lease_keeps_the_lease(
    clip: Clip, use_detector: Any, settings: Any
) -> None:
    settings.SCREENING_LEASE_SECONDS = 1.5
    use_detector("Slow")
    assert screened(clip).state == PUBLISHED


def test_a_clip_whose_judge_was_killed_is_judged_again_and_never_lost(
    clip: Clip, use_detector: Any, settings: Any, now: datetime
) -> None:
    use_detector("Calm")
    for attempt in range(settings.SCREENING_MAX_ATTEMPTS):
        lost_at = now + timedelta(seconds=100 * attempt)
        assert claim_for_screening(clip.pk, token=new_id(), lease_seconds=20, now=lost_at)
        assert claim_for_screening(clip.pk, token=new_id(), lease_seconds=20, now=lost_at) is None
        assert release_expired_screenings(now=lost_at + timedelta(seconds=19)) == []
        assert release_expired_screenings(now=lost_at + timedelta(seconds=21)) == [clip.pk]
    assert screened(clip).state == HELD
    assert "could not be finished" in clip.reason
    assert Decision.objects.get(subject_id=clip.pk).rules == ["on_error"]


def test_a_judge_who_lost_the_clip_changes_nothing(
    clip: Clip, use_detector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_detector("Calm")
    author = clip.author
    moments = iter([timezone.now()])

    def clock() -> datetime:
        moment = next(moments, None)
        if moment is None:
            edit_clip(author, clip.pk, caption="white power", now=timezone.now())
            return timezone.now()
        return moment

    screen_clip(clip.pk, clock=clock)
    clip.refresh_from_db()
    assert clip.state == SUBMITTED
    assert not Decision.objects.filter(subject_id=clip.pk).exists()
    assert screened(clip).state == REJECTED


def test_a_policy_put_in_force_while_a_clip_is_judged_binds_that_judgement(
    make_clip: MakeClip, use_detector: Any, settings: Any, make_user: MakeUser
) -> None:
    """As another process does it: nobody tells this one."""
    use_detector("Calm")
    document = document_at(settings.POLICY_FILE)
    text = re.sub("(?m)^version: .*$", "version: no-rain", document.text)
    text = text.replace("explicit: [", "explicit: [rain on a window, ", 1)
    noor, alex = make_user(Role.MODERATOR), make_user(Role.ADMIN)
    at = timezone.now()
    propose_policy(noor, PolicyDocument(text, document.files), now=at)
    rain, kite = make_clip(caption="rain on a window"), make_clip(caption="a kite")
    assert screened(make_clip(caption="rain on a window")).state == PUBLISHED
    asked = 0

    def clock() -> datetime:
        nonlocal asked
        asked += 1
        if asked == 3:
            activate_policy(alex, "no-rain", now=at)
        return timezone.now()

    try:
        screen_clip(rain.pk, clock=clock)
        rain.refresh_from_db()
        assert (rain.state, rain.lease_token, rain.attempts) == (SUBMITTED, None, 1)
        assert not Decision.objects.filter(subject_id=rain.pk).exists()
        assert not Signal.objects.filter(subject_id=rain.pk).exists()
        assert screened(rain).state == REJECTED
        assert screened(kite).state == PUBLISHED
        decisions = Decision.objects.filter(subject_id__in=[rain.pk, kite.pk])
        assert [one.policy_version for one in decisions] == ["no-rain"] * 2
    finally:
        forget_policies()


def test_the_sweep_rings_again_for_lost_and_forgotten_clips(
    make_clip: MakeClip, valkey_server: Any, now: datetime
) -> None:
    lost, forgotten, fresh = make_clip(), make_clip(), make_clip()
    long_ago = timezone.now() - timedelta(seconds=60)
    Clip.objects.filter(pk__in=[lost.pk, forgotten.pk]).update(created_at=long_ago)
    Clip.objects.filter(pk=fresh.pk).update(created_at=timezone.now())
    claim_for_screening(lost.pk, token=new_id(), lease_seconds=20, now=long_ago)
    assert Clip.objects.get(pk=lost.pk).state == SCREENING
    tasks.sweep()
    assert Clip.objects.get(pk=lost.pk).state == SUBMITTED
    rung = b"".join(valkey_server.lrange("cpu", 0, -1)).decode()
    assert valkey_server.llen("cpu") == 2
    assert str(fresh.pk) not in rung


def test_a_mild_clip_is_published_within_limits_and_its_author_reads_why(
    make_clip: MakeClip,
) -> None:
    clip = screened(make_clip(prompt="a warrior, bleeding, leans on his sword"))
    assert (clip.state, clip.limits) == (PUBLISHED, ["age_gate", "blurred"])
    assert "blood or wounds" in clip.reason
    assert clip.is_kept_from_minors
    decision = Decision.objects.get(subject_id=clip.pk)
    assert (decision.verdict, decision.limits) == ("limit", ["age_gate", "blurred"])


def test_what_a_minor_makes_is_judged_more_strictly(make_clip: MakeClip, author: User) -> None:
    author.birth_year = timezone.now().year - 15
    author.save()
    assert screened(make_clip(prompt="a woman in lingerie by the window")).state == REJECTED
    assert screened(make_clip(prompt="a warrior, bleeding, leans on his sword")).state == HELD
    assert screened(make_clip(prompt="a kite over a beach")).state == PUBLISHED
