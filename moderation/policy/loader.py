"""Reads a policy file, and refuses one that does not say exactly what it means."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from common.errors import Unavailable
from moderation.policy.reasons import statement_schema
from moderation.policy.rules import (
    MOST_SEVERE,
    Audience,
    Category,
    Combination,
    Condition,
    Fixture,
    LexiconPattern,
    Limit,
    Outcome,
    Policy,
    Protection,
    Rule,
)

MOST_WORDS_APART = 50
LONGEST_LABEL = 40
NONE = "none"
# https://mlcommons.org/ailuminate/ (hazards) and OpenAI's moderation endpoint (categories).
MLCOMMONS = frozenset(
    {"vcr", "ncr", "src", "cse", "dfm", "spc", "prv", "ipv", "iwp", "hte", "ssh", "sxc", NONE}
)
OPENAI = frozenset(
    {
        "harassment",
        "harassment/threatening",
        "hate",
        "hate/threatening",
        "illicit",
        "illicit/violent",
        "self-harm",
        "self-harm/intent",
        "self-harm/instructions",
        "sexual",
        "sexual/minors",
        "violence",
        "violence/graphic",
        NONE,
    }
)

WordFile: TypeAlias = Callable[[str], str]


class UnableToLoadPolicy(Unavailable):
    """The policy file is missing or wrong; the message says where."""

    code = "invalid_policy"


class _Loader(yaml.SafeLoader):
    """YAML that says each thing once: neither a key twice, nor a piece by reference."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node.  Raises YAMLError for a reference to another."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references (*name) are not understood; say it again")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """The mapping.  Raises YAMLError where a key stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"{', '.join(sorted(twice))} stands twice, from line {line} on")
        return super().construct_mapping(node, deep=deep)


def load_policy(path: Path) -> Policy:
    """The policy in the YAML file at `path`.  Raises UnableToLoadPolicy."""
    return parse_policy(policy_text(path), folder=path.parent)


