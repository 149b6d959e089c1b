"""What the create page suggests: the vocabulary of the small model, as words to press."""

from dataclasses import dataclass

from generation.selectors import offered_engines
from generation.small.vocabulary import COLOURS, MOTIONS, OBJECT_NAMES, PLACES

SMALL_MODEL = "generation.small."
# Of ninety things some of every kind, so that the page stays short.
SHOWN_THINGS = OBJECT_NAMES[::3]
PREPOSITIONS = {
    "beach": "on the", "sunset": "at", "night": "at", "sky": "in the blue", "space": "in",
    "stage": "on a", "meadow": "in a", "forest": "in a", "room": "in a", "snow": "in the",
    "sea": "under the", "city": "in the", "desert": "in the", "mountains": "in the",
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """A word to press: what the button says, and what it writes."""

    shown: str
    insert: str


@dataclass(frozen=True)
class KindOfWords:
    """Words of which a prompt needs one."""

    title: str
    words: list[Word]


def suggested_words() -> list[KindOfWords]:
    """The small model's words; none where the deployment does not offer it."""
    if not any(engine.pipeline.startswith(SMALL_MODEL) for engine in offered_engines()):
        return []
    places = [f"{PREPOSITIONS[name]} {name}" for name in PLACES]
    return [
        KindOfWords("Looks", [Word(look, look) for look in (*COLOURS, "tiny", "huge")]),
        KindOfWords("Things", [Word(name, name) for name in SHOWN_THINGS]),
        KindOfWords("Movements", [Word(motion, phrases[0]) for motion, phrases in MOTIONS.items()]),
        KindOfWords("Paces", [Word(pace, pace) for pace in ("slowly", "fast")]),
        KindOfWords("Places", [Word(phrase, phrase) for phrase in places]),
    ]
