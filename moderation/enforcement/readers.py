"""Who reads words at which step: a cheap screen at the door, everything before the GPU.

The door runs in the web process and loads no large model; the full reading runs in workers.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from time import perf_counter

from django.conf import settings

from moderation.classifiers.port import Finding, TextDetector
from moderation.classifiers.registry import load_text_detector
from moderation.classifiers.trained import (
    caption_screen,
    comment_door,
    prompt_door,
    prompt_screen,
)
from moderation.enforcement.wordlists import lexicon_of
from moderation.policy.rules import Policy

CAPTION = "caption"
"""The stage of a policy that knows captions from prompts."""
POSTED = frozenset({"caption", "hashtags"})
"""The texts that are written over a clip, for people to read; every other asks for one."""
NAME_LENGTH = 60
UNKNOWN = "unknown"

logger = logging.getLogger(__name__)


def read_at_door(texts: Mapping[str, str], policy: Policy) -> list[Finding]:
    """What the lexicon and the cheap screen say of a prompt."""
    return [*lexicon_of(policy).judge(texts), *_asked("prompt_door", prompt_door, texts)]


def read_caption(texts: Mapping[str, str], policy: Policy) -> list[Finding]:
    """What the lexicon and the screen of captions say of what is to be written over a clip."""
    if CAPTION not in policy.stages:
        return read_at_door(texts, policy)
    return [*lexicon_of(policy).judge(texts), *_asked("caption_screen", caption_screen, texts)]


def read_talk(texts: Mapping[str, str], policy: Policy) -> list[Finding]:
    """What the lexicon and the cheap screen say of a comment or a profile."""
    return [*lexicon_of(policy).judge(texts), *_asked("comment_door", comment_door, texts)]


def read_fully(texts: Mapping[str, str], policy: Policy) -> list[Finding]:
    """What the lexicon, the full screens and every plugged detector say: for workers only.

    What is posted is read by the screen of captions, and all else by that of prompts; a policy
    that knows no captions has rules for the screen of prompts alone, which then reads everything.
    A detector that fails is a Finding without a score, which no policy allows.
    """
    posted = {name: texts[name] for name in texts if name in POSTED and CAPTION in policy.stages}
    asked = {name: texts[name] for name in texts if name not in posted}
    findings = [
        *lexicon_of(policy).judge(texts),
        *_asked("prompt_screen", prompt_screen, asked),
        *_asked("caption_screen", caption_screen, posted),
    ]
    for path in settings.TEXT_DETECTORS:
        findings += _asked(path, partial(_plugged, path), texts)
    return findings


def read_each(prompts: Sequence[str], policy: Policy) -> list[list[Finding]]:
    """What `read_fully` says of each of many prompts, without the plugged detectors."""
    found, nothing_posted = prompt_screen().judge_each(prompts), caption_screen().judge({})
    lexicon = lexicon_of(policy)
    return [
        [*lexicon.judge({"prompt": prompt}), *findings, *nothing_posted]
        for prompt, findings in zip(prompts, found, strict=True)
    ]


def _asked(
    name: str, detector: Callable[[], TextDetector], texts: Mapping[str, str]
) -> Iterator[Finding]:
    start = perf_counter()
    try:
        yield from detector().judge(texts)
    except Exception as error:  # noqa: BLE001 - whatever a detector does, it is an answer
        # No traceback: neither the words nor an answer that may quote them belong in a log.
        logger.warning("Text detector %s gave no answer: %s", name, type(error).__name__)
        yield Finding(
            detector=name[-NAME_LENGTH:],
            version="",
            category=UNKNOWN,
            score=None,
            evidence={"error": type(error).__name__},
            latency_milliseconds=(perf_counter() - start) * 1000,
        )


@cache
def _plugged(path: str) -> TextDetector:
    return load_text_detector(path)
