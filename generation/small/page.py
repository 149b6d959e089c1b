"""The vocabulary page of the documentation, written from the vocabulary itself."""

from collections.abc import Iterable

from generation.small import vocabulary

INTRODUCTION = """# The small model's words

`reverie-small-2` makes clips of one or two things that move before a place. It knows the words on
this page, and other words that mean about the same (by MiniLM: a *squirrel* is taken for a rabbit,
a *truck* for a car). What it took for something else, and what it ignored, the page of the clip
and the API say (`understood`, `taken_for`, `ignored_words`). What a prompt leaves open is chosen
by the seed.

An object may have a colour, a size and a speed: "a tiny blue dragon flying fast over the
mountains and a big pizza spinning". Only what something has anyway is not dyed: a green frog is a
frog. A clip can also begin with a picture, end with one, go on from a clip and follow drawn boxes
(the pipeline's `image`, `last_image`, `video`, `motion`; the API takes `input_reference`
and `motion`).

Training saw {trained} of the {every} combinations of object, place and motion; the other
{held_out} are kept for evaluation. How good it is stands in its
[model card](../generation/small/weights/reverie-small-2/README.md).
This page is written by `manage.py write_vocabulary_page`.
"""


def vocabulary_page() -> str:
    """Return the page as Markdown."""
    seen = sum(1 for _ in vocabulary.combinations(held_out=False))
    kept = sum(1 for _ in vocabulary.combinations(held_out=True))
    introduction = INTRODUCTION.format(
        trained=f"{seen:,}", held_out=f"{kept:,}", every=f"{seen + kept:,}"
    )
    known = vocabulary.concepts()
    tables = [
        _table(title, kind, ((one.name, one.phrases) for one in known if one.kind == kind))
        for title, kind in (
            ("Objects", vocabulary.OBJECT), ("Motions", vocabulary.MOTION),
            ("Places", vocabulary.PLACE), ("Colours", vocabulary.COLOUR),
            ("Sizes", vocabulary.SIZE), ("Speeds", vocabulary.SPEED),
        )
    ]  # fmt: skip
    return "\n".join([introduction, *tables])


def _table(title: str, kind: str, rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    lines = [f"| {name} | {', '.join(phrases)} |" for name, phrases in rows]
    return "\n".join([f"## {title}", "", f"| {kind} | understood as |", "|---|---|", *lines, ""])
