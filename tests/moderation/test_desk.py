"""The reviewers' desk: who may sit at it, what lies on it, and what its buttons do."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from clips.models import Clip
from clips.states import HELD, PUBLISHED, REJECTED
from moderation.enforcement.queueing import Matter, open_item
from moderation.enforcement.settling import settle_due
from moderation.models.desk import ReviewItem, ReviewKind
from moderation.models.hashes import Ban
from moderation.models.judging import Decision, Subject
from moderation.models.statements import Statement
from moderation.selectors.judging import fingerprint
from moderation.services.appeals import appeal_statement
from moderation.services.notices import Report, report
from social.models.comments import Comment
from tests.moderation.conftest import MakeClip, MakeUser
from tests.moderation.test_screening import screened
from tests.web.markup import Markup

WORDS = {"category": "sexual", "reason": "Too much skin."}


@pytest.fixture(autouse=True)
def _open_desk(settings: Any) -> None:
    """No second factor, and nothing to wait for."""
    settings.ADMIN_SECOND_FACTOR = False
    settings.DESK_UNDO_SECONDS = 0
    settings.FRAME_DETECTORS = []


@pytest.fixture
def held(make_clip: MakeClip) -> Clip:
    return screened(make_clip(caption="<b>a kite</b>", hashtags=("wind",)))


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def item_of(clip: Clip) -> ReviewItem:
    return ReviewItem.objects.filter(subject_id=clip.pk).latest("opened_at")


def address(item: ReviewItem, act: str = "") -> str:
    return reverse(f"web:desk-{act or 'item'}", args=[item.pk])


def taken(client: Client, **wanted: str) -> ReviewItem:
    """The item that `take the next` leads to."""
    answer = client.post(reverse("web:desk-next"), wanted)
    assert answer.status_code == 302
    return ReviewItem.objects.get(pk=answer["Location"].split("/")[-1].split("?")[0])


def decided(client: Client, clip: Clip, **fields: Any) -> Any:
    item = item_of(clip)
    asked = {"token": str(item.lease_token or clip.pk), "seen": fingerprint(clip), **fields}
    answer = client.post(address(item, "decide"), asked)
    clip.refresh_from_db()
    return answer


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CREATOR])
def test_others_are_turned_away(role: Role, held: Clip, make_user: MakeUser) -> None:
    client = client_of(make_user(role))
    for path in (reverse("web:desk"), reverse("web:desk-figures"), address(item_of(held))):
        assert client.get(path).status_code == 403
    assert client.post(reverse("web:desk-next")).status_code == 403
    assert decided(client, held, verdict="allow").status_code == 403
    assert held.state == HELD


def test_a_staff_flag_is_not_enough(held: Clip, make_user: MakeUser) -> None:
    user = make_user(Role.CREATOR)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client = client_of(User.objects.get(pk=user.pk))
    assert client.get(reverse("web:desk")).status_code == 403
    assert decided(client, held, verdict="allow").status_code == 403


def test_visitors_are_sent_to_log_in_and_back(held: Clip) -> None:
    answer = client_of(None).get(address(item_of(held)))
    assert answer["Location"] == f"/accounts/login/?next={address(item_of(held))}"
    assert decided(client_of(None), held, verdict="allow")["Location"].endswith("?next=/desk")
    assert held.state == HELD


def test_a_moderator_without_the_second_factor_sees_and_decides_nothing(
    held: Clip, moderator: User, settings: Any
) -> None:
    settings.ADMIN_SECOND_FACTOR = True
    client = client_of(moderator)
    assert client.get(reverse("web:desk"))["Location"].startswith("/accounts/2fa/totp/activate/")
    assert decided(client, held, verdict="allow").status_code == 302
    assert held.state == HELD


def test_the_desk_counts_what_waits_by_category_and_severity(
    make_clip: MakeClip, moderator: User, django_assert_max_num_queries: Any
) -> None:
    for category, severity in (("gore", 3), ("gore", 3), ("sexual", 2), ("", 1)):
        item = item_of(screened(make_clip()))
        ReviewItem.objects.filter(pk=item.pk).update(category=category, severity=severity)
    client = client_of(moderator)
    with django_assert_max_num_queries(16):
        page = client.get(reverse("web:desk")).content.decode()
    assert page.index("Graphic violence") < page.index("Sexual content")
    assert "<b>2</b> waiting" in page
    only = client.get(reverse("web:desk"), {"only_category": "gore"}).content.decode()
    assert only.count("Content: clip of") == 2
    none = client.get(reverse("web:desk"), {"only_category": "-"}).content.decode()
    assert none.count("Content: clip of") == 1
    assert client.get(reverse("web:desk"), {"only_severity": "x"}).status_code == 200
    assert taken(client, only_category="sexual").category == "sexual"


def test_the_page_shows_pictures_signals_reasons_and_policy_to_who_has_it_in_hand(
    held: Clip, moderator: User
) -> None:
    client = client_of(moderator)
    before = client.get(address(item_of(held))).content.decode()
    assert f"/clips/{held.pk}/files/" not in before
    assert "a kite" not in before
    page = client.get(address(taken(client))).content.decode()
    assert f"/clips/{held.pk}/files/spritesheet" in page
    assert "blur-strong stays-grey" in page
    assert "muted" in page
    assert "lexicon" in page
    assert "the machines" in page
    assert "&lt;b&gt;a kite&lt;/b&gt;" in page
    assert "Graphic violence" in page
    for verdict in ("allow", "limit", "block", "escalate"):
        assert f'value="{verdict}"' in page
    assert " style=" not in page.split("<main")[1].split("</main")[0]
    assert Markup(page).faults == []
    assert Markup(page).unlabelled == set()
    assert Markup(page).forms_without_token == []


def test_the_files_on_the_desk_are_open_to_the_reviewer_only(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    name = held.video.renditions.get(kind="spritesheet").name
    url = reverse("clips:file", kwargs={"clip_id": held.pk, "name": name})
    assert client_of(moderator).get(url).getvalue().startswith(b"\xff\xd8")
    assert client_of(make_user(Role.VIEWER)).get(url).status_code == 404


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
def test_approving_publishes_and_goes_on(role: Role, held: Clip, make_user: MakeUser) -> None:
    reviewer = make_user(role)
    client = client_of(reviewer)
    taken(client)
    answer = decided(client, held, verdict="allow")
    assert answer["Location"] == "/desk"
    assert (held.state, held.allowed_digest) == (PUBLISHED, held.digest)
    assert Decision.objects.filter(decided_by=reviewer, verdict="allow").count() == 1


def test_rejecting_needs_a_reason_and_keeps_what_was_typed(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    taken(client)
    answer = decided(client, held, verdict="block", category="gore", reason=" ")
    assert (answer.status_code, held.state) == (422, HELD)
    assert "Say why" in answer.content.decode()
    assert '<option value="gore" selected>' in answer.content.decode()
    decided(client, held, verdict="block", **WORDS)
    assert (held.state, held.reason) == (REJECTED, "Too much skin.")


def test_limiting_publishes_with_limits(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    taken(client)
    assert decided(client, held, verdict="limit", **WORDS).status_code == 422
    decided(client, held, verdict="limit", limits=["age_gate", "blurred"], **WORDS)
    assert (held.state, held.limits) == (PUBLISHED, ["age_gate", "blurred"])


def test_an_answered_report_can_be_called_unfounded_on_its_items_page(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    client, reporter = client_of(moderator), make_user(Role.VIEWER)
    taken(client)
    decided(client, held, verdict="allow")
    why = "I do not like kites, so please take it away."
    asked = Report(str(held.pk), "hate", why, is_in_good_faith=True)
    notice = report(reporter, asked, now=timezone.now())
    item, button = taken(client), "This report was manifestly unfounded"
    page = client.get(address(item)).content.decode()
    assert why in page
    assert button not in page, "it is not answered yet"
    assert client.post(address(item, "unfounded"), {"notice": notice.pk}).status_code == 302
    decided(client, held, verdict="allow")
    notice.refresh_from_db()
    assert notice.outcome == "not_acted"
    assert button in client.get(address(item)).content.decode()
    elsewhere = Matter(ReviewKind.CONTENT, Subject.ACCOUNT, reporter.pk, reporter)
    other = open_item(elsewhere, now=timezone.now())
    assert client.post(address(other, "unfounded"), {"notice": notice.pk}).status_code == 404
    mine = client_of(reporter)
    assert mine.post(address(item, "unfounded"), {"notice": notice.pk}).status_code == 403
    client.post(address(item, "unfounded"), {"notice": notice.pk})
    notice.refresh_from_db()
    assert notice.outcome == "unfounded"
    assert "Marked as manifestly unfounded" in client.get(address(item)).content.decode()


def test_a_ban_comes_with_the_removal(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    taken(client)
    decided(client, held, verdict="block", bans_file="on", **WORDS)
    assert held.state == REJECTED
    ban = Ban.objects.get(digest=held.digest)
    assert (ban.category, ban.added_by) == ("sexual", moderator)


def test_an_escalated_item_is_for_admins(held: Clip, moderator: User, make_user: MakeUser) -> None:
    client = client_of(moderator)
    item = taken(client)
    decided(client, held, verdict="escalate", why="Is this satire?")
    assert client.get(address(item)).status_code == 404
    admin = client_of(make_user(Role.ADMIN))
    assert taken(admin) == item
    assert "Is this satire?" in admin.get(address(item)).content.decode()


def test_a_decision_can_be_taken_back_for_a_while(
    held: Clip, moderator: User, settings: Any
) -> None:
    settings.DESK_UNDO_SECONDS = 30
    client = client_of(moderator)
    item = taken(client)
    decided(client, held, verdict="block", **WORDS)
    assert held.state == HELD
    assert "It takes effect in" in client.get(reverse("web:desk")).content.decode()
    answer = client.post(address(item, "undo"))
    assert answer["Location"] == address(item)
    assert "Your decision" in client.get(address(item)).content.decode()
    assert client.post(address(item, "undo"), follow=True).status_code == 200
    assert settle_due(now=timezone.now() + timedelta(minutes=1)) == 0
    held.refresh_from_db()
    assert held.state == HELD


def test_the_page_keeps_its_item_until_it_is_put_back(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    client, other = client_of(moderator), client_of(make_user(Role.MODERATOR))
    item = taken(client)
    token = {"token": str(item.lease_token)}
    assert client.post(address(item, "keep"), token).status_code == 204
    assert "has it in hand" in other.get(address(item)).content.decode()
    assert other.post(reverse("web:desk-next"))["Location"] == "/desk"
    assert client.post(address(item, "release"), token).status_code == 302
    assert client.post(address(item, "keep"), token).status_code == 409
    assert client.post(address(item, "keep"), {"token": "x"}).status_code == 400
    assert taken(other) == item
    answer = decided(client, held, verdict="allow", **token)
    assert answer["Location"] == address(item)
    assert held.state == HELD


def test_a_skipped_item_is_not_offered_again(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    item = taken(client)
    skipped = {"token": str(item.lease_token), "skip": "yes"}
    assert client.post(address(item, "release"), skipped)["Location"] == "/desk"
    assert client.post(address(item, "claim"))["Location"] == address(item)
    assert "Your decision" in client.get(address(item)).content.decode()


def test_nonsense_is_refused(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    item = taken(client)
    assert decided(client, held, verdict="maybe").status_code == 422
    assert decided(client, held, verdict="allow", seen="something else").status_code == 302
    assert held.state == HELD
    for act in ("claim", "keep", "release", "decide", "undo"):
        assert client.get(address(item, act)).status_code == 405
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(moderator)
    assert decided(guarded, held, verdict="allow").status_code == 403
    assert held.state == HELD


def test_a_break_is_a_page_of_its_own(make_clip: MakeClip, moderator: User, settings: Any) -> None:
    settings.DESK_SEVERE_PER_HOUR = 1
    for _ in range(2):
        screened(make_clip())
    ReviewItem.objects.update(severity=4)
    client = client_of(moderator)
    item = taken(client)
    skipped = {"token": str(item.lease_token), "skip": "yes"}
    answer = client.post(address(item, "release"), skipped)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 3000
    assert "Take a break until" in answer.content.decode()
    assert client.post(address(item, "claim")).status_code == 429


def test_a_blind_check_tells_neither_verdict_nor_signals(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    client = client_of(moderator)
    taken(client)
    decided(client, held, verdict="block", **WORDS)
    decision = Decision.objects.filter(subject_id=held.pk).latest("created_at")
    matter = Matter(
        ReviewKind.QUALITY,
        Subject.CLIP,
        held.pk,
        held.author,
        excluded=frozenset({moderator.pk}),
        checks=decision,
    )
    open_item(matter, now=timezone.now())
    assert client.post(reverse("web:desk-next"))["Location"] == "/desk"
    admin = client_of(make_user(Role.ADMIN))
    item = taken(admin)
    page = admin.get(address(item)).content.decode()
    assert "judge it as if nobody had" in page
    for told in ("Too much skin", "rejected", "the machines saw", "lexicon", moderator.handle):
        assert told not in page
    decided(admin, held, verdict="allow")
    assert held.state == REJECTED
    escalated = item_of(held)
    assert (escalated.kind, escalated.is_escalated) == ("content", True)
    figures = admin.get(reverse("web:desk-figures")).content.decode()
    assert "1 of 1; 20.7 to 100.0 %" in figures


def test_a_reported_comment_is_shown_with_its_context_and_removed(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    client = client_of(moderator)
    taken(client)
    decided(client, held, verdict="allow")
    rude = make_user(Role.VIEWER)
    Comment.objects.create(clip=held, author=rude, text="what is it?")
    comment = Comment.objects.create(clip=held, author=rude, text="you are dirt")
    open_item(Matter(ReviewKind.CONTENT, Subject.COMMENT, comment.pk, rude), now=timezone.now())
    item = taken(client)
    page = client.get(address(item)).content.decode()
    assert "you are dirt" in page
    assert "what is it?" in page
    seen = page.split('name="seen" value="')[1].split('"')[0]
    asked = {"token": str(item.lease_token), "seen": seen, "verdict": "block", **WORDS}
    client.post(address(item, "decide"), asked)
    comment.refresh_from_db()
    assert comment.removed_at is not None
    item.refresh_from_db()
    assert item.state == "done"


def test_an_account_is_closed_by_two_people(moderator: User, make_user: MakeUser) -> None:
    person = make_user(Role.CREATOR)
    open_item(Matter(ReviewKind.CONTENT, Subject.ACCOUNT, person.pk, person), now=timezone.now())
    for reviewer in (moderator, make_user(Role.MODERATOR)):
        person.refresh_from_db()
        assert person.is_active
        client = client_of(reviewer)
        item = taken(client)
        page = client.get(address(item)).content.decode()
        seen = page.split('name="seen" value="')[1].split('"')[0]
        asked = {"token": str(item.lease_token), "seen": seen, "verdict": "block", **WORDS}
        client.post(address(item, "decide"), asked)
    person.refresh_from_db()
    assert not person.is_active


def test_a_second_person_is_not_shown_what_the_first_one_said(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    client = client_of(moderator)
    taken(client)
    decided(client, held, verdict="allow")
    matter = Matter(
        ReviewKind.CONTENT, Subject.CLIP, held.pk, held.author, category="sexual_minors"
    )
    with transaction.atomic():
        open_item(matter, now=timezone.now())
    taken(client)
    decided(client, held, verdict="block", category="sexual_minors", reason="Far too young.")
    assert held.state == HELD
    second = client_of(make_user(Role.MODERATOR))
    page = second.get(address(taken(second))).content.decode()
    assert "A second person has to agree" in page
    assert "Far too young" not in page
    assert moderator.handle not in page


def test_an_appeal_is_for_somebody_else_and_decided_at_once(
    held: Clip, moderator: User, make_user: MakeUser
) -> None:
    client = client_of(moderator)
    taken(client)
    decided(client, held, verdict="block", **WORDS)
    statement = Statement.objects.filter(about=held.author).latest("created_at")
    appeal_statement(
        held.author, statement.pk, text="It is a kite, and nothing else.", now=timezone.now()
    )
    assert client.post(reverse("web:desk-next"))["Location"] == "/desk"
    other = client_of(make_user(Role.MODERATOR))
    page = other.get(address(taken(other))).content.decode()
    assert "It is a kite, and nothing else." in page
    assert decided(other, held, verdict="overturn", reason=" ").status_code == 422
    assert decided(other, held, verdict="allow").status_code == 422
    decided(other, held, verdict="overturn", reason="You are right; it is a kite.")
    assert held.state == PUBLISHED
    assert not ReviewItem.objects.exclude(state="done").exists()


def test_reviewers_say_what_they_are_never_given(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    ReviewItem.objects.update(category="gore")
    settings_page = reverse("web:desk-settings")
    client.post(settings_page, {"opted_out": ["gore"], "blur": "light"})
    assert 'value="gore" checked' in client.get(settings_page).content.decode()
    assert client.post(reverse("web:desk-next"))["Location"] == "/desk"
    assert client.post(settings_page, {"opted_out": ["x"], "blur": "light"}).status_code == 400


def test_records_are_for_reading(held: Clip, moderator: User) -> None:
    client = client_of(moderator)
    for name in ("signal", "decision"):
        assert client.get(reverse(f"admin:moderation_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:moderation_{name}_add")).status_code == 403
