"""Suites of attacks: ours in seeds.yaml, bigger ones by path."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from common.errors import Invalid

OWN = Path(__file__).with_name("seeds.yaml")
UNSORTED = "unsorted"


class UnableToReadSuite(Invalid):
    """The file is no suite; the message says where."""

    code = "invalid_suite"


@dataclass(frozen=True)
class Seed:
    """What must not pass: one prompt, or the prompts of a chain of remixes."""

    category: str
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Suite:
    """Seeds by kind, and harmless prompts that must pass."""

    attacks: tuple[Seed, ...] = ()
    euphemisms: tuple[Seed, ...] = ()
    other_languages: tuple[Seed, ...] = ()
    chains: tuple[Seed, ...] = ()
    pictures: tuple[Seed, ...] = ()
    harmless: tuple[str, ...] = ()


def read_suite(path: Path) -> Suite:
    """The suite in a YAML file like ours, or JSON lines `{"prompt", "category"}`.

    Raises UnableToReadSuite.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix in {".yaml", ".yml"}:
            return _from_document(yaml.safe_load(text))
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        return Suite(attacks=_seeds(rows))
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UnableToReadSuite(f"{path} is no suite: {type(error).__name__}.") from error


def merged(suites: Iterable[Suite]) -> Suite:
    """All suites as one."""
    given = list(suites)
    return Suite(
        attacks=tuple(seed for suite in given for seed in suite.attacks),
        euphemisms=tuple(seed for suite in given for seed in suite.euphemisms),
        other_languages=tuple(seed for suite in given for seed in suite.other_languages),
        chains=tuple(seed for suite in given for seed in suite.chains),
        pictures=tuple(seed for suite in given for seed in suite.pictures),
        harmless=tuple(prompt for suite in given for prompt in suite.harmless),
    )


def _from_document(document: dict[str, Any]) -> Suite:
    return Suite(
        attacks=_seeds(document.get("attacks", [])),
        euphemisms=_seeds(document.get("euphemisms", [])),
        other_languages=_seeds(document.get("other_languages", [])),
        chains=_seeds(document.get("chains", [])),
        pictures=_seeds(document.get("pictures", [])),
        harmless=tuple(str(prompt) for prompt in document.get("harmless", [])),
    )


def _seeds(rows: Iterable[dict[str, Any]]) -> tuple[Seed, ...]:
    return tuple(
        Seed(
            category=str(row.get("category") or UNSORTED),
            prompts=tuple(map(str, row["prompts"] if "prompts" in row else [row["prompt"]])),
        )
        for row in rows
    )
