"""Taking, keeping, deciding and taking back, at the desk."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip
from clips.services import edit_clip
from clips.states import HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.errors import Denied, Invalid
from moderation.enforcement.claims import release_expired_claims
from moderation.enforcement.queueing import Matter, open_item
from moderation.enforcement.settling import SubjectChanged, settle_due
from moderation.models.desk import ReviewItem, ReviewKind
from moderation.models.judging import Decision, Subject
from moderation.policy.rules import Outcome
from moderation.selectors.desk import load_of
from moderation.selectors.judging import fingerprint
from moderation.services.desk import (
    Answer,
    BreakNeeded,
    ClaimLost,
    UnableToUndo,
    claim_item,
    decide_item,
    escalate,
    keep_claim,
    put_back,
    save_preferences,
    take_next,
    undo,
)
from tests.moderation.conftest import MakeClip, MakeUser
from tests.moderation.test_screening import screened

WINDOW = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.DESK_UNDO_SECONDS = WINDOW.total_seconds()
    settings.FRAME_DETECTORS = []


@pytest.fixture
def held(make_clip: MakeClip) -> Clip:
    return screened(make_clip(caption="a kite"))


def item_of(clip: Clip, kind: ReviewKind = ReviewKind.CONTENT) -> ReviewItem:
    return ReviewItem.objects.filter(subject_id=clip.pk, kind=kind).latest("opened_at")


def answer(clip: Clip, outcome: Outcome, **said: Any) -> Answer:
    words = {} if outcome is Outcome.ALLOW else {"category": "sexual", "reason": "Too much skin."}
    return Answer(outcome=outcome, seen=fingerprint(clip), **{**words, **said})


def said(reviewer: User, clip: Clip, outcome: Outcome, at: Any, **words: Any) -> ReviewItem:
    """Take the next item, decide it, and let the time to take it back pass."""
    item = take_next(reviewer, now=at)
    assert item is not None
    assert item.lease_token is not None
    decide_item(
        reviewer, item.pk, token=item.lease_token, answer=answer(clip, outcome, **words), now=at
    )
    settle_due(now=at + WINDOW)
    clip.refresh_from_db()
    item.refresh_from_db()
    return item


def test_an_approval_publishes_when_it_can_not_be_taken_back(held: Clip, moderator: User) -> None:
    now = timezone.now()
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    decide_item(
        moderator, item.pk, token=item.lease_token, answer=answer(held, Outcome.ALLOW), now=now
    )
    settle_due(now=now + WINDOW / 2)
    held.refresh_from_db()
    assert held.state == HELD
    assert settle_due(now=now + WINDOW) == 1
    held.refresh_from_db()
    assert (held.state, held.allowed_digest) == (PUBLISHED, held.digest)
    item.refresh_from_db()
    assert item.state == "done"
    assert item.decision is not None
    assert item.decision.decided_by == moderator
    assert settle_due(now=now + WINDOW) == 0


def test_who_takes_an_approval_back_in_time_has_the_item_in_hand_again(
    held: Clip, moderator: User
) -> None:
    now = timezone.now()
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    decide_item(
        moderator, item.pk, token=item.lease_token, answer=answer(held, Outcome.ALLOW), now=now
    )
    again = undo(moderator, item.pk, now=now + WINDOW / 2)
    assert again.state == "claimed"
    assert settle_due(now=now + WINDOW) == 0
    held.refresh_from_db()
    assert held.state == HELD
    with pytest.raises(UnableToUndo):
        undo(moderator, item.pk, now=now + WINDOW / 2)


def test_a_published_clip_that_is_removed_is_out_of_sight_at_once_and_back_when_undone(
    held: Clip, author: User, moderator: User, make_user: MakeUser
) -> None:
    now = timezone.now()
    said(moderator, held, Outcome.ALLOW, now)
    open_item(Matter(ReviewKind.CONTENT, Subject.CLIP, held.pk, author), now=now)
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    block = answer(held, Outcome.BLOCK)
    decide_item(moderator, item.pk, token=item.lease_token, answer=block, now=now)
    held.refresh_from_db()
    assert held.state == HELD
    again = undo(moderator, item.pk, now=now + WINDOW / 2)
    held.refresh_from_db()
    assert (held.state, again.state) == (PUBLISHED, "claimed")
    assert again.lease_token is not None
    decide_item(moderator, item.pk, token=again.lease_token, answer=block, now=now)
    settle_due(now=now + WINDOW)
    held.refresh_from_db()
    assert (held.state, held.reason) == (WITHDRAWN, "Too much skin.")


def test_a_limited_clip_is_published_with_its_limits(held: Clip, moderator: User) -> None:
    now = timezone.now()
    limits = frozenset({"age_gate", "blurred"})
    said(moderator, held, Outcome.LIMIT, now, limits=limits)
    assert (held.state, held.limits) == (PUBLISHED, ["age_gate", "blurred"])
    assert held.reason == "Too much skin."


def test_a_lost_claim_decides_nothing(held: Clip, moderator: User, make_user: MakeUser) -> None:
    now = timezone.now()
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    later = now + timedelta(seconds=91)
    with pytest.raises(ClaimLost):
        decide_item(
            moderator,
            item.pk,
            token=item.lease_token,
            answer=answer(held, Outcome.ALLOW),
            now=later,
        )
    other = make_user(Role.MODERATOR)
    assert take_next(other, now=later) == item
    with pytest.raises(ClaimLost):
        keep_claim(moderator, item.pk, token=item.lease_token, now=later)
    assert Decision.objects.filter(decided_by=moderator).count() == 0


def test_a_claim_that_is_kept_stays_and_one_that_is_not_is_free_within_the_lease(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    now = timezone.now()
    other = make_user(Role.MODERATOR)
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    keep_claim(moderator, item.pk, token=item.lease_token, now=now + timedelta(seconds=60))
    assert release_expired_claims(now=now + timedelta(seconds=120)) == 0
    assert take_next(other, now=now + timedelta(seconds=120)) is None
    assert release_expired_claims(now=now + timedelta(seconds=151)) == 1
    assert take_next(other, now=now + timedelta(seconds=151)) == item


def test_nobody_keeps_an_item_for_ever(held: Clip, moderator: User) -> None:
    now = timezone.now()
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    for minute in range(30):
        keep_claim(moderator, item.pk, token=item.lease_token, now=now + timedelta(minutes=minute))
    with pytest.raises(ClaimLost):
        keep_claim(moderator, item.pk, token=item.lease_token, now=now + timedelta(minutes=30))


def test_one_reviewer_has_one_item_and_the_skipped_one_is_for_others(
    make_clip: MakeClip, moderator: User, make_user: MakeUser
) -> None:
    now = timezone.now()
    for _ in range(2):
        screened(make_clip())
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    assert take_next(moderator, now=now) == item
    put_back(moderator, item.pk, token=item.lease_token, is_skipped=True, now=now)
    second = take_next(moderator, now=now)
    assert second not in {None, item}
    assert take_next(make_user(Role.MODERATOR), now=now) == item
    with pytest.raises(Denied):
        take_next(make_user(Role.CREATOR), now=now)


def test_nobody_is_given_their_own_clip_or_what_they_opted_out_of(
    held: Clip, author: User, moderator: User
) -> None:
    now = timezone.now()
    User.objects.filter(pk=author.pk).update(role=Role.MODERATOR)
    author.refresh_from_db()
    assert take_next(author, now=now) is None
    ReviewItem.objects.update(category="gore")
    save_preferences(moderator, opted_out=["gore"], blur="light", stays_grey=False)
    assert take_next(moderator, now=now) is None
    save_preferences(moderator, opted_out=[], blur="light", stays_grey=False)
    assert take_next(moderator, now=now) is not None
    with pytest.raises(Invalid):
        save_preferences(moderator, opted_out=["nonsense"], blur="light", stays_grey=False)


def test_words_changed_meanwhile_put_the_item_back(
    held: Clip, author: User, moderator: User
) -> None:
    now = timezone.now()
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    before = answer(held, Outcome.ALLOW)
    decide_item(moderator, item.pk, token=item.lease_token, answer=before, now=now)
    edit_clip(author, held.pk, caption="something else", now=now)
    settle_due(now=now + WINDOW)
    held.refresh_from_db()
    item.refresh_from_db()
    assert (held.state, item.state) == (HELD, "open")
    again = take_next(moderator, now=now)
    assert again is not None
    assert again.lease_token is not None
    with pytest.raises(SubjectChanged):
        decide_item(moderator, item.pk, token=again.lease_token, answer=before, now=now)


def test_a_second_person_decides_where_there_is_no_tolerance(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    now = timezone.now()
    said(moderator, held, Outcome.BLOCK, now, category="sexual_minors")
    assert held.state == HELD
    second = item_of(held, ReviewKind.SECOND)
    assert take_next(moderator, now=now) is None
    other = make_user(Role.MODERATOR)
    assert said(other, held, Outcome.BLOCK, now, category="sexual_minors") == second
    assert held.state == REJECTED
    decision = Decision.objects.filter(subject_id=held.pk).latest("created_at")
    assert decision.decided_by == other


def test_two_who_do_not_agree_leave_it_to_an_admin(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    now = timezone.now()
    other, admin = make_user(Role.MODERATOR), make_user(Role.ADMIN)
    ReviewItem.objects.update(category="sexual_minors")
    said(moderator, held, Outcome.BLOCK, now)
    said(other, held, Outcome.ALLOW, now)
    assert held.state == HELD
    assert take_next(make_user(Role.MODERATOR), now=now) is None
    said(admin, held, Outcome.ALLOW, now)
    assert held.state == PUBLISHED


def test_what_is_escalated_is_for_admins(held: Clip, moderator: User, make_user: MakeUser) -> None:
    now = timezone.now()
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    with pytest.raises(Invalid):
        escalate(moderator, item.pk, token=item.lease_token, why=" ", now=now)
    escalate(moderator, item.pk, token=item.lease_token, why="Is this satire?", now=now)
    assert take_next(moderator, now=now) is None
    assert take_next(make_user(Role.ADMIN), now=now) == item


def test_who_has_seen_enough_takes_a_break(
    make_clip: MakeClip, moderator: User, settings: Any
) -> None:
    settings.DESK_SEVERE_PER_HOUR = 2
    now = timezone.now()
    for _ in range(3):
        screened(make_clip())
    ReviewItem.objects.update(severity=3)
    for minute in range(2):
        at = now + timedelta(minutes=minute)
        item = take_next(moderator, now=at)
        assert item is not None
        assert item.lease_token is not None
        put_back(moderator, item.pk, token=item.lease_token, is_skipped=True, now=at)
    with pytest.raises(BreakNeeded) as refused:
        take_next(moderator, now=now + timedelta(minutes=2))
    assert refused.value.retry_after_seconds == 58 * 60
    with pytest.raises(BreakNeeded):
        claim_item(moderator, ReviewItem.objects.all()[0].pk, now=now + timedelta(minutes=2))
    assert load_of(moderator, now=now + timedelta(minutes=2)).last_hour == 2
    assert take_next(moderator, now=now + timedelta(hours=1)) is not None


@pytest.mark.parametrize(
    "bad",
    [
        {"outcome": Outcome.BLOCK, "reason": " "},
        {"outcome": Outcome.BLOCK, "category": "nonsense"},
        {"outcome": Outcome.LIMIT},
        {"outcome": Outcome.LIMIT, "limits": frozenset({"nonsense"})},
        {"outcome": Outcome.ALLOW, "bans_file": True},
        {"outcome": Outcome.REVIEW},
    ],
)
def test_nonsense_decides_nothing(bad: dict[str, Any], held: Clip, moderator: User) -> None:
    now = timezone.now()
    item = take_next(moderator, now=now)
    assert item is not None
    assert item.lease_token is not None
    outcome = bad.pop("outcome")
    with pytest.raises(Invalid):
        decide_item(
            moderator, item.pk, token=item.lease_token, answer=answer(held, outcome, **bad), now=now
        )
    held.refresh_from_db()
    assert held.state == HELD
