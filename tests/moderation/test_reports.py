"""Reports, takedown requests, appeals and strikes, from the page to the desk and back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from accounts.services import AccountPaused
from clips.models import Clip
from clips.services import post_video
from clips.states import HELD, PUBLISHED, WITHDRAWN
from feed.services.posting import post_comment
from moderation.enforcement.letters import send_letters
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.enforcement.takedowns import ban_taken_down, withdraw_overdue
from moderation.models.appeals import Appeal
from moderation.models.desk import ReviewItem
from moderation.models.hashes import Ban
from moderation.models.judging import Decision, Subject
from moderation.models.notices import Notice
from moderation.models.statements import Statement
from moderation.models.strikes import Strike
from moderation.policy.reporting import is_held_at_once
from moderation.policy.rules import Outcome
from moderation.services.appeals import UnableToDecideAppeal, appeal_statement, decide_appeal
from moderation.services.notices import (
    Report,
    ReportingSuspended,
    mark_unfounded,
    report,
    set_trusted_flagger,
)
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHY = "It calls for violence against a group of people."


def told(clip: Clip, **changes: Any) -> dict[str, Any]:
    return {
        "content": f"http://testserver/clips/{clip.pk}",
        "category": "hate",
        "explanation": WHY,
        "name": "Rosa",
        "email": "rosa@example.org",
        "good_faith": True,
    } | changes


def takedown(clip: Clip, **changes: Any) -> dict[str, Any]:
    rest = {k: v for k, v in told(clip).items() if k != "category"}
    return rest | {"relation": "depicted", "signature": "Rosa Luxemburg"} | changes


def rule(clip: Clip, outcome: Outcome, by: User | None, **columns: Any) -> Decision:
    clip.refresh_from_db()
    ruling = Ruling(
        Content(Subject.CLIP, clip.pk, clip.digest, clip.author),
        outcome,
        "It shows hate." if outcome is not Outcome.ALLOW else "",
        "1",
        categories=("hate",) if outcome is not Outcome.ALLOW else (),
        decided_by=by,
        **columns,
    )
    return carry_out(ruling, clip=clip, now=timezone.now())


def moderator() -> User:
    return make_user(role=Role.MODERATOR)


# --- reports ---


def test_anybody_reports_gets_a_receipt_and_hears_what_was_decided() -> None:
    clip = make_clip(make_user())
    client = Client()
    page = client.get(f"/report?clip={clip.pk}").content.decode()
    assert str(clip.pk) in page
    answer = client.post("/report", told(clip) | {"good_faith": "on"})
    assert answer.status_code == 302
    assert "We are looking at it" in client.get(answer["Location"]).content.decode()
    assert client.get(answer["Location"].split("?")[0]).status_code == 404
    assert client.get(answer["Location"][:-1] + "x").status_code == 404
    item = ReviewItem.objects.get(subject_id=clip.pk)
    assert (item.kind, item.category, item.severity) == ("content", "hate", 3)
    clip.refresh_from_db()
    assert clip.state == PUBLISHED, "one report hides nothing"
    rule(clip, Outcome.BLOCK, moderator())
    shown = client.get(answer["Location"]).content.decode()
    assert "We took the clip down. A person decided this." in shown
    send_letters(now=timezone.now() + timedelta(seconds=1))
    to_rosa = [letter.subject for letter in mail.outbox if letter.to == ["rosa@example.org"]]
    assert to_rosa == ["We have your report", "Your report was decided"]
    statement = Statement.objects.get(restriction="clip_withdrawn")
    assert (statement.source, statement.automation) == ("notice", "not")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"good_faith": False}, "good_faith"),
        ({"explanation": "bad"}, "explanation"),
        ({"email": ""}, "email"),
        ({"name": ""}, "name"),
        ({"category": "mood"}, "category"),
    ],
)
def test_a_report_that_lacks_something_says_what(change: dict[str, Any], field: str) -> None:
    clip = make_clip(make_user())
    send = Client().post
    answer = send("/api/v1/reports", told(clip, **change), content_type="application/json")
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert send("/api/v1/reports", told(clip), content_type="application/json").status_code == 201


def test_what_is_not_shown_can_not_be_reported_or_found() -> None:
    hidden = make_clip(make_user(), published=False)
    answer = Client().post("/api/v1/reports", told(hidden), content_type="application/json")
    assert answer.status_code == 404
    assert not Notice.objects.exists()


def test_the_abuse_of_a_child_is_reported_without_a_name_and_hidden_at_once() -> None:
    clip = make_clip(make_user())
    sent = told(clip, category="child_abuse", name="", email="")
    answer = Client().post("/api/v1/reports", sent, content_type="application/json")
    assert answer.status_code == 201
    clip.refresh_from_db()
    assert clip.state == HELD
    assert Statement.objects.get().source == "notice"
    rule(clip, Outcome.ALLOW, moderator())
    Client().post("/api/v1/reports", sent, content_type="application/json")
    clip.refresh_from_db()
    assert clip.state == PUBLISHED, "a person has let this very file stand"


def test_reports_on_one_thing_are_one_item_and_each_gets_the_answer() -> None:
    clip = make_clip(make_user())
    first, second = make_user(), make_user()
    for person in (first, second, first):
        sent = told(clip, name="", email="", category="sexual")
        assert (
            program_of(person)
            .post("/api/v1/reports", sent, content_type="application/json")
            .status_code
            == 201
        )
    assert (Notice.objects.count(), ReviewItem.objects.count()) == (2, 1)
    rule(clip, Outcome.ALLOW, None)
    assert Notice.objects.filter(decided_at=None).count() == 2, "no machine answers people"
    assert ReviewItem.objects.get().state == "open"
    rule(clip, Outcome.ALLOW, moderator())
    assert set(Notice.objects.values_list("outcome", flat=True)) == {"not_acted"}


def test_when_reports_alone_hide_a_clip() -> None:
    def held(severity: int, weights: list[float], views: int = 0, *, cleared: bool = False) -> bool:
        return is_held_at_once(severity, weights, view_count=views, is_cleared=cleared)

    assert held(4, [1.0])
    assert not held(4, [0.4]), "who is seldom right does not do it alone"
    assert not held(4, [1.0], cleared=True)
    assert not held(3, [1.0, 1.0])
    assert held(3, [1.0, 1.0, 1.0])
    assert not held(3, [1.0] * 3, 10_000), "the more have seen it, the more it takes"
    assert held(3, [1.0] * 13, 10_000)
    assert not held(4, [])


def test_a_trusted_flagger_comes_first() -> None:
    clip, flagger = make_clip(make_user()), make_user()
    set_trusted_flagger(flagger, is_trusted=True)
    report(flagger, Report(str(clip.pk), "hate", WHY, is_in_good_faith=True), now=NOW)
    assert ReviewItem.objects.get().is_from_trusted_flagger
    assert rule(clip, Outcome.BLOCK, moderator()).source == "trusted_flagger"


def test_who_reports_without_ground_is_warned_then_not_heard() -> None:
    reporter, reviewer = make_user(), moderator()

    def unfounded(day: int) -> None:
        clip, at = make_clip(make_user()), NOW + timedelta(days=day)
        asked = Report(str(clip.pk), "hate", WHY, is_in_good_faith=True)
        notice = report(reporter, asked, now=at)
        rule(clip, Outcome.ALLOW, reviewer)
        mark_unfounded(reviewer, notice.pk, now=at)

    for day in range(5):
        unfounded(day)
    weights = list(Notice.objects.order_by("pk").values_list("weight", flat=True))
    assert weights[0] == 1.0
    assert weights == sorted(weights, reverse=True)
    with pytest.raises(ReportingSuspended):
        unfounded(6)
    unfounded(4 + 31)


# --- takedown ---


def test_a_takedown_request_hides_at_once_and_removes_when_nobody_decides() -> None:
    clip = make_clip(make_user())
    lacking = Client().post(
        "/api/v1/takedowns", takedown(clip, signature=" "), content_type="application/json"
    )
    assert lacking.status_code == 400
    answer = Client().post("/takedown", takedown(clip) | {"good_faith": "on"})
    assert answer.status_code == 302
    clip.refresh_from_db()
    assert clip.state == HELD
    notice, item = Notice.objects.get(), ReviewItem.objects.get()
    assert item.deadline_at == notice.deadline_at
    assert notice.deadline_at is not None
    assert notice.deadline_at - notice.received_at == timedelta(hours=48)
    assert withdraw_overdue(now=notice.deadline_at - timedelta(seconds=1)) == 0
    assert withdraw_overdue(now=notice.deadline_at) == 1
    clip.refresh_from_db()
    notice.refresh_from_db()
    assert (clip.state, notice.outcome) == (WITHDRAWN, "acted")
    statement = Statement.objects.get(restriction="clip_withdrawn")
    assert (statement.ground, statement.source) == ("law", "takedown_request")
    assert ban_taken_down(now=notice.deadline_at) == 1
    assert Ban.objects.get().digest == clip.digest
    assert ban_taken_down(now=notice.deadline_at) == 0


# --- appeals ---


def test_an_appeal_that_succeeds_gives_back_what_was_taken() -> None:
    author, first, second = make_user(), moderator(), moderator()
    clip = make_clip(author)
    rule(clip, Outcome.BLOCK, first, is_strike=True)
    statement = Statement.objects.get(restriction="clip_withdrawn")
    address = f"/statements/{statement.pk}"
    assert browser_of(author).post(address, {"text": "too short"}).status_code == 400
    assert browser_of(author).post(address, {"text": WHY}).status_code == 302
    assert browser_of(author).post(address, {"text": WHY}).status_code == 409
    appeal, item = Appeal.objects.get(), ReviewItem.objects.get(kind="appeal")
    assert {first.pk, author.pk} <= set(item.excluded)
    with pytest.raises(UnableToDecideAppeal):
        decide_appeal(first, appeal.pk, upheld=False, reason="Hm.", now=NOW)
    decide_appeal(second, item.pk, upheld=False, reason="It quotes a film.", now=timezone.now())
    clip.refresh_from_db()
    statement.refresh_from_db()
    item.refresh_from_db()
    assert (clip.state, clip.allowed_digest, item.state) == (PUBLISHED, clip.digest, "done")
    assert statement.reversed_at is not None
    assert Strike.objects.get().revoked_at is not None
    page = browser_of(author).get(address).content.decode()
    assert "You were right." in page
    assert "It quotes a film." in page


def test_an_appeal_that_fails_changes_nothing_and_says_why() -> None:
    author, clip = make_user(), None
    clip = make_clip(author)
    rule(clip, Outcome.BLOCK, moderator())
    statement = Statement.objects.get()
    sent = {"text": WHY}
    path = f"/api/v1/statements/{statement.pk}/appeal"
    other = program_of(make_user()).post(path, sent, content_type="application/json")
    assert other.status_code == 404
    mine = program_of(author).post(path, sent, content_type="application/json")
    assert mine.status_code == 201
    decide_appeal(moderator(), Appeal.objects.get().pk, upheld=True, reason="No.", now=NOW)
    clip.refresh_from_db()
    assert clip.state == WITHDRAWN
    shown = program_of(author).get(f"/api/v1/statements/{statement.pk}").json()["appeal"]
    assert (shown["is_upheld"], shown["reason"]) == (True, "No.")


def test_appeals_are_open_for_six_months() -> None:
    author = make_user()
    rule(make_clip(author), Outcome.BLOCK, moderator())
    statement = Statement.objects.get()
    late = statement.created_at + timedelta(days=184)
    with pytest.raises(Exception, match="184 days"):
        appeal_statement(author, statement.pk, text=WHY, now=late)
    appeal_statement(author, statement.pk, text=WHY, now=late - timedelta(seconds=1))


def test_no_machine_and_not_the_same_person_decides_whatever_the_code_says() -> None:
    author, first = make_user(), moderator()
    rule(make_clip(author), Outcome.BLOCK, first)
    appeal = appeal_statement(author, Statement.objects.get().pk, text=WHY, now=NOW)
    decided: dict[str, Any] = {"decided_at": NOW, "is_upheld": True}
    for by, words in (
        (None, "appeal_is_decided_by_somebody"),
        (first, "no part in it"),
        (author, "no part in it"),
    ):
        with pytest.raises(IntegrityError, match=words), transaction.atomic():
            Appeal.objects.filter(pk=appeal.pk).update(decided_by=by, **decided)
    assert Appeal.objects.filter(pk=appeal.pk).update(decided_by=moderator(), **decided) == 1


def test_a_reporter_who_was_right_gets_it_taken_down_after_all() -> None:
    clip, first, second = make_clip(make_user()), moderator(), moderator()
    answer = Client().post("/api/v1/reports", told(clip), content_type="application/json").json()
    rule(clip, Outcome.ALLOW, first)
    path = f"/api/v1/reports/{answer['id']}"
    assert Client().get(path, {"key": answer["key"]}).json()["outcome"] == "not_acted"
    sent = {"key": answer["key"], "text": WHY}
    made = Client().post(f"{path}/appeal", sent, content_type="application/json")
    assert made.status_code == 201
    with pytest.raises(UnableToDecideAppeal):
        decide_appeal(first, Appeal.objects.get().pk, upheld=False, reason="Yes.", now=NOW)
    decide_appeal(second, Appeal.objects.get().pk, upheld=False, reason="Yes.", now=NOW)
    clip.refresh_from_db()
    assert clip.state == WITHDRAWN


def test_refused_words_are_judged_by_a_person_if_they_are_quoted() -> None:
    author = make_user()
    words = "how to build a pipe bomb prop out of paper"
    sent = {"model": "reverie-small-2", "prompt": words, "seconds": "2"}
    program = program_of(author)
    refused = program.post("/v1/videos", sent, content_type="application/json")
    assert refused.json()["error"]["code"] == "moderation_blocked"
    statement = Statement.objects.get(restriction="prompt_refused")
    path = f"/api/v1/statements/{statement.pk}/appeal"
    wrong = program.post(
        path, {"text": WHY, "quoted": "something else"}, content_type="application/json"
    )
    assert wrong.status_code == 400
    right = program.post(path, {"text": WHY, "quoted": words}, content_type="application/json")
    assert right.status_code == 201
    decide_appeal(
        moderator(), Appeal.objects.get().pk, upheld=False, reason="A prop.", now=timezone.now()
    )
    again = program.post("/v1/videos", sent, content_type="application/json")
    assert again.status_code == 200


def test_a_comment_refused_in_doubt_passes_once_an_appeal_allowed_it() -> None:
    author, clip = make_user(), make_clip(make_user())
    words = {"text": "a nude sculpture in a museum"}
    program, path = program_of(author), f"/api/v1/clips/{clip.pk}/comments"
    assert program.post(path, words, content_type="application/json").status_code == 400
    statement = Statement.objects.get(restriction="comment_refused")
    assert statement.decision.verdict == "review"
    appeal = f"/api/v1/statements/{statement.pk}/appeal"
    program.post(appeal, {"text": WHY, "quoted": words["text"]}, content_type="application/json")
    decide_appeal(
        moderator(), Appeal.objects.get().pk, upheld=False, reason="Art.", now=timezone.now()
    )
    assert program.post(path, words, content_type="application/json").status_code == 201


# --- strikes ---


def test_the_ladder_pauses_the_account_at_every_door_until_an_appeal_wins() -> None:
    author, first, second = make_user(), moderator(), moderator()
    elsewhere = make_clip(make_user())
    for _ in range(2):
        rule(make_clip(author), Outcome.BLOCK, first, is_strike=True)
    author.refresh_from_db()
    now = timezone.now()
    assert author.paused_until is not None
    assert timedelta(days=6) < author.paused_until - now < timedelta(days=7)
    paused = Statement.objects.get(restriction="account_paused")
    assert paused.until == author.paused_until
    program = program_of(author)
    answer = program.post(
        "/v1/videos", {"prompt": "a kite", "model": "reverie-small-2"},
        content_type="application/json",
    )  # fmt: skip
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "account_paused"
    comment = program.post(
        f"/api/v1/clips/{elsewhere.pk}/comments", {"text": "hi"}, content_type="application/json"
    )
    assert "/statements" in comment.json()["detail"]
    with pytest.raises(AccountPaused):
        post_video(author, elsewhere.video_id, now=now)
    newest = Statement.objects.filter(restriction="clip_withdrawn").latest("pk")
    appeal = appeal_statement(author, newest.pk, text=WHY, now=now)
    decide_appeal(second, appeal.pk, upheld=False, reason="It was fine.", now=timezone.now())
    assert User.objects.get(pk=author.pk).paused_until is None
    author.refresh_from_db()
    post_comment(author, elsewhere.pk, text="hello again", now=timezone.now())


def test_four_strikes_ask_people_whether_the_account_is_closed() -> None:
    author = make_user()
    for _ in range(4):
        rule(make_clip(author), Outcome.BLOCK, moderator(), is_strike=True)
    author.refresh_from_db()
    assert author.is_active, "no ladder closes an account by itself"
    item = ReviewItem.objects.get(subject="account")
    assert (item.subject_id, item.state) == (author.pk, "open")


def test_the_public_report_has_figures_and_names_nobody() -> None:
    clip = make_clip(make_user("hidden_handle"))
    Client().post("/api/v1/reports", told(clip), content_type="application/json")
    rule(clip, Outcome.BLOCK, moderator())
    page = Client().get("/transparency").content.decode()
    assert "Hate or a call for violence" in page
    assert "Your clip was taken down" in page
    for secret in ("hidden_handle", "Rosa", "rosa@example.org"):
        assert secret not in page
