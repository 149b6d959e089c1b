"""Signs in a stranger's file that a machine made it, and what follows from them.

A sign is as strong as who vouches for it: a whole C2PA manifest, the `AIGC` key and our own
watermark say it for certain; a broken manifest and what programs scribble into metadata do not.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from video.aigc import IS_GENERATED, IS_SUSPECTED, MAY_BE_GENERATED
from video.intake import Intake
from video.provenance import AI_SOURCES, COMPOSITE, TRAINED

GENERATORS_FILE = Path(__file__).with_name("generators.yaml")
WHOLE = frozenset({"trusted", "valid"})

Standing: TypeAlias = Literal["generated", "declared", "suspected", "none"]
LABELS: Mapping[Standing, str] = {
    "generated": IS_GENERATED,
    "declared": MAY_BE_GENERATED,
    "suspected": IS_SUSPECTED,
}
"""The label of GB 45438-2025 that says as much: 1 is, 2 may be, 3 is suspected to be."""


@dataclass(frozen=True)
class Sign:
    """One thing in a file that says AI: where it was found, what it says, and whether for sure."""

    found_in: Literal["c2pa", "aigc", "watermark", "metadata"]
    says: str
    is_certain: bool


@dataclass(frozen=True)
class Generator:
    """What one kind of program is known to write into metadata."""

    name: str
    tags: tuple[str, ...]
    pattern: re.Pattern[str]


def signs_in(intake: Intake, *, watermark: str = "") -> list[Sign]:
    """All signs in the file; `watermark` is the id of ours that was found in its pictures."""
    return [
        *_in_manifest(intake),
        *_in_aigc(intake.aigc),
        *([Sign("watermark", watermark, is_certain=True)] if watermark else []),
        *_in_tags(intake.examination.tags),
    ]


def standing_of(signs: Iterable[Sign], *, is_declared: bool) -> Standing:
    """What a clip is called: the strongest of what its file and its owner say."""
    found = list(signs)
    if any(sign.is_certain for sign in found):
        return "generated"
    if is_declared:
        return "declared"
    return "suspected" if found else "none"


def source_type_of(intake: Intake, standing: Standing) -> str:
    """The IPTC digital source type of the clip, empty where nothing is known for certain.

    The file's own manifest is repeated.  "Made or changed with AI", as people declare it, is the
    composite.
    """
    if standing == "generated":
        own = intake.manifest.source_type
        return own if own in AI_SOURCES else TRAINED
    return COMPOSITE if standing == "declared" else ""


@cache
def known_generators() -> tuple[Generator, ...]:
    """The generators in `generators.yaml`."""
    entries = yaml.safe_load(GENERATORS_FILE.read_text(encoding="utf-8"))
    return tuple(_generator(entry) for entry in entries)


def _generator(entry: Mapping[str, Any]) -> Generator:
    pattern = re.compile(entry["says"], re.IGNORECASE)
    return Generator(entry["name"], tuple(entry["in"]), pattern)


def _in_manifest(intake: Intake) -> Iterator[Sign]:
    manifest = intake.manifest
    if manifest.is_ai_generated:
        teller = manifest.generator or manifest.issuer or "unknown"
        says = f"{teller} ({manifest.state})"
        yield Sign("c2pa", says, is_certain=manifest.state in WHOLE)


def _in_aigc(fields: Mapping[str, str] | None) -> Iterator[Sign]:
    label = fields["Label"].strip() if fields else ""
    if fields and label in LABELS.values():
        teller = fields["ContentProducer"] or fields["ContentPropagator"] or "unknown"
        yield Sign("aigc", teller, is_certain=label == IS_GENERATED)


def _in_tags(tags: Mapping[str, str]) -> Iterator[Sign]:
    named = set()
    for generator in known_generators():
        for tag in generator.tags:
            if generator.name not in named and generator.pattern.search(tags.get(tag, "")):
                named.add(generator.name)
                yield Sign("metadata", generator.name, is_certain=False)
