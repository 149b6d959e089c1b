"""An appeal gives back what a reviewer looked at, and no words that came after."""

import pytest
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip
from clips.services import edit_clip
from clips.states import PUBLISHED, WITHDRAWN
from moderation.enforcement.settling import SubjectChanged
from moderation.models.desk import ReviewItem, ReviewKind
from moderation.models.statements import Statement
from moderation.policy.rules import Outcome
from moderation.selectors.subjects import sight_of
from moderation.services.appeals import appeal_statement
from moderation.services.desk import answer_appeal, claim_item
from tests.moderation.reviewing import reviewed
from tests.people import make_clip, make_user

pytestmark = pytest.mark.django_db


def removed_clip(author: User) -> Clip:
    clip = make_clip(author, caption="kites")
    first = make_user(role=Role.MODERATOR)
    reviewed(first, clip, Outcome.BLOCK, reason="No kites.", now=timezone.now())
    assert clip.state == WITHDRAWN
    statement = Statement.objects.filter(decision__subject_id=clip.pk).latest("pk")
    why = "Kites are allowed everywhere."
    appeal_statement(author, statement.pk, text=why, now=timezone.now())
    return clip


def overturn(reviewer: User, item: ReviewItem, *, seen: str) -> None:
    token = item.lease_token
    assert token is not None
    answer_appeal(
        reviewer,
        item.pk,
        token=token,
        upheld=False,
        reason="They are.",
        seen=seen,
        now=timezone.now(),
    )


def test_words_changed_since_the_reviewer_looked_are_not_shown() -> None:
    author, second = make_user(), make_user(role=Role.MODERATOR)
    clip = removed_clip(author)
    item = ReviewItem.objects.get(subject_id=clip.pk, kind=ReviewKind.APPEAL)
    item = claim_item(second, item.pk, now=timezone.now())
    seen = sight_of(item).fingerprint
    edit_clip(author, clip.pk, caption="white power", now=timezone.now())
    with pytest.raises(SubjectChanged):
        overturn(second, item, seen=seen)
    assert Clip.objects.get(pk=clip.pk).state == WITHDRAWN
    edit_clip(author, clip.pk, caption="kites", now=timezone.now())
    overturn(second, item, seen=seen)
    clip.refresh_from_db()
    assert (clip.state, clip.caption) == (PUBLISHED, "kites")