def policy_text(path: Path) -> str:
    """What the file says.  Raises UnableToLoadPolicy."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnableToLoadPolicy(f"{path}: can not be read.") from error


def parse_policy(text: str, *, folder: Path) -> Policy:
    """The policy in `text`; word files are looked for in `folder`.  Raises UnableToLoadPolicy."""
    return policy_of(text, word_file=lambda name: (folder / name).read_text(encoding="utf-8"))


def policy_of(text: str, *, word_file: WordFile) -> Policy:
    """The policy in `text`.  Raises UnableToLoadPolicy.

    `word_file` gives the text of the word file of that name, or raises OSError.
    """
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, and stricter
    except yaml.YAMLError as error:
        raise UnableToLoadPolicy(f"The policy is not YAML: {error}") from error
    except RecursionError as error:
        raise UnableToLoadPolicy("The policy is nested too deeply.") from error
    return _policy(_Part(document, "policy"), word_file)


@cache
def dsa_terms() -> tuple[frozenset[str], frozenset[str]]:
    """The categories and the keywords of the DSA Transparency Database."""
    fields = statement_schema()["properties"]
    keywords = fields["category_specification"]["anyOf"][0]["items"]
    return frozenset(fields["category"]["enum"]), frozenset(keywords["enum"])


class _Part:
    """A piece of the document that knows where it stands, for the sake of the error."""

    def __init__(self, value: Any, place: str) -> None:
        self.value = value
        self.place = place

    def wrong(self, what: str) -> UnableToLoadPolicy:
        return UnableToLoadPolicy(f"{self.place}: {what}.", field=self.place)

    def mapping(self, *required: str, optional: tuple[str, ...] = ()) -> "dict[str, _Part]":
        parts = self.named()
        if missing := set(required) - parts.keys():
            raise self.wrong(f"lacks {', '.join(sorted(missing))}")
        if unknown := parts.keys() - {*required, *optional}:
            raise self.wrong(f"does not know {', '.join(sorted(unknown))}")
        return parts

    def named(self) -> "dict[str, _Part]":
        if not isinstance(self.value, Mapping) or not all(isinstance(k, str) for k in self.value):
            raise self.wrong("must be a mapping of names")
        return {key: _Part(value, f"{self.place}.{key}") for key, value in self.value.items()}

    def items(self) -> "list[_Part]":
        if not isinstance(self.value, list) or not self.value:
            raise self.wrong("must be a list with something in it")
        return [_Part(value, f"{self.place}[{place}]") for place, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.wrong("must be a text")
        return self.value.strip()

    def one_of(self, allowed: frozenset[str]) -> str:
        if (text := self.text()) not in allowed:
            raise self.wrong(f"is {text!r}, not one of {', '.join(sorted(allowed))}")
        return text

    def name(self) -> str:
        if len(text := self.text()) > LONGEST_LABEL or not text.replace("_", "").isalnum():
            raise self.wrong(f"must be at most {LONGEST_LABEL} letters, digits and _")
        return text

    def yes_or_no(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong("must be true or false")
        return self.value

    def names_of(self, allowed: frozenset[str]) -> frozenset[str]:
        return frozenset(item.one_of(allowed) for item in self.items())

    def outcome(self) -> Outcome:
        return Outcome(self.one_of(frozenset(Outcome)))

    def score(self) -> float:
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if not is_number or not 0 <= self.value <= 1:
            raise self.wrong("must be a number from 0 to 1")
        return float(self.value)

    def count(self, *, most: int) -> int:
        if type(self.value) is not int or not 1 <= self.value <= most:
            raise self.wrong(f"must be a whole number from 1 to {most}")
        return self.value


CLIP, PICTURE = "clip", "picture"
SEEN = frozenset({CLIP, PICTURE})
REQUIRED = (
    "version",
    "default",
    "on_error",
    "stages",
    "categories",
    "words",
    "lexicon",
    "rules",
    "tests",
)


def _policy(document: _Part, word_file: WordFile) -> Policy:
    parts = document.mapping(*REQUIRED, optional=("labels", "audiences"))
    on_error = parts["on_error"].mapping("decision", "reason")
    if on_error["decision"].outcome() not in {Outcome.REVIEW, Outcome.BLOCK}:
        raise on_error["decision"].wrong(
            "can not be allow or limit: what was not judged is not shown"
        )
    if (default := parts["default"].outcome()) is Outcome.LIMIT:
        raise parts["default"].wrong("can not be limit: only a rule says which limits")
    categories = {name: _category(name, part) for name, part in parts["categories"].named().items()}
    words = {name: _words(part, word_file) for name, part in parts["words"].named().items()}
    labels = _labels(parts["labels"]) if "labels" in parts else {}
    known, groups = frozenset(categories), frozenset(words)
    names = _Names(known, frozenset(labels))
    policy = Policy(
        version=parts["version"].text(),
        default=default,
        on_error=on_error["decision"].outcome(),
        on_error_reason=on_error["reason"].text(),
        stages=_stages(parts["stages"]),
        categories=categories,
        words=words,
        patterns=tuple(_pattern(part, known, groups) for part in parts["lexicon"].items()),
        rules=tuple(_rule(item, names) for item in parts["rules"].items()),
        fixtures=tuple(_fixture(part) for part in parts["tests"].items()),
        labels=labels,
        audiences=_audiences(parts["audiences"], names) if "audiences" in parts else {},
    )
    rules = [rule.name for rule in policy.all_rules()]
    if len(set(rules)) < len(rules):
        raise parts["rules"].wrong("two rules have the same name")
    return policy


@dataclass(frozen=True)
class _Names:
    """What rules may speak of."""

    categories: frozenset[str]
    labels: frozenset[str]


def _labels(part: _Part) -> dict[str, str]:
    titles = part.named()
    return {_Part(name, part.place).name(): title.text() for name, title in titles.items()}


def _audiences(part: _Part, names: _Names) -> dict[Audience, Protection]:
    special = frozenset(Audience) - {Audience.EVERYONE}
    return {
        Audience(_Part(name, part.place).one_of(special)): _protection(one, names)
        for name, one in part.named().items()
    }


def _protection(part: _Part, names: _Names) -> Protection:
    parts = part.mapping(optional=("rules", "hidden_labels"))
    rules = parts["rules"].items() if "rules" in parts else []
    hidden = parts["hidden_labels"].names_of(names.labels) if "hidden_labels" in parts else ()
    return Protection(tuple(_rule(item, names) for item in rules), frozenset(hidden))


def _stages(part: _Part) -> dict[str, frozenset[str]]:
    """Who must have answered at each; at a missing `picture`, who is asked of clips only."""
    stages = {name: _detectors(detectors) for name, detectors in part.named().items()}
    readers = frozenset[str]().union(*(stages[name] for name in stages if name not in SEEN))
    stages.setdefault(PICTURE, stages.get(CLIP, frozenset()) - readers)
    return stages


def _detectors(part: _Part) -> frozenset[str]:
    return frozenset(item.text() for item in part.items())


def _category(name: str, part: _Part) -> Category:
    required = ("title", "severity", "mlcommons", "openai", "dsa")
    parts = part.mapping(*required, optional=("zero_tolerance",))
    dsa = parts["dsa"].mapping("category", "keyword")
    categories, keywords = dsa_terms()
    return Category(
        name=name,
        title=parts["title"].text(),
        severity=parts["severity"].count(most=MOST_SEVERE),
        is_zero_tolerance="zero_tolerance" in parts and parts["zero_tolerance"].yes_or_no(),
        mlcommons=parts["mlcommons"].one_of(MLCOMMONS),
        openai=parts["openai"].one_of(OPENAI),
        dsa_category=dsa["category"].one_of(categories),
        dsa_keyword=dsa["keyword"].one_of(keywords),
    )


def _words(part: _Part, word_file: WordFile) -> tuple[str, ...]:
    if isinstance(part.value, dict):
        return _words_in_file(part.mapping("file")["file"], word_file)
    return tuple(_term(item.text(), item) for item in part.items())


def _words_in_file(part: _Part, word_file: WordFile) -> tuple[str, ...]:
    try:
        lines = word_file(part.text()).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise part.wrong("can not be read") from error
    terms = (line.partition("#")[0].strip() for line in lines)
    return tuple(_term(term, part) for term in terms if term)


def _term(text: str, part: _Part) -> str:
    if not text.replace(" ", "").removesuffix("*").isalnum() or text != text.casefold():
        raise part.wrong(
            f"{text!r} must be small letters and digits, with an optional * at its end"
        )
    return text


def _pattern(part: _Part, categories: frozenset[str], groups: frozenset[str]) -> LexiconPattern:
    parts = part.mapping("category", "all", "score", optional=("within",))
    wanted = frozenset(item.one_of(groups) for item in parts["all"].items())
    within = parts["within"].count(most=MOST_WORDS_APART) if "within" in parts else 1
    if len(wanted) > 1 and "within" not in parts:
        raise part.wrong("needs within: how many words may all of it span")
    return LexiconPattern(
        name=" + ".join(sorted(wanted)),
        category=parts["category"].one_of(categories),
        groups=wanted,
        within=within,
        score=parts["score"].score(),
    )


def _rule(part: _Part, names: _Names) -> Rule:
    parts = part.mapping("name", "when", "then")
    then = parts["then"].mapping("decision", "reason", optional=("limits", "labels", "strike"))
    decision = then["decision"].outcome()
    if ("limits" in then) != (decision is Outcome.LIMIT):
        raise parts["then"].wrong("names limits exactly when its decision is limit")
    is_strike = "strike" in then and then["strike"].yes_or_no()
    if is_strike and decision is not Outcome.BLOCK:
        raise then["strike"].wrong("belongs to block only")
    limits = then["limits"].names_of(frozenset(Limit)) if "limits" in then else ()
    return Rule(
        name=parts["name"].text(),
        when=_combination(parts["when"], names.categories),
        decision=decision,
        reason=then["reason"].text(),
        limits=frozenset(Limit(limit) for limit in limits),
        labels=then["labels"].names_of(names.labels) if "labels" in then else frozenset(),
        is_strike=is_strike,
    )


def _combination(part: _Part, categories: frozenset[str]) -> Combination:
    parts = part.mapping(optional=("any", "all"))
    if len(parts) != 1:
        raise part.wrong("is either any or all")
    kind: Literal["any", "all"] = "any" if "any" in parts else "all"
    return Combination(
        kind=kind, parts=tuple(_condition(item, categories) for item in parts[kind].items())
    )


def _condition(part: _Part, categories: frozenset[str]) -> Condition | Combination:
    if part.named().keys() & {"any", "all"}:
        return _combination(part, categories)
    parts = part.mapping("signal", "category", optional=("gte", "between"))
    if ("gte" in parts) == ("between" in parts):
        raise part.wrong("needs either gte or between")
    low, high = _bounds(parts)
    return Condition(
        signal=parts["signal"].text(),
        category=parts["category"].one_of(categories),
        low=low,
        high=high,
    )


def _bounds(parts: dict[str, _Part]) -> tuple[float, float]:
    if "gte" in parts:
        return parts["gte"].score(), 1.0
    between = parts["between"]
    bounds = [item.score() for item in between.items()]
    if len(bounds) != 2 or bounds[0] > bounds[1]:  # noqa: PLR2004 - from, to
        raise between.wrong("must be [from, to]")
    return bounds[0], bounds[1]


def _fixture(part: _Part) -> Fixture:
    parts = part.mapping("prompt", "expect", optional=("audience",))
    return Fixture(
        prompt=parts["prompt"].text(),
        expect=parts["expect"].outcome(),
        audience=Audience(parts["audience"].one_of(frozenset(Audience)))
        if "audience" in parts
        else Audience.EVERYONE,
    )
