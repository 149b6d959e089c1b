"""The shape of a policy, and the pure function that applies it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Literal, Protocol, TypeAlias

ON_ERROR = "on_error"
DEFAULT = "default"
MOST_SEVERE = 4


class Outcome(StrEnum):
    """What is to happen, mildest first."""

    ALLOW = "allow"
    LIMIT = "limit"
    REVIEW = "review"
    BLOCK = "block"


STRENGTH = {outcome: strength for strength, outcome in enumerate(Outcome)}


class Limit(StrEnum):
    """How content that is shown is shown less than other content."""

    AGE_GATE = "age_gate"
    NO_RECOMMENDATION = "no_recommendation"
    BLURRED = "blurred"


class Audience(StrEnum):
    """Whose content is judged: the rules for minors come on top of those for everyone."""

    EVERYONE = "everyone"
    MINORS = "minors"


class Signal(Protocol):
    """What a detector said: `score` in 0-1, None when it failed."""

    @property
    def detector(self) -> str:
        """Which detector."""

    @property
    def category(self) -> str:
        """About what."""

    @property
    def score(self) -> float | None:
        """How sure it is."""


Key: TypeAlias = tuple[str, str]
Scores: TypeAlias = Mapping[Key, float]


@dataclass(frozen=True)
class Condition:
    """True when the signal's score is in `low` to `high`, both included."""

    signal: str
    category: str
    low: float
    high: float = 1.0

    def holds(self, scores: Scores) -> bool:
        """Whether the score is there and within the bounds."""
        score = scores.get((self.signal, self.category))
        return score is not None and self.low <= score <= self.high

    def keys(self) -> frozenset[Key]:
        """The signals this condition reads."""
        return frozenset({(self.signal, self.category)})


@dataclass(frozen=True)
class Combination:
    """Any or all of several conditions."""

    kind: Literal["any", "all"]
    parts: "tuple[Condition | Combination, ...]"

    def holds(self, scores: Scores) -> bool:
        """Whether any, or all, of the parts hold."""
        return {"any": any, "all": all}[self.kind](part.holds(scores) for part in self.parts)

    def keys(self) -> frozenset[Key]:
        """The signals all the parts read."""
        return frozenset().union(*(part.keys() for part in self.parts))


@dataclass(frozen=True)
class Rule:
    """What follows when a condition holds; `reason` is written for the person it concerns.

    `limits` are those of a LIMIT; `labels` are said of the content whatever becomes of it;
    `is_strike` tells that a BLOCK counts against the person's account.
    """

    name: str
    when: Combination
    decision: Outcome
    reason: str
    limits: frozenset[Limit] = frozenset()
    labels: frozenset[str] = frozenset()
    is_strike: bool = False


@dataclass(frozen=True)
class Category:
    """A kind of content, and what others call it.

    `severity` is 1, the mildest, to 4; where there is no tolerance (`is_zero_tolerance`), what a
    person decides needs a second person.
    """

    name: str
    title: str
    severity: int
    is_zero_tolerance: bool
    mlcommons: str
    openai: str
    dsa_category: str
    dsa_keyword: str


@dataclass(frozen=True)
class LexiconPattern:
    """Words of every group in `groups` within `within` words of each other give `score`."""

    name: str
    category: str
    groups: frozenset[str]
    within: int
    score: float


@dataclass(frozen=True)
class Fixture:
    """A prompt of somebody in `audience`, and what the policy must say of it."""

    prompt: str
    expect: Outcome
    audience: Audience = Audience.EVERYONE


@dataclass(frozen=True)
class Protection:
    """What is stricter for one audience: more `rules`, and the labels it is not shown."""

    rules: tuple[Rule, ...] = ()
    hidden_labels: frozenset[str] = frozenset()


NOTHING_MORE = Protection()


