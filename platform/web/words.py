"""What the create page suggests: the vocabulary of the small model, as words to press."""

from dataclasses import dataclass

from generation.selectors import offered_engines
from generation.small.vocabulary import MOTIONS, PLACES, THINGS

SMALL_MODEL = "generation.small."


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
    things = [Word(thing.name, f"{_article(thing.name)} {thing.name}") for thing in THINGS]
    gerunds = [motion.phrases[0][0] for motion in MOTIONS]
    places = [place.phrases[0] for place in PLACES]
    return [
        KindOfWords("Things", things),
        KindOfWords("Movements", [Word(phrase, phrase) for phrase in gerunds]),
        KindOfWords("Places", [Word(phrase, phrase) for phrase in places]),
    ]


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
