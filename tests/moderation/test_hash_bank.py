"""What is banned is not shown again, whatever was done to the copy; what is alike is looked at."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip, Video
from clips.services import hold_clip, submit_rendered
from clips.states import HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.errors import Denied, Invalid, NotFound
from common.ids import new_id
from moderation import tasks
from moderation.classifiers.isolation import UnableToCheckFrames, stop_idle
from moderation.enforcement import bans, frame_checks
from moderation.enforcement.bans import BankChanged, confirm, enforce_ban, look_up
from moderation.models.hashes import Ban, BannedHash, ClipHash, HashKind
from moderation.models.judging import Decision, Signal
from moderation.policy.rules import Outcome
from moderation.screening import screen_clip
from moderation.selectors.hashes import current_index, is_banned_file, unfinished_bans
from moderation.services.desk import undo
from moderation.services.hashes import ban_clip, export_hashes, import_hashes, retro_hunt, unban
from tests.moderation.conftest import DETECTORS, MakeUser, stored_video
from tests.moderation.reviewing import reviewed, said_of
from tests.moderation.test_pdq import painted
from video.encoding import encode
from video.frames import Frames

Post = Callable[[Frames], Clip]


@pytest.fixture(autouse=True)
def _calm(settings: Any) -> None:
    settings.FRAME_DETECTORS = [f"{DETECTORS}.Calm"]


@pytest.fixture(scope="module", autouse=True)
def _detectors_end() -> Iterator[None]:
    yield
    stop_idle()


@pytest.fixture
def post(author: User, tmp_path: Path, now: datetime) -> Post:
    """Puts frames on the road as a new clip, and judges it."""

    def posted(frames: Frames) -> Clip:
        folder = tmp_path / new_id().hex
        folder.mkdir()
        height, width = frames.shape[1:3]
        files = encode(frames, frames_per_second=8, width=width, height=height, folder=folder)
        video = stored_video(author, files, "a kite over a beach")
        clip = submit_rendered(video, caption="", hashtags=(), privacy="public", now=now)
        screen_clip(clip.pk, clock=timezone.now)
        clip.refresh_from_db()
        return clip

    return posted


def film(seed: int, *, height: int = 256, width: int = 192) -> Frames:
    """Two seconds of a painted landscape that passes by."""
    wide = painted(seed, height, width * 2)
    return np.stack([wide[:, 6 * step : 6 * step + width] for step in range(16)])


def state_of(clip: Clip) -> str:
    clip.refresh_from_db()
    return clip.state


def test_a_banned_clip_is_withdrawn_and_its_copies_are_refused(
    post: Post, moderator: User, now: datetime
) -> None:
    original, other = post(film(1)), post(film(2))
    assert (original.state, other.state) == (PUBLISHED, PUBLISHED)
    ban = ban_clip(moderator, original.pk, category="hate", now=now)
    assert is_banned_file(original.digest)
    assert not is_banned_file(other.digest)
    assert enforce_ban(ban.pk, now=now) == 1
    assert (state_of(original), state_of(other)) == (WITHDRAWN, PUBLISHED)
    decision = Decision.objects.filter(subject_id=original.pk).latest("pk")
    assert (decision.verdict, decision.rules, decision.categories) == (
        "block",
        ["retro_hunt"],
        ["hate"],
    )
    mirrored = film(1)[:, :, ::-1]
    cropped = film(1)[:, 20:-20, 15:-15]
    half = film(1)[:, ::2, ::2]
    trimmed = film(1)[4:12]
    for copy in (mirrored, cropped, half, trimmed):
        clip = post(np.ascontiguousarray(copy))
        assert clip.state == REJECTED
        assert "copy of something that was removed" in clip.reason
        assert Decision.objects.get(subject_id=clip.pk).categories == ["hate"]
    assert post(film(3)).state == PUBLISHED


def test_what_was_made_from_words_alone_is_looked_at_unless_it_is_the_very_file(
    post: Post, moderator: User, now: datetime
) -> None:
    ban = ban_clip(moderator, post(film(1)).pk, category="hate", now=now)
    enforce_ban(ban.pk, now=now)
    alike, same = post(film(1)[1:]), post(film(1))
    for clip in (alike, same):
        Video.objects.filter(pk=clip.video_id).update(is_from_words=True)
        Clip.objects.filter(pk=clip.pk).update(state="submitted", lease_token=None)
        screen_clip(clip.pk, clock=timezone.now)
    assert [state_of(clip) for clip in (alike, same)] == [HELD, REJECTED]
    assert "removed" in alike.reason


def test_the_evidence_names_the_ban_and_the_frames(
    post: Post, moderator: User, now: datetime
) -> None:
    ban = ban_clip(moderator, post(film(1)).pk, category="gore", now=now)
    enforce_ban(ban.pk, now=now)
    copy = post(film(1)[2:])
    signal = Signal.objects.get(subject_id=copy.pk, detector="hash_bank")
    (found,) = signal.evidence["bans"]
    assert (found["ban"], found["category"], found["is_exact"]) == (str(ban.pk), "gore", False)
    assert len(found["frames"]) == signal.evidence["frames"] == 14
    assert found["frames"][-1]["seconds"] == pytest.approx(13 / 8)
    assert max(frame["bits"] for frame in found["frames"]) <= 31
    assert signal.score is not None
    assert signal.score >= 0.6


def test_a_few_frames_in_common_are_for_a_person(
    post: Post, moderator: User, now: datetime
) -> None:
    ban = ban_clip(moderator, post(film(1)).pk, category="gore", now=now)
    enforce_ban(ban.pk, now=now)
    clip = post(np.concatenate([film(2), film(1)[4:8]]))
    assert clip.state == HELD
    assert "looks like something that was removed" in clip.reason
    reviewed(moderator, clip, Outcome.ALLOW, now=timezone.now())
    assert retro_hunt(moderator, now=timezone.now()) == 0
    assert state_of(clip) == PUBLISHED


def test_what_was_published_before_is_hunted_for(
    post: Post, moderator: User, now: datetime
) -> None:
    first, copy, other = post(film(1)), post(film(1)[1:]), post(film(2))
    assert copy.digest != first.digest
    ban = ban_clip(moderator, first.pk, category="sexual", now=now)
    tasks.enforce_ban(str(ban.pk))
    assert [state_of(clip) for clip in (first, copy, other)] == [WITHDRAWN, HELD, PUBLISHED]
    assert "looks like something that was removed" in copy.reason
    ban.refresh_from_db()
    assert ban.indexed_at is not None
    assert ban.hunted_at is not None
    assert unfinished_bans(now=timezone.now() + timedelta(hours=1), older_than_seconds=5) == []
    assert tasks.enforce_ban(str(ban.pk)) is None
    assert Decision.objects.filter(subject_id=copy.pk).count() == 2


def test_a_clip_that_a_person_let_pass_unchecked_is_hunted_by_its_looks_too(
    post: Post, moderator: User, now: datetime
) -> None:
    first, copy, other = post(film(1)), post(film(1)[1:]), post(film(2))
    for clip in (copy, other):
        hold_clip(clip, reason="The checks could not be finished.", now=now)
        reviewed(moderator, clip, Outcome.ALLOW, now=now)
        ClipHash.objects.filter(clip=clip).delete()
    later = timezone.now()
    ban = ban_clip(moderator, first.pk, category="sexual", now=later)
    assert enforce_ban(ban.pk, now=later) == 2
    assert [state_of(clip) for clip in (first, copy, other)] == [WITHDRAWN, HELD, PUBLISHED]
    assert ClipHash.objects.filter(clip__in=[copy, other]).count() == 2


@pytest.mark.parametrize("what", ["the very file", "a copy"])
def test_who_takes_a_removal_back_does_not_show_what_was_banned_meanwhile(
    what: str, post: Post, moderator: User, make_user: MakeUser
) -> None:
    clip, copy, other = post(film(1)), post(film(1)[1:]), post(film(2))
    at = timezone.now()
    banned = clip if what == "the very file" else copy
    opinion = said_of(moderator, clip, Outcome.BLOCK, now=at)
    ban = ban_clip(make_user(Role.ADMIN), banned.pk, category="hate", now=at)
    enforce_ban(ban.pk, now=at)
    item = undo(moderator, opinion.item_id, now=at)
    assert state_of(clip) == HELD
    assert "banned" in item.reason
    opinion = said_of(moderator, other, Outcome.BLOCK, now=at)
    undo(moderator, opinion.item_id, now=at)
    assert state_of(other) == PUBLISHED


def test_who_takes_a_removal_back_has_not_allowed_a_copy_that_is_still_hunted_for(
    post: Post, moderator: User
) -> None:
    first, copy = post(film(1)), post(film(1)[1:])
    at = timezone.now()
    opinion = said_of(moderator, copy, Outcome.BLOCK, now=at)
    ban = ban_clip(moderator, first.pk, category="hate", now=at)
    undo(moderator, opinion.item_id, now=at + timedelta(seconds=1))
    assert state_of(copy) == PUBLISHED
    enforce_ban(ban.pk, now=at)
    assert state_of(copy) == HELD


def test_banning_twice_is_one_ban_and_lifting_it_lets_copies_pass(
    post: Post, moderator: User, now: datetime
) -> None:
    clip = post(film(1))
    ban = ban_clip(moderator, clip.pk, category="hate", now=now)
    assert ban_clip(moderator, clip.pk, category="hate", now=now).pk == ban.pk
    enforce_ban(ban.pk, now=now)
    assert post(film(1)[1:]).state == REJECTED
    unban(moderator, ban.pk, now=now)
    assert not is_banned_file(clip.digest)
    assert post(film(1)[2:]).state == PUBLISHED
    assert state_of(clip) == WITHDRAWN


def test_only_reviewers_ban_and_only_for_what_the_policy_knows(
    post: Post, author: User, moderator: User, now: datetime
) -> None:
    clip = post(film(1))
    with pytest.raises(Denied):
        ban_clip(author, clip.pk, category="hate", now=now)
    with pytest.raises(Invalid, match="categories"):
        ban_clip(moderator, clip.pk, category="boredom", now=now)
    with pytest.raises(NotFound):
        ban_clip(moderator, new_id(), category="hate", now=now)
    with pytest.raises(Denied):
        list(export_hashes(author))
    assert not Ban.objects.exists()
    assert ban_clip(moderator, clip.pk, category="hate", now=now).added_by == moderator


def test_a_ban_between_the_look_and_the_publication_is_not_missed(
    post: Post, moderator: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = post(film(1))
    looked = look_up

    def banned_just_then(*arguments: Any, **named: Any) -> Any:
        lookup = looked(*arguments, **named)
        enforce_ban(ban_clip(moderator, first.pk, category="hate", now=now).pk, now=now)
        with pytest.raises(BankChanged):
            confirm(lookup, digest="0" * 64)
        return lookup

    monkeypatch.setattr(frame_checks, "look_up", banned_just_then)
    copy = post(film(1)[1:])
    assert copy.state not in {PUBLISHED, REJECTED}
    monkeypatch.undo()
    Clip.objects.filter(pk=copy.pk).update(state="submitted", lease_token=None)
    screen_clip(copy.pk, clock=timezone.now)
    assert state_of(copy) == REJECTED


def test_a_ban_survives_a_worker_that_fails(
    post: Post, moderator: User, now: datetime, settings: Any
) -> None:
    clip = post(film(1))
    ban = ban_clip(moderator, clip.pk, category="hate", now=now)
    settings.FRAME_CHECK_SECONDS = 0.0001
    for _ in range(bans.MOST_ATTEMPTS - 1):
        with pytest.raises(UnableToCheckFrames):
            enforce_ban(ban.pk, now=now)
        assert unfinished_bans(now=timezone.now() + timedelta(hours=1), older_than_seconds=5)
    assert enforce_ban(ban.pk, now=now) == 1
    assert state_of(clip) == WITHDRAWN
    ban.refresh_from_db()
    assert "did not answer" in ban.problem
    assert set(ban.hashes.values_list("kind", flat=True)) == {HashKind.SHA256}


def test_every_judged_clip_is_remembered(post: Post) -> None:
    clip = post(film(1))
    known = ClipHash.objects.get(clip=clip)
    assert known.digest == clip.digest
    assert len(known.values) == 32 * len(known.seconds) == 32 * len(known.qualities) == 32 * 16


def test_lists_of_others_are_imported_once_and_stop_what_is_on_them(
    post: Post, moderator: User, now: datetime, tmp_path: Path
) -> None:
    seen = post(film(1))
    known = bytes(ClipHash.objects.get(clip=seen).values)
    lines = [f"pdq {known[at : at + 32].hex()}" for at in range(0, 32 * 16, 32)]
    options: dict[str, Any] = {
        "bank": "partner",
        "category": "sexual_minors",
        "source": "a hotline",
        "now": now,
    }
    others = ["", "video_md5 " + "a" * 32, "f" * 64, "video_sha256 " + "e" * 64]
    done = import_hashes(moderator, [*lines, *others], **options)
    assert (done.read, done.added, done.ignored) == (18, 18, 1)
    again = import_hashes(moderator, lines, **options)
    assert (again.ban.pk, again.added) == (done.ban.pk, 0)
    assert is_banned_file("e" * 64)
    enforce_ban(done.ban.pk, now=now)
    assert state_of(seen) == HELD
    assert post(film(1)[1:]).state == REJECTED
    assert post(film(2)).state == PUBLISHED
    with pytest.raises(Invalid, match="Line 2"):
        import_hashes(moderator, ["f" * 64, "pdq xyz"], **options)


def test_one_picture_of_a_list_is_enough_for_a_person_to_look(
    post: Post, moderator: User, now: datetime
) -> None:
    known = bytes(ClipHash.objects.get(clip=post(film(1))).values)
    import_hashes(
        moderator, [known[:32].hex()], bank="partner", category="gore", source="x", now=now
    )
    clip = post(np.concatenate([film(1)[:1], film(2)]))
    assert clip.state == HELD


def test_the_commands_write_and_read_the_same_file(
    post: Post, moderator: User, author: User, tmp_path: Path, now: datetime
) -> None:
    clip = post(film(1))
    call_command("ban_clip", str(clip.pk), category="hate", by=moderator.handle)
    enforce_ban(Ban.objects.get().pk, now=now)
    file = tmp_path / "hashes.txt"
    call_command("export_hashes", str(file), by=moderator.handle)
    lines = file.read_text(encoding="ascii").splitlines()
    assert f"video_sha256 {clip.digest}" in lines
    own = BannedHash.objects.filter(kind=HashKind.PDQ)
    assert len(lines) == 1 + own.filter(variant="").count() < own.count()
    assert all(line.split(" ")[0] in {"pdq", "video_sha256"} for line in lines)
    call_command("unban", str(Ban.objects.get().pk), by=moderator.handle)
    assert post(film(1)[1:]).state == PUBLISHED
    options: dict[str, Any] = {
        "bank": "back",
        "category": "hate",
        "source": "us",
        "by": moderator.handle,
    }
    call_command("import_hashes", str(file), **options)
    call_command("retro_hunt", by=moderator.handle)
    assert post(film(1)[2:]).state == REJECTED
    with pytest.raises(CommandError):
        call_command("import_hashes", str(tmp_path / "none"), **options)
    with pytest.raises(CommandError, match="moderators"):
        call_command("retro_hunt", by=author.handle)


def test_a_bank_that_did_not_change_is_not_read_again(
    post: Post, moderator: User, now: datetime, django_assert_num_queries: Any
) -> None:
    ban = ban_clip(moderator, post(film(1)).pk, category="hate", now=now)
    enforce_ban(ban.pk, now=now)
    first = current_index()
    with django_assert_num_queries(1):
        assert current_index()[1] is first[1]
    unban(moderator, ban.pk, now=now)
    assert len(current_index()[1].hashes) == 0
