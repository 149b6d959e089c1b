"""Versions of the policy: proposed by one, tried out, put in force by another."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Role, User
from common.errors import Denied, Invalid, NotFound
from common.states import UnableToMove
from moderation.classifiers.port import Finding
from moderation.enforcement.shadowing import note_shadow
from moderation.models.audit import AuditEntry
from moderation.models.judging import Decision, Signal, Subject
from moderation.models.policies import PolicyVersion, ShadowVerdict
from moderation.policy.loader import UnableToLoadPolicy, policy_of
from moderation.policy.rules import Outcome
from moderation.selectors import policies
from moderation.selectors.backtests import backtest
from moderation.selectors.policies import (
    active_policy,
    category_of,
    forget_policies,
    is_zero_tolerance,
    policy_named,
    severity_of,
)
from moderation.selectors.shadows import shadow_summary
from moderation.services.policies import (
    NeedsSecondPerson,
    PolicyDocument,
    PolicyFailsItsTests,
    VersionTaken,
    activate_policy,
    document_at,
    install_policy_file,
    propose_policy,
    retire_policy,
    shadow_policy,
)
from moderation.services.words import PromptRefused, screen_comment, screen_prompt
from tests.people import make_user

pytestmark = pytest.mark.django_db

FILE = Path(policies.__file__).parents[1] / "policy" / "policy.yaml"
TEXT = FILE.read_text(encoding="utf-8")
KITES = "a kite at dusk"


@pytest.fixture(autouse=True)
def fresh(django_capture_on_commit_callbacks: Any) -> Iterator[None]:
    """Tests roll back without a word to the cache, which looks again after FRESH_SECONDS."""
    forget_policies()
    yield
    forget_policies()


@pytest.fixture
def noor() -> User:
    return make_user("noor", role=Role.MODERATOR)


@pytest.fixture
def alex() -> User:
    return make_user("alex", role=Role.ADMIN)


def changed(version: str, change: Callable[[dict[str, Any]], object] | None = None) -> str:
    document = yaml.safe_load(TEXT)
    document["version"] = version
    if change is not None:
        change(document)
    return yaml.safe_dump(document, sort_keys=False)


def against_kites(document: dict[str, Any]) -> None:
    """Block the word kite, which is fine otherwise."""
    document["words"]["kite"] = ["kite*"]
    document["lexicon"].append({"category": "weapons", "all": ["kite"], "score": 1.0})
    document["tests"] = [{"prompt": KITES, "expect": "block"}]


def proposed(by: User, version: str = "next", change: Any = against_kites) -> PolicyVersion:
    return propose_policy(by, PolicyDocument(changed(version, change)), now=timezone.now())


def prompt(person: User, text: str = KITES) -> str:
    try:
        return screen_prompt(owner=person, prompt=text, now=timezone.now()).decision
    except PromptRefused:
        return Outcome.BLOCK


def test_the_operators_file_is_in_force_from_the_start() -> None:
    row = PolicyVersion.objects.get(state="active")
    assert (row.is_from_file, row.proposed_by, row.approved_by) == (True, None, None)
    assert active_policy().version == row.version == yaml.safe_load(TEXT)["version"]
    assert install_policy_file(now=timezone.now()) is None


def test_a_changed_file_takes_over_until_people_have_decided(
    settings: Any, tmp_path: Path, noor: User, alex: User
) -> None:
    now = timezone.now()
    settings.POLICY_FILE = tmp_path / "policy.yaml"
    settings.POLICY_FILE.write_text(TEXT + "# a remark\n", encoding="utf-8")
    row = install_policy_file(now=now)
    assert row is not None
    assert row.version.startswith(yaml.safe_load(TEXT)["version"] + "+")
    forget_policies()
    assert active_policy().version == row.version
    activate_policy(alex, proposed(noor).version, now=now)
    settings.POLICY_FILE.write_text(changed("from the file"), encoding="utf-8")
    assert install_policy_file(now=now) is None
    forget_policies()
    assert active_policy().version == "next"
    settings.POLICY_FILE.unlink()
    assert install_policy_file(now=now) is None


def test_words_in_files_are_kept_with_the_version(tmp_path: Path, noor: User) -> None:
    def from_file(document: dict[str, Any]) -> None:
        against_kites(document)
        document["words"]["kite"] = {"file": "kites.txt"}

    (tmp_path / "kites.txt").write_text("kite*\n", encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(changed("files", from_file), encoding="utf-8")
    propose_policy(noor, document_at(tmp_path / "policy.yaml"), now=timezone.now())
    (tmp_path / "kites.txt").unlink()
    assert policy_named("files").words["kite"] == ("kite*",)
    with pytest.raises(UnableToLoadPolicy, match="can not be read"):
        propose_policy(noor, PolicyDocument(changed("alone", from_file)), now=timezone.now())


def test_two_people_put_a_policy_in_force_and_decisions_name_it(noor: User, alex: User) -> None:
    now, person = timezone.now(), make_user()
    before = active_policy().version
    row = proposed(noor)
    assert prompt(person) == Outcome.ALLOW
    with pytest.raises(NeedsSecondPerson):
        activate_policy(noor, "next", now=now)
    for nobody in (
        person,
        make_user(role=Role.VIEWER),
        make_user(role=Role.ADMIN, is_active=False),
    ):
        with pytest.raises(Denied):
            activate_policy(nobody, "next", now=now)
    with pytest.raises(NotFound):
        activate_policy(alex, "other", now=now)
    assert PolicyVersion.objects.get(state="active").version == before
    activate_policy(alex, "next", now=now)
    forget_policies()
    assert prompt(person) == Outcome.BLOCK
    assert list(Decision.objects.order_by("pk").values_list("verdict", "policy_version")) == [
        ("allow", before),
        ("block", "next"),
    ]
    row.refresh_from_db()
    assert (row.state, row.proposed_by, row.approved_by) == ("active", noor, alex)
    assert PolicyVersion.objects.get(version=before).state == "retired"
    acts = AuditEntry.objects.filter(action__startswith="policy.").order_by("pk")
    assert list(acts.values_list("action", "actor"))[-2:] == [
        ("policy.proposed", str(noor.pk)),
        ("policy.activated", str(alex.pk)),
    ]


def test_the_database_itself_wants_two_people_and_one_active_version(noor: User) -> None:
    row = proposed(noor)
    only = PolicyVersion.objects.filter(pk=row.pk)
    PolicyVersion.objects.filter(state="active").update(state="retired")
    for approver in (None, noor):
        with pytest.raises(IntegrityError), transaction.atomic():
            only.update(state="active", approved_by=approver)
    only.update(state="active", approved_by=make_user())
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(is_from_file=True).update(state="active")


def test_a_retired_version_and_the_file_are_not_put_in_force_again(noor: User, alex: User) -> None:
    now = timezone.now()
    first = active_policy().version
    activate_policy(alex, proposed(noor).version, now=now)
    with pytest.raises(NeedsSecondPerson):
        activate_policy(alex, first, now=now)
    proposed(alex, "third")
    activate_policy(noor, "third", now=now)
    for version in ("next", "third"):
        with pytest.raises((UnableToMove, NeedsSecondPerson)):
            activate_policy(alex, version, now=now)
    with pytest.raises(UnableToMove):
        retire_policy(noor, "third", now=now)
    assert PolicyVersion.objects.get(state="active").version == "third"


def test_what_can_not_be_a_policy_is_not_kept(noor: User) -> None:
    now, count = timezone.now(), PolicyVersion.objects.count()

    def wrong_test(document: dict[str, Any]) -> None:
        document["tests"].append({"prompt": KITES, "expect": "block"})

    refused: list[tuple[str, type[Exception]]] = [
        (changed(active_policy().version), VersionTaken),
        (changed("bad test", wrong_test), PolicyFailsItsTests),
        (changed("v" * 41), Invalid),
        ("version: 1", UnableToLoadPolicy),
        (TEXT + "#" * 1024 * 1024, Invalid),
    ]
    for text, error in refused:
        with pytest.raises(error):
            propose_policy(noor, PolicyDocument(text), now=now)
    with pytest.raises(Denied):
        proposed(make_user())
    assert PolicyVersion.objects.count() == count


def test_every_process_knows_a_new_version_within_seconds_and_asks_once(
    noor: User, alex: User, monkeypatch: Any, django_assert_num_queries: Any
) -> None:
    before = active_policy()
    with django_assert_num_queries(0):
        assert all(active_policy() is before for _ in range(100))
    row = proposed(noor)
    # As another process would: this one is not told.
    PolicyVersion.objects.filter(state="active").update(state="retired")
    PolicyVersion.objects.filter(pk=row.pk).update(state="active", approved_by=alex)
    assert active_policy() is before
    monkeypatch.setattr(policies, "monotonic", lambda: monotonic() + policies.FRESH_SECONDS)
    assert active_policy().version == "next"
    assert policies.FRESH_SECONDS <= 5


def test_without_a_policy_nothing_is_allowed(noor: User) -> None:
    PolicyVersion.objects.filter(state="active").update(state="retired")
    forget_policies()
    with pytest.raises(UnableToLoadPolicy):
        prompt(noor)
    assert is_zero_tolerance("gore")
    assert severity_of("gore") == 1


def test_others_read_severity_and_terms() -> None:
    assert (severity_of("sexual_minors"), is_zero_tolerance("sexual_minors")) == (4, True)
    assert (severity_of("gore"), is_zero_tolerance("gore")) == (2, False)
    assert severity_of("unheard of") == 1
    category = category_of("hate", version=active_policy().version)
    assert category is not None
    assert category.dsa_keyword == "KEYWORD_HATE_SPEECH"
    assert category_of("unheard of") is None


def test_a_version_in_shadow_is_asked_and_nobody_notices(noor: User) -> None:
    now, person = timezone.now(), make_user()
    proposed(noor)
    shadow_policy(noor, "next", now=now - timedelta(seconds=1))
    forget_policies()
    assert prompt(person) == prompt(person, "a red ball") == Outcome.ALLOW
    assert prompt(person, "a nude kite") == Outcome.REVIEW
    assert prompt(person, "two people having sex") == Outcome.BLOCK
    row = PolicyVersion.objects.get(version="next")
    assert list(
        ShadowVerdict.objects.order_by("pk").values_list(
            "stage", "active_outcome", "shadow_outcome", "shadow_rules", "policy__version"
        )
    ) == [
        ("prompt", "allow", "block", ["weapons"], "next"),
        ("prompt", "review", "block", ["weapons"], "next"),
    ]
    assert set(Decision.objects.values_list("policy_version", flat=True)) == {
        active_policy().version
    }
    summary = shadow_summary(row)
    assert (summary.judged, summary.differing) == (4, 2)
    assert summary.changes == {("allow", "block"): 1, ("review", "block"): 1}
    assert summary.categories["weapons"] == 2
    retire_policy(noor, "next", now=now)
    forget_policies()
    assert prompt(person) == Outcome.ALLOW
    assert ShadowVerdict.objects.count() == 2


def test_a_new_trial_takes_the_place_of_the_old_one(noor: User) -> None:
    now = timezone.now()
    for version in ("one", "two"):
        proposed(noor, version)
        shadow_policy(noor, version, now=now)
    states = dict(PolicyVersion.objects.values_list("version", "state"))
    assert (states["one"], states["two"]) == ("draft", "shadow")


def test_a_broken_version_in_shadow_harms_nobody(noor: User, caplog: Any) -> None:
    row = proposed(noor)
    shadow_policy(noor, "next", now=timezone.now())
    PolicyVersion.objects.filter(pk=row.pk).update(text="version: 1")
    forget_policies()
    policies._parsed_once.cache_clear()
    assert prompt(make_user()) == Outcome.ALLOW
    assert "shadow can not be read" in caplog.text
    note_shadow(None)  # type: ignore[arg-type]


def test_a_backtest_says_what_would_differ_and_where(noor: User) -> None:
    person, minor = make_user(), make_user(birth_year=timezone.now().year - 15)
    prompt(person, "a nude sculpture in a museum")
    prompt(person, "a warrior, bleeding, leans on his sword")
    prompt(minor, "a warrior, bleeding, leans on his sword")
    screen_comment(author=person, text="lovely", now=timezone.now())
    since = timezone.now() - timedelta(days=7)
    assert backtest(active_policy(), since=since).differing == 0

    def milder(document: dict[str, Any]) -> None:
        for rule in document["rules"]:
            if rule["name"] in {"nudity-in-words", "blood-in-words"}:
                rule["when"]["any"][0]["between"] = [0.7, 0.8]
        document["tests"] = [{"prompt": KITES, "expect": "allow"}]

    policy = policy_of(changed("milder", milder), word_file=str)
    result = backtest(policy, since=since)
    assert (result.judged, result.differing, result.without_signals) == (4, 2, 0)
    assert dict(result.changes) == {("review", "allow"): 1, ("limit", "allow"): 1}
    assert dict(result.categories[("review", "allow")]) == {"sexual": 1}
    told = Decision.objects.get(pk=result.examples[("limit", "allow")][0])
    assert (told.verdict, told.categories) == ("limit", ["gore"])
    assert backtest(policy, since=timezone.now() + timedelta(days=1)).judged == 0


def test_a_backtest_takes_the_last_decision_and_the_newest_signals() -> None:
    person = make_user()
    common = {"subject": Subject.PROMPT, "subject_id": person.pk, "digest": "d" * 64}
    for verdict in ("review", "allow"):
        Decision.objects.create(**common, verdict=verdict, about=person)
    for version, score in (("1", 1.0), ("2", 0.0)):
        for finding in [
            Finding(name, version, category, score)
            for rule in active_policy().all_rules()
            for name, category in rule.when.keys()  # noqa: SIM118 - a method of ours
            if name in active_policy().stages["prompt"]
        ]:
            Signal.objects.get_or_create(
                **common,
                detector=finding.detector,
                detector_version=version,
                category=finding.category,
                defaults={"score": score, "latency_milliseconds": 0},
            )
    result = backtest(active_policy(), since=timezone.now() - timedelta(minutes=5))
    assert (result.judged, result.differing) == (1, 0)


def test_the_command_does_all_of_it(tmp_path: Path, noor: User, alex: User) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(changed("next", against_kites), encoding="utf-8")

    def said(*words: object) -> str:
        out = StringIO()
        call_command("policy", *map(str, words), stdout=out, stderr=StringIO())
        return out.getvalue()

    prompt(make_user(), "a nude sculpture in a museum")
    assert "is a draft" in said("propose", file, "--by", "noor", "--note", "kites")
    assert "next is shadow now" in said("shadow", "next", "--by", "noor")
    with pytest.raises(CommandError, match="Somebody else"):
        said("activate", "next", "--by", "noor")
    with pytest.raises(CommandError, match="no such person"):
        said("activate", "next", "--by", "nobody")
    listed = said("show")
    assert "shadow" in listed
    assert "@noor" in listed
    assert "kite" in said("show", "next")
    assert "1 judged again, 0 differ" in said("backtest", "--since", "7d")
    told = json.loads(said("backtest", "--since", "1h", "--policy-version", "next", "--json"))
    assert (told["version"], told["judged"], told["differing"]) == ("next", 1, 0)
    assert said("backtest", "--since", "2026-01-01", "--file", file).startswith("Policy next")
    with pytest.raises(CommandError, match="--since is"):
        said("backtest", "--since", "yesterday")
    assert "next is active now" in said("activate", "next", "--by", "alex")
    with pytest.raises(CommandError):
        said("retire", "next", "--by", "alex")
