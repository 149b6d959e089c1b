"""The words the small model was taught, and the ways of saying them.

A caption names one object, one motion and one background. Every (object, background, motion)
combination belongs either to training or to the held-out fifth that only evaluation uses; the
split is a hash of the three names, so it never changes.
"""

import hashlib
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

HELD_OUT_ONE_IN = 5


@dataclass(frozen=True)
class Thing:
    """An object: the emoji that shows it and the nouns that call it."""

    name: str
    codepoint: str
    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A background and the phrases that name it."""

    name: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Motion:
    """A motion and its verb phrases, each as (gerund, third person)."""

    name: str
    phrases: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scene:
    """One combination of the three kinds of words, by name."""

    object: str
    background: str
    motion: str


THINGS = (
    Thing("apple", "1f34e", ("apple",), ("red", "shiny", "ripe", "fresh")),
    Thing("car", "1f697", ("car", "jeep", "automobile", "toy car"), ("red", "little", "small")),
    Thing("cat", "1f431", ("cat", "kitten", "kitty", "orange cat"), ("orange", "cute", "ginger")),
    Thing("star", "2b50", ("star", "gold star", "yellow star"), ("yellow", "golden", "shining")),
    Thing("frog", "1f438", ("frog", "toad", "green frog"), ("green", "little", "happy")),
    Thing("fish", "1f420", ("fish", "tropical fish", "blue fish"), ("blue", "colourful", "small")),
    Thing("eggplant", "1f346", ("eggplant", "aubergine"), ("purple", "big", "shiny")),
    Thing("pig", "1f437", ("pig", "piglet", "piggy"), ("pink", "cute", "little")),
    Thing("bear", "1f43b", ("bear", "brown bear", "teddy bear"), ("brown", "big", "friendly")),
    Thing("panda", "1f43c", ("panda", "panda bear"), ("black and white", "cute", "sweet")),
)

PLACES = (
    Place(
        "meadow",
        (
            "in a meadow", "on a green meadow", "in the grass", "on a lawn", "in a green field",
            "in a park", "in a garden", "on a grassy hill", "in the countryside",
            "on a sunny meadow", "over the green grass", "on a summer day in the meadow",
        ),
    ),
    Place(
        "sunset",
        (
            "at sunset", "on a beach at sunset", "on the beach", "at dusk", "in the evening sun",
            "in front of the setting sun", "under an orange sky", "on the sand at sunset",
            "as the sun goes down", "with a sunset behind", "on a sandy beach in the evening",
        ),
    ),
    Place(
        "night",
        (
            "at night", "under the stars", "in the night sky", "on a starry night",
            "in the dark", "in the moonlight", "under a starry sky", "at midnight",
            "on a dark night with stars", "by night",
        ),
    ),
    Place(
        "snow",
        (
            "in the snow", "in winter", "on snow", "on a snowy field", "in a snowy landscape",
            "on a white snowy hill", "on a cold winter day", "in a winter landscape",
            "over the snow", "in the white snow",
        ),
    ),
    Place(
        "sea",
        (
            "under water", "underwater", "in the sea", "in the ocean", "in the deep blue sea",
            "beneath the waves", "in blue water", "at the bottom of the sea",
            "under the sea", "deep in the ocean",
        ),
    ),
)  # fmt: skip

_TRAVEL = (
    ("moving", "moves"),
    ("sliding", "slides"),
    ("gliding", "glides"),
    ("going", "goes"),
    ("running", "runs"),
    ("walking", "walks"),
    ("driving", "drives"),
    ("flying", "flies"),
    ("swimming", "swims"),
    ("rolling", "rolls"),
    ("travelling", "travels"),
    ("drifting", "drifts"),
)
_RIGHTWARDS = (
    "right", "to the right", "from left to right", "rightwards", "towards the right",
    "across the screen from left to right", "from the left to the right", "to the right side",
)  # fmt: skip
_LEFTWARDS = (
    "left", "to the left", "from right to left", "leftwards", "towards the left",
    "across the screen from right to left", "from the right to the left", "to the left side",
)  # fmt: skip


def _directed(directions: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{gerund} {direction}", f"{third} {direction}")
        for (gerund, third), direction in itertools.product(_TRAVEL, directions)
    )


MOTIONS = (
    Motion("moves right", _directed(_RIGHTWARDS)),
    Motion("moves left", _directed(_LEFTWARDS)),
    Motion(
        "rises",
        (
            ("rising", "rises"), ("floating up", "floats up"), ("going up", "goes up"),
            ("flying upwards", "flies upwards"), ("moving up", "moves up"),
            ("ascending", "ascends"), ("taking off", "takes off"), ("climbing", "climbs"),
            ("drifting upward", "drifts upward"), ("rising into the air", "rises into the air"),
            ("soaring up", "soars up"), ("flying up", "flies up"),
            ("lifting off", "lifts off"), ("rising up", "rises up"),
        ),
    ),
    Motion(
        "falls",
        (
            ("falling", "falls"), ("falling down", "falls down"), ("dropping", "drops"),
            ("going down", "goes down"), ("sinking", "sinks"), ("descending", "descends"),
            ("moving down", "moves down"), ("dropping from the sky", "drops from the sky"),
            ("tumbling down", "tumbles down"), ("falling to the ground", "falls to the ground"),
            ("moving downwards", "moves downwards"), ("floating down", "floats down"),
        ),
    ),
    Motion(
        "bounces",
        (
            ("bouncing", "bounces"), ("bouncing up and down", "bounces up and down"),
            ("jumping", "jumps"), ("hopping", "hops"), ("jumping up and down", "jumps up and down"),
            ("hopping up and down", "hops up and down"),
            ("leaping up and down", "leaps up and down"),
            ("bouncing on the spot", "bounces on the spot"), ("hopping in place", "hops in place"),
            ("bouncing like a ball", "bounces like a ball"), ("jumping for joy", "jumps for joy"),
        ),
    ),
    Motion(
        "grows",
        (
            ("growing", "grows"), ("getting bigger", "gets bigger"),
            ("growing larger", "grows larger"),
            ("coming closer", "comes closer"), ("getting closer", "gets closer"),
            ("approaching the camera", "approaches the camera"), ("zooming in", "zooms in"),
            ("expanding", "expands"), ("swelling", "swells"), ("becoming larger", "becomes larger"),
            ("growing bigger and bigger", "grows bigger and bigger"), ("inflating", "inflates"),
        ),
    ),
)  # fmt: skip

OBJECT_NAMES = tuple(thing.name for thing in THINGS)
BACKGROUND_NAMES = tuple(place.name for place in PLACES)
MOTION_NAMES = tuple(motion.name for motion in MOTIONS)

_TEMPLATES = (
    "{thing} {doing} {place}",
    "{thing} {does} {place}",
    "{thing} {place} {doing}",
    "{thing} {doing}, {place}",
    "{place}, {thing} {does}",
    "{place}, {thing} is {doing}",
    "{thing} is {doing} {place}",
    "{thing} that {does} {place}",
)
_OPENINGS = (
    "", "", "", "", "", "a video of ", "a clip of ", "an animation of ", "cartoon of ",
    "a short film of ", "3d render of ", "please show ", "make a video of ",
)  # fmt: skip
_ENDINGS = ("", "", "", ".", "!", ", 3d animation", ", high quality", ", cute cartoon style")
_ARTICLES = ("a", "a", "the", "one", "")


def all_scenes() -> Iterator[Scene]:
    """Every combination of the vocabulary, in a fixed order."""
    for names in itertools.product(OBJECT_NAMES, BACKGROUND_NAMES, MOTION_NAMES):
        yield Scene(*names)


def is_held_out(scene: Scene) -> bool:
    """True for the fixed fifth of combinations that training never shows."""
    key = f"{scene.object}/{scene.background}/{scene.motion}".encode()
    return hashlib.sha256(key).digest()[0] % HELD_OUT_ONE_IN == 0


def training_scenes() -> list[Scene]:
    """The combinations training draws from; each single word occurs among them."""
    return [scene for scene in all_scenes() if not is_held_out(scene)]


def held_out_scenes() -> list[Scene]:
    """The combinations only evaluation asks for."""
    return [scene for scene in all_scenes() if is_held_out(scene)]


def caption(scene: Scene, rng: random.Random, *, plain: bool = False) -> str:
    """One way of asking for the scene; `plain` drops openings, endings and unusual case."""
    text = rng.choice(_TEMPLATES).format(
        thing=_noun_phrase(_thing(scene.object), rng),
        place=rng.choice(_place(scene.background).phrases),
        **_verbs(_motion(scene.motion), rng),
    )
    if plain:
        return text
    text = rng.choice(_OPENINGS) + text + rng.choice(_ENDINGS)
    return _recased(text, rng)


def partial_caption(scene: Scene, rng: random.Random) -> str:
    """A caption that leaves the motion or the place, or both, unsaid."""
    thing = _noun_phrase(_thing(scene.object), rng)
    verbs = _verbs(_motion(scene.motion), rng)
    place = rng.choice(_place(scene.background).phrases)
    return rng.choice((thing, f"{thing} {verbs['doing']}", f"{thing} {place}"))


def _thing(name: str) -> Thing:
    return next(thing for thing in THINGS if thing.name == name)


def _place(name: str) -> Place:
    return next(place for place in PLACES if place.name == name)


def _motion(name: str) -> Motion:
    return next(motion for motion in MOTIONS if motion.name == name)


def _verbs(motion: Motion, rng: random.Random) -> dict[str, str]:
    doing, does = rng.choice(motion.phrases)
    return {"doing": doing, "does": does}


def _noun_phrase(thing: Thing, rng: random.Random) -> str:
    noun = rng.choice((thing.name, rng.choice(thing.nouns)))
    if rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
        noun = f"{rng.choice(thing.adjectives)} {noun}"
    article = rng.choice(_ARTICLES)
    if article == "a" and noun[0] in "aeiou":
        article = "an"
    return f"{article} {noun}".strip()


def _recased(text: str, rng: random.Random) -> str:
    return rng.choice((text, text, text[0].upper() + text[1:], text.upper()))
