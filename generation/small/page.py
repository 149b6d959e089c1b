"""The vocabulary page of the documentation, written from the vocabulary itself."""

from collections.abc import Iterable

from generation.small import vocabulary
from generation.small.vocabulary import MOTIONS, PLACES, THINGS

INTRODUCTION = """# The small model's words

`reverie-small-1` makes two-second clips of one thing moving in one place. It knows the words on
this page and ways of saying them; other words it ignores or guesses at. Name one object, one motion
and one background, in any order: "a red apple bouncing on a beach at sunset". Name all three: what
is left unsaid often comes out as a muddle of several.

Training saw {trained} of the {every} combinations; the other {held_out} are kept for evaluation.
How well it does is in its [model card](../generation/small/weights/reverie-small-1/README.md).
This page is written by `manage.py write_vocabulary_page`.
"""


def vocabulary_page() -> str:
    """Return the page as Markdown."""
    introduction = INTRODUCTION.format(
        trained=len(vocabulary.training_scenes()),
        held_out=len(vocabulary.held_out_scenes()),
        every=len(list(vocabulary.all_scenes())),
    )
    things = ((thing.name, (*thing.nouns, *_pairs(thing))) for thing in THINGS)
    places = ((place.name, place.phrases) for place in PLACES)
    motions = ((motion.name, _thinned(motion.phrases)) for motion in MOTIONS)
    tables = [
        _table("Objects", "object", things),
        _table("Motions", "motion", motions),
        _table("Backgrounds", "background", places),
    ]
    return "\n".join([introduction, *tables])


def _pairs(thing: vocabulary.Thing) -> list[str]:
    return [f"{adjective} {thing.name}" for adjective in thing.adjectives]


def _thinned(phrases: tuple[tuple[str, str], ...]) -> list[str]:
    """Return a dozen of the gerunds: directions combine with every verb of travel."""
    every = max(1, len(phrases) // 12 + 1) if len(phrases) > 24 else 1  # noqa: PLR2004 - two dozen
    return [gerund for gerund, _ in phrases[::every]]


def _table(title: str, kind: str, rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    lines = [f"| {name} | {', '.join(dict.fromkeys(phrases))} |" for name, phrases in rows]
    return "\n".join([f"## {title}", "", f"| {kind} | understood as |", "|---|---|", *lines, ""])
