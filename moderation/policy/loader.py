"""Reads a policy file, and refuses one that does not say exactly what it means."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from common.errors import Unavailable
from moderation.policy.rules import (
    Category,
    Combination,
    Condition,
    Fixture,
    LexiconPattern,
    Outcome,
    Policy,
    Rule,
)

MOST_WORDS_APART = 50


class UnableToLoadPolicy(Unavailable):
    """The policy file is missing or wrong; the message says where."""

    code = "invalid_policy"


def load_policy(path: Path) -> Policy:
    """The policy in the YAML file at `path`.  Raises UnableToLoadPolicy."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnableToLoadPolicy(f"{path}: can not be read.") from error
    return parse_policy(text, folder=path.parent)


def parse_policy(text: str, *, folder: Path) -> Policy:
    """The policy in `text`; word files are looked for in `folder`.  Raises UnableToLoadPolicy."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UnableToLoadPolicy(f"The policy is not YAML: {error}") from error
    return _policy(_Part(document, "policy"), folder)


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


def _policy(document: _Part, folder: Path) -> Policy:
    parts = document.mapping(
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
    on_error = parts["on_error"].mapping("decision", "reason")
    if on_error["decision"].outcome() is Outcome.ALLOW:
        raise on_error["decision"].wrong("can not be allow: what was not judged is not shown")
    categories = {name: _category(name, part) for name, part in parts["categories"].named().items()}
    words = {name: _words(part, folder) for name, part in parts["words"].named().items()}
    known, groups = frozenset(categories), frozenset(words)
    return Policy(
        version=parts["version"].text(),
        default=parts["default"].outcome(),
        on_error=on_error["decision"].outcome(),
        on_error_reason=on_error["reason"].text(),
        stages={name: _detectors(part) for name, part in parts["stages"].named().items()},
        categories=categories,
        words=words,
        patterns=tuple(_pattern(part, known, groups) for part in parts["lexicon"].items()),
        rules=_rules(parts["rules"], known),
        fixtures=tuple(_fixture(part) for part in parts["tests"].items()),
    )


def _detectors(part: _Part) -> frozenset[str]:
    return frozenset(item.text() for item in part.items())


def _category(name: str, part: _Part) -> Category:
    parts = part.mapping("title", "mlcommons", "openai", "dsa")
    dsa = parts["dsa"].mapping("category", "keyword")
    return Category(
        name=name,
        title=parts["title"].text(),
        mlcommons=parts["mlcommons"].text(),
        openai=parts["openai"].text(),
        dsa_category=dsa["category"].text(),
        dsa_keyword=dsa["keyword"].text(),
    )


def _words(part: _Part, folder: Path) -> tuple[str, ...]:
    if isinstance(part.value, dict):
        return _words_in_file(part.mapping("file")["file"], folder)
    return tuple(_term(item.text(), item) for item in part.items())


def _words_in_file(part: _Part, folder: Path) -> tuple[str, ...]:
    try:
        lines = (folder / part.text()).read_text(encoding="utf-8").splitlines()
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


def _rules(part: _Part, categories: frozenset[str]) -> tuple[Rule, ...]:
    rules = tuple(_rule(item, categories) for item in part.items())
    names = [rule.name for rule in rules]
    if len(set(names)) < len(names):
        raise part.wrong("two rules have the same name")
    return rules


def _rule(part: _Part, categories: frozenset[str]) -> Rule:
    parts = part.mapping("name", "when", "then")
    then = parts["then"].mapping("decision", "reason")
    return Rule(
        name=parts["name"].text(),
        when=_combination(parts["when"], categories),
        decision=then["decision"].outcome(),
        reason=then["reason"].text(),
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
    parts = part.mapping("prompt", "expect")
    return Fixture(prompt=parts["prompt"].text(), expect=parts["expect"].outcome())
