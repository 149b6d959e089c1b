"""Runs a suite against the screens that are in force and counts what comes through."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from moderation.classifiers.port import Finding, FrameDetector
from moderation.classifiers.registry import load_detector
from moderation.policy.rules import ON_ERROR, Outcome, verdict
from moderation.redteam.attacks import FRAMINGS, OBFUSCATIONS
from moderation.redteam.suites import Seed, Suite
from moderation.services.screens import file_policy, screen_prompts
from video.frames import Frame

PICTURE_SIZE = (384, 384)
PICTURE_FRAMES = 4
LETTER_SIZE = 48
LINE_LETTERS = 13
HARMLESS = "harmless"


@dataclass(frozen=True)
class Tally:
    """Of `tried` attacks of a family on a category, `passed` were not flagged."""

    family: str
    category: str
    tried: int
    passed: int


@dataclass(frozen=True)
class _Attempt:
    """One attack; it passed when none of its texts is flagged."""

    family: str
    category: str
    texts: tuple[str, ...]


def run_suite(suite: Suite) -> list[Tally]:
    """What comes through, by family and category; `harmless` counts what passes as it should."""
    attempts = list(_attempts(suite))
    texts = list(dict.fromkeys(text for attempt in attempts for text in attempt.texts))
    said = screen_prompts(texts)
    flagged = {text: one.is_flagged for text, one in zip(texts, said, strict=True)}
    results = [
        (attempt.family, attempt.category, not any(flagged[text] for text in attempt.texts))
        for attempt in attempts
    ]
    results += [
        ("text in the picture", seed.category, not _is_seen(seed.prompts[0]))
        for seed in suite.pictures
    ]
    return _tallies(results)


def totals(tallies: Iterable[Tally]) -> dict[str, tuple[int, int]]:
    """Family -> (tried, passed) over all categories."""
    tried: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for tally in tallies:
        tried[tally.family] += tally.tried
        passed[tally.family] += tally.passed
    return {family: (count, passed[family]) for family, count in tried.items()}


def _attempts(suite: Suite) -> Iterator[_Attempt]:
    for family, attack in {**OBFUSCATIONS, **FRAMINGS}.items():
        for seed in suite.attacks:
            text = attack(seed.prompts[0])
            yield _Attempt(family, seed.category, (text,))
    kinds: Mapping[str, Sequence[Seed]] = {
        "euphemism": suite.euphemisms,
        "other languages": suite.other_languages,
    }
    for family, seeds in kinds.items():
        yield from (_Attempt(family, seed.category, seed.prompts) for seed in seeds)
    for seed in suite.chains:
        yield _Attempt("chain, each prompt alone", seed.category, seed.prompts)
        told = (", ".join(seed.prompts[: end + 1]) for end in range(len(seed.prompts)))
        yield _Attempt("chain, with the words before", seed.category, tuple(told))
    for prompt in suite.harmless:
        yield _Attempt(HARMLESS, HARMLESS, (prompt,))


def _is_seen(text: str) -> bool:
    """Whether the frame screen stops a clip that shows `text` in big letters."""
    frames = [_picture(text)] * PICTURE_FRAMES
    findings: list[Finding] = [
        finding for detector in _frame_detectors() for finding in detector.judge(frames)
    ]
    policy = file_policy()
    said = verdict(findings, policy, stage="prompt")
    # No word was read here, so what is missing for want of words says nothing.
    return said.rules != (ON_ERROR,) and said.decision in {Outcome.REVIEW, Outcome.BLOCK}


@cache
def _frame_detectors() -> tuple[FrameDetector, ...]:
    return tuple(load_detector(path) for path in settings.FRAME_DETECTORS)


def _picture(text: str) -> Frame:
    """White letters on black, as large as fits."""
    image = Image.new("RGB", PICTURE_SIZE)
    font = ImageFont.load_default(LETTER_SIZE)
    lines = "\n".join(textwrap.wrap(text, LINE_LETTERS))
    ImageDraw.Draw(image).multiline_text((20, 60), lines, fill="white", font=font)
    return np.asarray(image)


def _tallies(results: Iterable[tuple[str, str, bool]]) -> list[Tally]:
    tried: Counter[tuple[str, str]] = Counter()
    passed: Counter[tuple[str, str]] = Counter()
    for family, category, has_passed in results:
        tried[family, category] += 1
        passed[family, category] += has_passed
    return [
        Tally(family, category, count, passed[family, category])
        for (family, category), count in tried.items()
    ]