@dataclass(frozen=True, eq=False)
class Policy:
    """Everything `policy.yaml` says; equal to itself only, so that what is made of it is kept."""

    version: str
    default: Outcome
    on_error: Outcome
    on_error_reason: str
    stages: Mapping[str, frozenset[str]]
    categories: Mapping[str, Category]
    words: Mapping[str, tuple[str, ...]]
    patterns: tuple[LexiconPattern, ...]
    rules: tuple[Rule, ...]
    fixtures: tuple[Fixture, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    audiences: Mapping[Audience, Protection] = field(default_factory=dict)

    def rules_for(self, audience: Audience) -> tuple[Rule, ...]:
        """The rules for everyone, and those that only what `audience` makes has to keep."""
        return self.rules + self.audiences.get(audience, NOTHING_MORE).rules

    def all_rules(self) -> tuple[Rule, ...]:
        """Every rule of the policy, whomever it is for."""
        return self.rules + tuple(rule for one in self.audiences.values() for rule in one.rules)


@dataclass(frozen=True)
class Verdict:
    """What is to happen, by which rules, and what to tell the person.

    `categories` are those the rules read; `limits` say how a LIMITed clip may be shown; `labels`
    are what all rules that hold say of it; `is_strike` whether it counts against the person's
    account.
    """

    decision: Outcome
    rules: tuple[str, ...]
    reason: str
    categories: tuple[str, ...] = ()
    limits: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    is_strike: bool = False


def verdict(
    signals: Iterable[Signal],
    policy: Policy,
    *,
    stage: str,
    audience: Audience = Audience.EVERYONE,
) -> Verdict:
    """What `policy` says of `signals` at `stage`: the strongest of all rules that hold.

    `audience` is whom the content's author belongs to.  A failed signal, or one the stage
    requires and that is not there, makes it `policy.on_error` at least, which is never allow.
    Raises KeyError for a stage the policy does not know.
    """
    given = list(signals)
    scores = _scores(given)
    held = [rule for rule in policy.rules_for(audience) if rule.when.holds(scores)]
    if _is_incomplete(given, scores, policy, stage):
        nothing = Combination("any", ())
        held.append(Rule(ON_ERROR, nothing, policy.on_error, policy.on_error_reason))
    if not held:
        return Verdict(policy.default, (DEFAULT,), "")
    return _strongest(held)


def _strongest(held: list[Rule]) -> Verdict:
    """What the strongest of the rules say together; labels are what every one of them says."""
    strongest = max((rule.decision for rule in held), key=STRENGTH.__getitem__)
    decisive = [rule for rule in held if rule.decision is strongest]
    categories = dict.fromkeys(key[1] for rule in decisive for key in sorted(rule.when.keys()))
    return Verdict(
        decision=strongest,
        rules=tuple(rule.name for rule in decisive),
        reason=" ".join(dict.fromkeys(rule.reason for rule in decisive if rule.reason)),
        categories=tuple(categories),
        limits=frozenset().union(*(rule.limits for rule in decisive)),
        labels=frozenset().union(*(rule.labels for rule in held)),
        is_strike=any(rule.is_strike for rule in decisive),
    )


def _scores(signals: Iterable[Signal]) -> dict[Key, float]:
    """The highest score of every signal that has one."""
    scores: dict[Key, float] = {}
    for signal in signals:
        if _is_sound(signal.score):
            key = (signal.detector, signal.category)
            scores[key] = max(scores.get(key, 0.0), signal.score or 0.0)
    return scores


def _is_sound(score: float | None) -> bool:
    return score is not None and isfinite(score) and 0.0 <= score <= 1.0


def _is_incomplete(signals: list[Signal], scores: Scores, policy: Policy, stage: str) -> bool:
    required = policy.stages[stage]
    read = frozenset().union(*(rule.when.keys() for rule in policy.all_rules()))
    needed = {key for key in read if key[0] in required}
    silent = required - {detector for detector, _ in scores}
    has_failed = any(not _is_sound(signal.score) for signal in signals)
    return has_failed or bool(silent) or not needed <= scores.keys()
