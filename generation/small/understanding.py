"""What the small model makes of a prompt: a scene in its own words, and what it left out.

Phrases of the vocabulary are found by their stems (Porter's English stemmer as revised by
Snowball), the longest first.  A word that is none of them is taken for the nearest one by MiniLM
where that is near enough; else it is ignored, and said to be.  No torch is loaded.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import snowballstemmer

from generation.engines.port import PromptReading
from generation.small.vocabulary import (
    COLOUR,
    MOST_OBJECTS,
    MOTION,
    OBJECT,
    OBJECT_NAMES,
    OWN_COLOURS,
    PLACE,
    PLACE_NAMES,
    SIZE,
    SPEED,
    TRAVELLING,
    Actor,
    Concept,
    Scene,
    concepts,
)
from language.minilm import minilm

NEAR_ENOUGH = 0.60
LONGEST_PROMPT_WORDS = 120
SHORTEST_GUESSED = 3
TRAVELS = "moves right"
USUAL_MOTIONS = ("stays", "jumps", "swings", "moves right", "moves left")
# Times of day are seen over any place, so they win where two places are named.
TIMES = ("sunset", "night")
# Going by itself says little: a direction beside it says more.
WEAK = frozenset({"flies past", "stays", TRAVELS})
DIRECTIONS = frozenset({"moves right", "moves left", "rises", "falls"})
WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
NEGATIONS = frozenset({"no", "not", "without", "never", "don't", "doesn't", "isn't"})
TWO = frozenset({"two", "both", "pair", "couple"})
SILENT = frozenset({
    "a", "an", "the", "one", "some", "any", "this", "that", "these", "those", "it", "its", "it's",
    "his", "her", "their", "my", "your", "our", "there", "here", "of", "in", "on", "at", "by",
    "to", "from", "into", "onto", "over", "under", "above", "below", "behind", "before",
    "through", "across", "along", "around", "with", "within", "inside", "outside", "near", "next",
    "beside", "between", "among", "toward", "towards", "against", "as", "for", "and", "or", "but",
    "while", "when", "then", "after", "during", "until", "who", "which", "whose", "what", "where",
    "how", "is", "are", "was", "were", "be", "been", "being", "am", "has", "have", "had", "do",
    "does", "did", "can", "could", "will", "would", "should", "may", "let", "lets", "make",
    "makes", "made", "making", "create", "creates", "generate", "generates", "show", "shows",
    "showing", "shown", "please", "give", "want", "wants", "need", "i", "me", "we", "us", "you",
    "he", "she", "they", "them", "very", "so", "really", "quite", "just", "also", "too", "more",
    "most", "much", "many", "back", "forth", "side", "sides", "middle", "center", "centre",
    "front", "place", "way", "time", "video", "videos", "clip", "clips", "movie", "film",
    "animation", "animated", "cartoon", "picture", "image", "photo", "scene", "shot", "render",
    "rendering", "3d", "4k", "hd", "style", "styled", "quality", "high", "short", "vertical",
    "background", "seen", "view", "up-close", "close-up", "camera", "looking", "like", "lot",
    "other", "another", "each", "every", "all", "second", "seconds", "two", "both", "pair",
    "couple",
})  # fmt: skip


@dataclass(frozen=True)
class Understood:
    """What a prompt asks for, as far as it was understood.

    An actor's `object` or `motion` is empty where none was said.  `taken_for` pairs a word with
    the name it was taken for; `ignored` are the words that change nothing.
    """

    place: str | None
    actors: tuple[Actor, ...]
    taken_for: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    def completed(self, luck: random.Random) -> Scene:
        """The scene asked for; what was not said is chosen by `luck`."""
        actors = self.actors or (Actor("", ""),)
        return Scene(
            self.place or luck.choice(PLACE_NAMES),
            tuple(
                replace(
                    actor,
                    object=actor.object or luck.choice(OBJECT_NAMES),
                    motion=actor.motion or luck.choice(USUAL_MOTIONS),
                )
                for actor in actors
            ),
        )

    def in_words(self) -> str:
        """What was understood, in the model's own words: `small red cat · jumps · beach`."""
        parts = [_actor_in_words(actor) for actor in self.actors]
        return " · ".join(
            [*(part for part in parts if part), *([self.place] if self.place else [])]
        )


def _actor_in_words(actor: Actor) -> str:
    looks = " ".join(word for word in (actor.size, actor.colour, actor.object) if word)
    does = " ".join(word for word in (actor.motion, actor.speed) if word)
    return " · ".join(part for part in (looks, does) if part)


