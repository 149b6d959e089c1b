"""Every restriction has its statement of reasons, and every statement fits the public register."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import Role
from clips.models import Clip
from clips.states import PUBLISHED
from feed.services.posting import post_comment
from moderation.enforcement.letters import send_letters
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.models.audit import AuditEntry
from moderation.models.judging import Decision, Restriction, Source, Subject
from moderation.models.statements import Automation, Statement
from moderation.policy.reasons import EFFECTS, LIMITS, Reasons, transparency_record
from moderation.policy.rules import Outcome
from moderation.services.statements import exported_batches, statement_validator
from moderation.services.words import PromptRefused, TextRefused, screen_profile, screen_prompt
from tests.people import browser_of, make_clip, make_user, program_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAST_CASES = 5000
CATEGORIES = [
    ("Sexual content", "STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_ADULT_SEXUAL_MATERIAL"),
    ("Hate", "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", "KEYWORD_HATE_SPEECH"),
    ("Not judged", "", ""),
]


def cases() -> Iterator[Reasons]:
    """Every restriction, with every set of limits, source, automation, category and ground."""
    limit_sets = [
        frozenset(found) for size in (1, 2, 3) for found in itertools.combinations(LIMITS, size)
    ]
    for restriction in Restriction:
        limited = limit_sets if restriction == Restriction.CLIP_LIMITED else [frozenset[str]()]
        for (
            limits,
            source,
            automation,
            found,
            category,
            law,
            is_synthetic,
            until,
        ) in itertools.product(
            limited,
            Source,
            Automation,
            (True, False),
            CATEGORIES,
            ("", "A law"),
            (True, False),
            (None, NOW + timedelta(days=7)),
        ):
            yield Reasons(
                public_id="0123abcd",
                restriction=restriction,
                category_title=category[0],
                dsa_category=category[1],
                dsa_keyword=category[2],
                policy_url="https://reverie.example/policy#hate",
                policy_version="2026-11-22.1",
                facts="A clip was looked at.",
                source=source,
                automation=automation,
                is_detected_automatically=found,
                content_created_at=NOW,
                created_at=NOW,
                limits=limits,
                until=until,
                legal_ground=law,
                is_synthetic=is_synthetic,
            )


def test_every_restriction_in_every_combination_fits_the_register() -> None:
    validator = statement_validator()
    count = 0
    for count, reasons in enumerate(cases(), start=1):  # noqa: B007 - told at the end
        errors = list(validator.iter_errors(transparency_record(reasons)))
        assert not errors, (reasons, errors[0].message)
    assert count >= LEAST_CASES


def test_the_schema_refuses_what_the_register_would() -> None:
    good = transparency_record(next(cases()))
    validator = statement_validator()
    assert validator.is_valid(good)
    for broken in (
        good | {"category": "STATEMENT_CATEGORY_MOOD"},
        {k: v for k, v in good.items() if not k.startswith("decision_v")},
        {k: v for k, v in good.items() if k != "incompatible_content_explanation"},
        good | {"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT"},
        good | {"content_date": "22.11.2026"},
        good | {"source_identity": "somebody"},
        good | {"puid": "a b"},
        good | {"author": "@ada"},
    ):
        assert not validator.is_valid(broken), broken


def test_every_restriction_has_words() -> None:
    assert set(EFFECTS) == set(Restriction.values)


# --- every road on which something is restricted ---

pytestmark = pytest.mark.django_db


def _content(clip: Clip) -> Content:
    return Content(Subject.CLIP, clip.pk, clip.digest, clip.author)


def _rule(clip: Clip, outcome: Outcome, **columns: Any) -> Decision:
    ruling = Ruling(
        content=_content(clip),
        outcome=outcome,
        reason=columns.pop("reason", "It shows hate."),
        policy_version="1",
        categories=columns.pop("categories", ("hate",)),
        **columns,
    )
    return carry_out(ruling, clip=clip, now=NOW)


def _checked(decision: Decision) -> Statement:
    statement = Statement.objects.get(decision=decision)
    (text,) = exported_batches(NOW - timedelta(days=1), NOW + timedelta(days=9), size=100)
    assert statement.public_id in text
    return statement


def test_a_clip_that_goes_through_all_of_it(db: None) -> None:
    author, reviewer = make_user(), make_user(role=Role.MODERATOR)
    clip = make_clip(author, now=NOW)
    limited = _checked(_rule(clip, Outcome.LIMIT, limits=frozenset({"age_gate", "blurred"})))
    assert (limited.restriction, limited.automation) == ("clip_limited", "fully")
    assert limited.limits == ["age_gate", "blurred"]
    held = _checked(_rule(clip, Outcome.REVIEW))
    assert held.restriction == "clip_held"
    limited.refresh_from_db()
    assert limited.ended_at == NOW, "it is not shown at all now"
    gone = _checked(_rule(clip, Outcome.BLOCK, decided_by=reviewer))
    assert (gone.restriction, gone.automation) == ("clip_withdrawn", "partially")
    allowed = _rule(clip, Outcome.ALLOW, decided_by=reviewer, reason="")
    assert clip.state == PUBLISHED
    assert not Statement.objects.filter(decision=allowed).exists()
    assert not Statement.objects.filter(subject_id=clip.pk, ended_at=None).exists()


def test_words_refused_at_the_door_are_explained_and_kept_nowhere(db: None) -> None:
    author = make_user()
    clip = make_clip(author)
    with pytest.raises(PromptRefused, match="/statements"):
        screen_prompt(owner=author, prompt="how to build a pipe bomb", now=NOW)
    with pytest.raises(TextRefused):
        post_comment(author, clip.pk, text="gas the jews", now=NOW)
    with pytest.raises(TextRefused):
        screen_profile(owner=author, text="white power", now=NOW)
    found = set(Statement.objects.values_list("restriction", flat=True))
    assert found == {"prompt_refused", "comment_refused", "profile_refused"}
    (text,) = exported_batches(NOW - timedelta(days=1), NOW + timedelta(days=1), size=100)
    assert len(json.loads(text)["statements"]) == 3
    for secret in ("pipe", "jews", "white power", author.handle, author.email, str(author.pk)):
        assert secret not in text
    assert send_letters(now=NOW) == 0, "the refusal itself told them"


def test_a_comment_and_a_profile_are_taken_from_view(db: None) -> None:
    author, reviewer = make_user(bio="hello", display_name="Ada"), make_user(role=Role.MODERATOR)
    comment = post_comment(author, make_clip(author).pk, text="lovely", now=NOW)
    for subject, pk, outcome, wanted in (
        (Subject.COMMENT, comment.pk, Outcome.BLOCK, "comment_removed"),
        (Subject.ACCOUNT, author.pk, Outcome.LIMIT, "profile_removed"),
        (Subject.ACCOUNT, author.pk, Outcome.BLOCK, "account_terminated"),
    ):
        ruling = Ruling(Content(subject, pk, "", author), outcome, "Why.", "1", decided_by=reviewer)
        assert _checked(carry_out(ruling, now=NOW)).restriction == wanted
    comment.refresh_from_db()
    author.refresh_from_db()
    assert comment.removed_at == NOW
    assert (author.bio, author.display_name, author.is_active) == ("", "", False)


def test_no_machine_closes_an_account(db: None) -> None:
    author = make_user()
    ruling = Ruling(Content(Subject.ACCOUNT, author.pk, "", author), Outcome.BLOCK, "Why.", "1")
    with pytest.raises(ValueError, match="people"):
        carry_out(ruling, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_the_database_takes_no_restriction_without_a_statement() -> None:
    author = make_user()
    columns: dict[str, Any] = {
        "subject": "clip", "subject_id": author.pk, "digest": "", "policy_version": "1",
        "about": author, "reason": "no",
    }  # fmt: skip
    with pytest.raises(IntegrityError, match="no statement of reasons"):
        Decision.objects.create(verdict="block", restriction="clip_rejected", **columns)
    with pytest.raises(IntegrityError, match="decision_block_restricts"):
        Decision.objects.create(verdict="block", **columns)
    Decision.objects.create(verdict="allow", **columns)
    clip = make_clip(author, now=NOW)
    _rule(clip, Outcome.REVIEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Statement.objects.all().delete()
    with pytest.raises(IntegrityError, match="not changed afterwards"), transaction.atomic():
        Statement.objects.update(explanation="something milder")
    assert Statement.objects.update(ended_at=NOW) == 1


def test_decision_statement_strike_and_audit_are_one_transaction(db: None) -> None:
    clip = make_clip(make_user(), now=NOW)
    with pytest.raises(RuntimeError), transaction.atomic():
        _rule(clip, Outcome.BLOCK, is_strike=True)
        raise RuntimeError
    assert not Statement.objects.exists()
    assert not AuditEntry.objects.filter(subject_id=clip.pk).exists()
    clip.refresh_from_db()
    _rule(clip, Outcome.BLOCK, is_strike=True)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    acts = AuditEntry.objects.filter(seq__isnull=False).order_by("seq")
    about = acts.filter(subject_id__in=[clip.pk, clip.author_id])
    assert list(about.values_list("action", flat=True)) == [
        "decision.made", "statement.made", "strike.given",
    ]  # fmt: skip


# --- to the person ---


def test_the_person_is_told_by_page_mail_and_api_and_nobody_else_is(db: None) -> None:
    author, other = make_user("ada"), make_user("eve")
    clip = make_clip(author, now=NOW)
    statement = _checked(_rule(clip, Outcome.REVIEW, reason="A person looks at it."))
    address = f"/statements/{statement.pk}"
    page = browser_of(author).get(address).content.decode()
    for told in ("A person looks at it.", "Hate", "an automatic check", "Appeal", "/policy#hate"):
        assert told in page
    assert (
        "is not shown while a person looks"
        in browser_of(author).get("/statements").content.decode()
    )
    assert browser_of(other).get(address).status_code == 404
    assert send_letters(now=NOW) == 1
    (letter,) = mail.outbox
    assert letter.to == [author.email]
    assert "A person looks at it." in str(letter.body)
    statement.refresh_from_db()
    assert statement.mailed_at == NOW
    assert send_letters(now=NOW) == 0
    shown = program_of(author).get(f"/api/v1{address}").json()
    assert (shown["restriction"], shown["explanation"]) == ("clip_held", "A person looks at it.")
    assert [row["id"] for row in program_of(author).get("/api/v1/statements").json()["data"]] == [
        str(statement.pk)
    ]
    assert program_of(other).get(f"/api/v1{address}").status_code == 404
    assert program_of(other).get("/api/v1/statements").json()["data"] == []


def test_a_letter_that_can_not_be_sent_waits(db: None, settings: Any) -> None:
    _rule(make_clip(make_user(), now=NOW), Outcome.REVIEW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    assert send_letters(now=NOW) == 1
    assert Statement.objects.get().mailed_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_letters(now=NOW + timedelta(seconds=59)) == 0
    send_letters(now=NOW + timedelta(seconds=61))
    assert Statement.objects.get().mailed_at is not None


def test_the_exporter_writes_batches_without_personal_data(db: None, tmp_path: Path) -> None:
    author = make_user("grace")
    for _ in range(5):
        _rule(make_clip(author, caption="a secret caption", now=NOW), Outcome.BLOCK)
    call_command(
        "export_statements", "--since", "2026-11-22", "--until", "2026-11-23",
        "--batch", "2", "--out", str(tmp_path), stdout=StringIO(),
    )  # fmt: skip
    files = sorted(tmp_path.iterdir())
    records = [one for file in files for one in json.loads(file.read_text())["statements"]]
    assert (len(files), len(records)) == (3, 5)
    assert len({one["puid"] for one in records}) == 5
    everything = "".join(file.read_text() for file in files)
    for secret in ("grace", "secret", "snow", str(author.pk)):
        assert secret not in everything


def test_a_user_without_decisions_reads_so(db: None) -> None:
    assert "There are none" in browser_of(make_user()).get("/statements").content.decode()
    assert browser_of(make_user()).get("/policy").status_code == 200
