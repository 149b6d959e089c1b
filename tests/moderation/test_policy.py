"""The policy file: what it says, what it refuses to be, and what it can never do."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation import screening
from moderation.classifiers.port import Finding
from moderation.enforcement.readers import read_at_door
from moderation.policy.loader import UnableToLoadPolicy, load_policy, parse_policy
from moderation.policy.rules import STRENGTH, Audience, Fixture, Limit, Outcome, Policy, verdict
from moderation.policy.wording import message
from moderation.screening import fixture_failures

FILE = Path(screening.__file__).parent / "policy" / "policy.yaml"
TEXT = FILE.read_text(encoding="utf-8")
POLICY = load_policy(FILE)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(FILE)


def document() -> dict[str, Any]:
    return dict(yaml.safe_load(TEXT))


def then(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r["then"] for r in document["rules"] if r["name"] == name)
    return found


def parsed(changed: dict[str, Any], folder: Path = FILE.parent) -> Policy:
    return parse_policy(yaml.safe_dump(changed), folder=folder)


def all_clear(policy: Policy, stage: str) -> list[Finding]:
    """Every signal the policy reads at `stage`, none of them alarmed."""
    keys = sorted(frozenset().union(*(rule.when.keys() for rule in policy.all_rules())))
    wanted = policy.stages[stage]
    return [Finding(name, "1", category, 0.0) for name, category in keys if name in wanted]


def test_the_policy_says_what_its_own_tests_expect(policy: Policy) -> None:
    assert fixture_failures(policy) == []


def test_its_tests_cover_every_outcome_and_most_rules(policy: Policy) -> None:
    assert {fixture.expect for fixture in policy.fixtures} == set(Outcome)
    assert {fixture.audience for fixture in policy.fixtures} == set(Audience)
    said = (
        verdict(
            read_at_door({"prompt": f.prompt}, policy), policy, stage="prompt", audience=f.audience
        ).rules
        for f in policy.fixtures
    )
    exercised = {name for names in said for name in names}
    about_words = {
        rule.name for rule in policy.all_rules() if dict(rule.when.keys()).keys() == {"lexicon"}
    }
    assert about_words - exercised == {"harassment"}


@pytest.mark.parametrize("words", [["policy", "test"], ["policy_test"]])
def test_the_command_says_so_and_fails_on_a_mismatch(
    words: list[str], settings: Any, tmp_path: Path
) -> None:
    out = StringIO()
    call_command(*words, stdout=out)
    assert "says what its tests expect" in out.getvalue()
    wrong = tmp_path / "policy.yaml"
    wrong.write_text(
        TEXT.replace("{prompt: loli hentai, expect: block}", "{prompt: a kite, expect: block}")
    )
    settings.POLICY_FILE = wrong
    with pytest.raises(CommandError, match="1 of the policy's tests"):
        call_command(*words, stderr=StringIO())
    wrong.write_text("version: 1")
    with pytest.raises(CommandError, match="lacks"):
        call_command(*words, stderr=StringIO())


def test_every_category_has_a_severity_and_a_rule(policy: Policy) -> None:
    read = {category for rule in policy.rules for _, category in sorted(rule.when.keys())}
    assert read == policy.categories.keys()
    for category in policy.categories.values():
        assert category.severity in range(1, 5)
        assert not category.is_zero_tolerance or category.severity == 4


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d.pop("rules"), "policy: lacks rules"),
        (lambda d: d.update(extra=1), "policy: does not know extra"),
        (lambda d: d.update(version=7), "policy.version: must be a text"),
        (lambda d: d["on_error"].update(decision="allow"), "on_error.decision: can not be allow"),
        (lambda d: d.update(default="perhaps"), "default: is 'perhaps', not one of"),
        (lambda d: d["stages"].update(clip=[]), "stages.clip: must be a list"),
        (lambda d: d["words"].update(minor=["CHILD"]), "words.minor[0]: 'CHILD' must be small"),
        (lambda d: d["words"].update(minor=["a*b"]), "words.minor[0]: 'a*b' must be small"),
        (lambda d: d["words"].update(minor={"file": "none.txt"}), "can not be read"),
        (lambda d: d["lexicon"][0].update(all=["nobody"]), "lexicon[0].all[0]: is 'nobody'"),
        (lambda d: d["lexicon"][1].pop("within"), "lexicon[1]: needs within"),
        (lambda d: d["lexicon"][1].update(within=0), "lexicon[1].within: must be a whole number"),
        (lambda d: d["lexicon"][0].update(score=2), "lexicon[0].score: must be a number"),
        (lambda d: d["lexicon"][0].update(score=True), "lexicon[0].score: must be a number"),
        (lambda d: d["rules"][0].update(when={}), "rules[0].when: is either any or all"),
        (lambda d: d["rules"][1].update(name="sexual-minors"), "rules: two rules have"),
        (lambda d: d["rules"][0]["when"]["any"][0].pop("gte"), "needs either gte or between"),
        (
            lambda d: d["rules"][2]["when"]["any"][0].update(between=[0.8, 0.5]),
            "rules[2].when.any[0].between: must be [from, to]",
        ),
        (lambda d: d["rules"][0]["then"].update(decision="hide"), "is 'hide', not one of"),
        (lambda d: d["tests"][0].pop("expect"), "tests[0]: lacks expect"),
        (lambda d: d["on_error"].update(decision="limit"), "on_error.decision: can not be allow"),
        (lambda d: d.update(default="limit"), "policy.default: can not be limit"),
        (lambda d: d["categories"]["gore"].update(severity=5), "gore.severity: must be a whole"),
        (lambda d: d["categories"]["gore"].update(severity=True), "gore.severity: must be a whole"),
        (lambda d: d["categories"]["gore"].update(zero_tolerance=1), "must be true or false"),
        (lambda d: d["categories"]["gore"].update(mlcommons="xyz"), "mlcommons: is 'xyz', not"),
        (lambda d: d["categories"]["gore"].update(openai="blood"), "openai: is 'blood', not one"),
        (
            lambda d: d["categories"]["gore"]["dsa"].update(category="STATEMENT_CATEGORY_GORE"),
            "dsa.category: is 'STATEMENT_CATEGORY_GORE', not one of",
        ),
        (
            lambda d: d["categories"]["gore"]["dsa"].update(keyword="KEYWORD_GORE"),
            "dsa.keyword: is 'KEYWORD_GORE', not one of",
        ),
        (lambda d: then(d, "blood-in-words").pop("limits"), "names limits exactly when"),
        (lambda d: then(d, "hate").update(limits=["blurred"]), "names limits exactly when"),
        (lambda d: then(d, "blood-in-words").update(limits=[]), "limits: must be a list with"),
        (lambda d: then(d, "blood-in-words").update(limits=["dimmed"]), "is 'dimmed', not one of"),
        (lambda d: then(d, "hate").update(labels=["unheard"]), "is 'unheard', not one of"),
        (lambda d: then(d, "hate").update(strike="yes"), "strike: must be true or false"),
        (lambda d: then(d, "blood-in-words").update(strike=True), "strike: belongs to block only"),
        (lambda d: d["labels"].update({"no spaces": "x"}), "must be at most 40 letters"),
        (lambda d: d["audiences"].update(everyone={}), "is 'everyone', not one of minors"),
        (lambda d: d["audiences"]["minors"].update(hidden_labels=["x"]), "is 'x', not one of"),
        (
            lambda d: d["audiences"]["minors"]["rules"][0].update(name="hate"),
            "rules: two rules have the same name",
        ),
        (lambda d: d["tests"][0].update(audience="dogs"), "audience: is 'dogs', not one of"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_place(change: Any, complaint: str) -> None:
    changed = document()
    change(changed)
    with pytest.raises(UnableToLoadPolicy) as refusal:
        parsed(changed)
    assert complaint in refusal.value.message


def test_a_missing_file_and_broken_yaml_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnableToLoadPolicy, match="can not be read"):
        load_policy(tmp_path / "none.yaml")
    with pytest.raises(UnableToLoadPolicy, match="not YAML"):
        parse_policy("a: [", folder=tmp_path)
    with pytest.raises(UnableToLoadPolicy, match="must be a mapping"):
        parse_policy("- 1", folder=tmp_path)
    with pytest.raises(UnableToLoadPolicy, match="too deeply"):
        parse_policy("[" * 10_000, folder=tmp_path)


def test_a_policy_says_each_thing_once(tmp_path: Path) -> None:
    with pytest.raises(UnableToLoadPolicy, match="rules stands twice"):
        parse_policy(TEXT + "\nrules: []\n", folder=tmp_path)
    with pytest.raises(UnableToLoadPolicy, match="references"):
        parse_policy("a: &a [1]\nb: [*a, *a]\n", folder=tmp_path)


def test_words_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "nude.txt").write_text("nude*  # all forms\n\nno clothes\n", encoding="utf-8")
    changed = document()
    changed["words"]["nude"] = {"file": "nude.txt"}
    assert parsed(changed, tmp_path).words["nude"] == ("nude*", "no clothes")


def test_conditions_may_be_nested() -> None:
    changed = document()
    changed["rules"][0]["when"] = {
        "all": [
            {"signal": "lexicon", "category": "gore", "gte": 0.5},
            {"any": [{"signal": "nudity", "category": "sexual", "between": [0.1, 0.2]}]},
        ]
    }
    rule = parsed(changed).rules[0].when
    assert rule.holds({("lexicon", "gore"): 0.5, ("nudity", "sexual"): 0.2})
    assert not rule.holds({("lexicon", "gore"): 0.5, ("nudity", "sexual"): 0.3})
    assert not rule.holds({("lexicon", "gore"): 0.5})


def test_the_strongest_rule_decides_and_says_why(policy: Policy) -> None:
    calm = all_clear(policy, "clip")
    assert verdict(calm, policy, stage="clip").decision is Outcome.ALLOW
    doubt = Finding("nudity", "1", "sexual", 0.5)
    held = verdict([*calm, doubt], policy, stage="clip")
    assert (held.decision, held.rules) == (Outcome.REVIEW, ("nudity-in-frames",))
    sure = Finding("lexicon", "1", "hate", 1.0)
    assert verdict([*calm, doubt, sure], policy, stage="clip").rules == ("hate",)
    with pytest.raises(KeyError):
        verdict(calm, policy, stage="nowhere")


@pytest.mark.parametrize("score", [0.0, 0.1999])
def test_the_undecided_band_goes_to_a_person(policy: Policy, score: float) -> None:
    def said(first: float, second: float) -> Outcome:
        frames = [
            Finding("nudity", "1", "sexual", first),
            Finding("nudity", "1", "sexual_repeated", second),
        ]
        calm = [one for one in all_clear(policy, "clip") if one.detector != "nudity"]
        return verdict([*calm, *frames], policy, stage="clip").decision

    assert said(score, score) is Outcome.ALLOW
    assert {said(0.2, 0), said(0.5, 0.5), said(0.7999, 0.7999), said(1.0, 0.7)} == {Outcome.REVIEW}
    assert said(0.9, 0.8) is Outcome.BLOCK


@settings(deadline=None)
@given(data=st.data())
def test_a_failed_or_missing_signal_is_never_allowed(data: st.DataObject) -> None:
    policy = POLICY
    stage = data.draw(st.sampled_from(sorted(policy.stages)))
    findings = all_clear(policy, stage)
    unlucky = data.draw(st.integers(0, len(findings) - 1))
    no_score = st.sampled_from([None, float("nan"), float("inf"), -0.1, 1.1])
    lost = findings.pop(unlucky)
    if data.draw(st.booleans()):
        score = data.draw(no_score)
        findings.insert(0, Finding(lost.detector, "1", lost.category, score))
    alarms = data.draw(st.dictionaries(st.sampled_from(sorted(policy.categories)), st.floats(0, 1)))
    alarms.pop(lost.category, None)
    findings += [Finding(lost.detector, "1", category, score) for category, score in alarms.items()]
    audience = data.draw(st.sampled_from(Audience))
    said = verdict(findings, policy, stage=stage, audience=audience).decision
    assert said in {Outcome.REVIEW, Outcome.BLOCK}


@settings(deadline=None)
@given(data=st.data())
def test_a_verdict_is_the_strongest_rule_and_minors_are_never_judged_more_mildly(
    data: st.DataObject,
) -> None:
    findings = [
        Finding(finding.detector, "1", finding.category, data.draw(st.floats(0, 1)))
        for finding in all_clear(POLICY, "clip")
    ]
    scores = {(one.detector, one.category): one.score or 0.0 for one in findings}
    everyone = verdict(findings, POLICY, stage="clip")
    held = [rule for rule in POLICY.rules if rule.when.holds(scores)]
    strongest = max((STRENGTH[rule.decision] for rule in held), default=0)
    decisive = [rule for rule in held if STRENGTH[rule.decision] == strongest]
    assert STRENGTH[everyone.decision] == strongest
    assert everyone.limits == frozenset(limit for rule in decisive for limit in rule.limits)
    assert bool(everyone.limits) == (everyone.decision is Outcome.LIMIT)
    assert everyone.labels == frozenset(label for rule in held for label in rule.labels)
    assert everyone.is_strike == any(rule.is_strike for rule in decisive)
    assert not everyone.is_strike or everyone.decision is Outcome.BLOCK
    minors = verdict(findings, POLICY, stage="clip", audience=Audience.MINORS)
    assert STRENGTH[minors.decision] >= STRENGTH[everyone.decision]
    assert minors.labels >= everyone.labels


@settings(deadline=None)
@given(data=st.data())
def test_a_higher_score_never_gets_a_milder_verdict(data: st.DataObject) -> None:
    """Between the bounds of two rules of a category there is no gap through which more passes."""
    base = all_clear(POLICY, "clip")
    place = data.draw(st.integers(0, len(base) - 1))
    low, high = sorted([data.draw(st.floats(0, 1)), data.draw(st.floats(0, 1))])

    def said(score: float, audience: Audience) -> int:
        one = Finding(base[place].detector, "1", base[place].category, score)
        given = [*base[:place], one, *base[place + 1 :]]
        return STRENGTH[verdict(given, POLICY, stage="clip", audience=audience).decision]

    for audience in Audience:
        assert said(low, audience) <= said(high, audience)


def test_limits_of_several_rules_add_up(policy: Policy) -> None:
    mild = [Finding("lexicon", "1", "sexual", 0.4), Finding("lexicon", "1", "gore", 0.4)]
    said = verdict([*all_clear(policy, "clip"), *mild], policy, stage="clip")
    assert said.decision is Outcome.LIMIT
    assert said.limits == set(Limit)
    assert said.labels == {"suggestive", "violence"}
    held = Finding("lexicon", "1", "likeness", 0.6)
    stronger = verdict([*all_clear(policy, "clip"), *mild, held], policy, stage="clip")
    assert (stronger.decision, stronger.limits) == (Outcome.REVIEW, frozenset())
    assert stronger.labels == {"suggestive", "violence", "real_person"}


def test_no_signals_at_all_are_reviewed_at_every_stage(policy: Policy) -> None:
    for stage in policy.stages:
        said = verdict([], policy, stage=stage)
        assert (said.decision, said.rules) == (Outcome.REVIEW, ("on_error",))


def test_people_are_told_what_why_and_what_next(policy: Policy) -> None:
    failed = verdict([], policy, stage="clip")
    assert "no answer" in message(failed, stage="clip")
    assert "need not do anything" in message(failed, stage="clip")
    allowed = verdict(all_clear(policy, "clip"), policy, stage="clip")
    assert message(allowed, stage="clip") == ""


def test_fixtures_are_prompts_with_an_outcome(policy: Policy) -> None:
    assert len(policy.fixtures) > 50
    assert Fixture("a red apple bouncing on a beach at sunset", Outcome.ALLOW) in policy.fixtures