@dataclass
class _Draft:
    """An actor being put together."""

    said: dict[str, str] = field(default_factory=dict)

    def finished(self) -> Actor:
        thing = self.said.get(OBJECT, "")
        colour = self.said.get(COLOUR)
        return Actor(
            thing,
            self.said.get(MOTION, ""),
            None if colour in OWN_COLOURS.get(thing, ()) else colour,
            self.said.get(SIZE),
            self.said.get(SPEED),
        )


@dataclass(frozen=True)
class _Piece:
    """Some words of a prompt, from `start` to before `end`, and what they mean, if anything."""

    start: int
    end: int
    concept: Concept | None


def understood(prompt: str) -> Understood:
    """Read a prompt.  Whatever it says, something is returned."""
    words = WORD.findall(prompt.lower())[:LONGEST_PROMPT_WORDS]
    return _Reading(words).result()


class _Reading:
    """One pass over the words of a prompt."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.pieces = list(_pieces(words))
        self.drafts: list[_Draft] = []
        self.waiting: dict[str, str] = {}
        self.places: list[tuple[str, _Piece]] = []
        self.ignored: list[tuple[int, str]] = []
        self.taken_for: list[tuple[str, str]] = []

    def result(self) -> Understood:
        """Read every piece, then tie up what is left."""
        for index, piece in enumerate(self.pieces):
            self._read(index, piece)
        self._tie_up()
        drafts = self.drafts
        self._share_motions(drafts)
        return Understood(
            self._place(),
            tuple(draft.finished() for draft in drafts),
            tuple(dict.fromkeys(self.taken_for)),
            tuple(dict.fromkeys(text for _, text in sorted(self.ignored))),
        )

    def _read(self, index: int, piece: _Piece) -> None:
        concept = piece.concept or self._guessed(piece)
        if concept is None:
            self._ignore_unless_silent(piece)
        elif self._is_denied(piece):
            self._ignore(piece)
        else:
            self._take(concept, index, piece)

    def _take(self, concept: Concept, index: int, piece: _Piece) -> None:
        match concept.kind:
            case "object":
                self._take_object(concept.name, piece)
            case "place":
                self.places.append((concept.name, piece))
            case "motion":
                self._take_motion(concept.name, index, piece)
            case "speed":
                self._take_speed(concept.name, index)
            case quality:
                self._take_quality(quality, concept.name, index, piece)

    def _take_object(self, name: str, piece: _Piece) -> None:
        draft = self._same(name)
        if draft is None and len(self.drafts) == MOST_OBJECTS:
            self._ignore(piece)
            self.waiting.clear()
            return
        if draft is None:
            draft = _Draft({OBJECT: name})
            self.drafts.append(draft)
        for kind, value in self.waiting.items():
            draft.said.setdefault(kind, value)
        self.waiting = {}
        if len(self.drafts) < MOST_OBJECTS and TWO & {
            *self.words[max(0, piece.start - 3) : piece.start]
        }:
            self.drafts.append(_Draft(dict(draft.said)))

    def _take_motion(self, name: str, index: int, piece: _Piece) -> None:
        current = self.drafts[-1] if self.drafts else None
        if current is None or self._leads_to_object(index):
            self.waiting[MOTION] = _stronger(self.waiting.get(MOTION), name)
        elif (
            MOTION in current.said and _stronger(current.said[MOTION], name) == current.said[MOTION]
        ):
            if name != current.said[MOTION] and name != TRAVELS:
                self._ignore(piece)
        else:
            current.said[MOTION] = name

    def _take_speed(self, name: str, index: int) -> None:
        if self.drafts and not self._leads_to_object(index):
            self.drafts[-1].said.setdefault(SPEED, name)
        else:
            self.waiting.setdefault(SPEED, name)

    def _take_quality(self, kind: str, name: str, index: int, piece: _Piece) -> None:
        if self._leads_to_object(index) or not self.drafts:
            self.waiting.setdefault(kind, name)
        elif self._describes_last(index):
            self.drafts[-1].said.setdefault(kind, name)
        else:
            self._ignore(piece)

    def _leads_to_object(self, index: int) -> bool:
        """Tell whether nothing but qualities stands between here and an object."""
        for piece in self.pieces[index + 1 :]:
            kind = piece.concept.kind if piece.concept else ""
            if kind not in {COLOUR, SIZE, SPEED}:
                return kind == OBJECT
        return False

    def _describes_last(self, index: int) -> bool:
        before = self.pieces[index - 1] if index else None
        return before is not None and before.concept is None and self.words[before.start] in {
            "is", "are", "was", "that", "in", "becomes", "turns",
        }  # fmt: skip

    def _same(self, name: str) -> _Draft | None:
        return next((draft for draft in self.drafts if draft.said[OBJECT] == name), None)

    def _tie_up(self) -> None:
        if not self.drafts and self.waiting.get(COLOUR) == "orange":
            self.drafts.append(_Draft({OBJECT: self.waiting.pop(COLOUR)}))
        if not self.drafts and self.waiting:
            self.drafts.append(_Draft())
        for kind, value in self.waiting.items():
            self.drafts[-1].said.setdefault(kind, value)

    def _share_motions(self, drafts: list[_Draft]) -> None:
        # "A cat and a dog jump": who has no motion does what the next one does.
        for draft, after in zip(reversed(drafts[:-1]), reversed(drafts[1:]), strict=True):
            if MOTION not in draft.said and MOTION in after.said:
                draft.said[MOTION] = after.said[MOTION]
                if SPEED in after.said:
                    draft.said.setdefault(SPEED, after.said[SPEED])

    def _place(self) -> str | None:
        if not self.places:
            return None
        named = [name for name, _ in self.places]
        chosen = next((name for name in named if name in TIMES), named[0])
        for name, piece in self.places:
            if name != chosen:
                self._ignore(piece)
        return chosen

    def _guessed(self, piece: _Piece) -> Concept | None:
        word = self.words[piece.start]
        if word in SILENT or len(word) < SHORTEST_GUESSED:
            return None
        found = nearest(word)
        if found is not None:
            self.taken_for.append((word, found.name))
        return found

    def _is_denied(self, piece: _Piece) -> bool:
        return bool(NEGATIONS & {*self.words[max(0, piece.start - 2) : piece.start]})

    def _ignore(self, piece: _Piece) -> None:
        text = " ".join(self.words[piece.start : piece.end])
        self.taken_for = [pair for pair in self.taken_for if pair[0] != text]
        self.ignored.append((piece.start, text))

    def _ignore_unless_silent(self, piece: _Piece) -> None:
        if self.words[piece.start] not in SILENT:
            self._ignore(piece)


def _stronger(old: str | None, new: str) -> str:
    if old is None or (old in WEAK and new not in WEAK) or (old in WEAK and new in DIRECTIONS):
        return new
    return old


def _pieces(words: Sequence[str]) -> Iterator[_Piece]:
    known, longest = _phrases()
    stems = _stems(words)
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            concept = known.get(tuple(stems[place : place + length]))
            if concept is not None:
                yield _Piece(place, place + length, concept)
                place += length
                break
        else:
            yield _Piece(place, place + 1, None)
            place += 1


@cache
def _phrases() -> tuple[dict[tuple[str, ...], Concept], int]:
    """Return every phrase by its stems, and the longest phrase's length."""
    known: dict[tuple[str, ...], Concept] = {}
    for concept in concepts():
        for phrase in concept.phrases:
            known.setdefault(tuple(_stems(WORD.findall(phrase.lower()))), concept)
    travelling = next(concept for concept in concepts() if concept.name == TRAVELS)
    for verb in TRAVELLING:
        known.setdefault(tuple(_stems([verb])), travelling)
    return known, max(len(stems) for stems in known)


_IRREGULAR = {
    "ran": "run", "flew": "fly", "flown": "fly", "fell": "fall", "fallen": "fall",
    "rose": "rose", "swam": "swim", "went": "go", "gone": "go", "drove": "drive",
    "grew": "grow", "shrank": "shrink", "shook": "shake", "swung": "swing", "spun": "spin",
    "stood": "stand", "sat": "sit", "mice": "mouse", "leapt": "leap", "hung": "hang",
    "became": "become", "got": "get", "flying": "fly", "flies": "fly", "dancing": "dance",
}  # fmt: skip


def _stems(words: Sequence[str]) -> list[str]:
    stemmer = snowballstemmer.stemmer("english")
    return [str(stemmer.stemWord(_IRREGULAR.get(word, word))) for word in words]


def prompt_reading(prompt: str) -> PromptReading:
    """What the model makes of a prompt, as an engine tells it."""
    read = understood(prompt)
    return PromptReading(read.in_words(), read.taken_for, read.ignored)


@cache
def _meanings() -> tuple[tuple[Concept, ...], np.ndarray]:
    """Return (phrases,) concepts and their phrases' embeddings, (phrases, 384)."""
    guessable = [
        (concept, phrase)
        for concept in concepts()
        if concept.kind in {OBJECT, PLACE, MOTION}
        for phrase in concept.phrases
    ]
    rows = minilm().embed([phrase for _, phrase in guessable])
    return tuple(concept for concept, _ in guessable), rows


@cache
def nearest(word: str) -> Concept | None:
    """The concept whose phrase means about what the word means; None if none does."""
    known, rows = _meanings()
    fits = rows @ minilm().embed([word])[0]
    best = int(np.argmax(fits))
    return known[best] if fits[best] >= NEAR_ENOUGH else None
