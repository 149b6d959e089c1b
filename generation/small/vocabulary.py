"""The words the small model was taught: what it can show, and what each is called.

A scene holds one or two objects, each with a motion and perhaps a colour, a size and a speed, in
one place.  Every (object, place, motion) combination belongs either to training or to the
held-out fifth that only evaluation uses; the split is a hash of the three names, so it never
changes.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

HELD_OUT_ONE_IN = 5
MOST_OBJECTS = 2

OBJECT, PLACE, MOTION, COLOUR, SIZE, SPEED = (
    "object", "place", "motion", "colour", "size", "speed",
)  # fmt: skip
KINDS = (OBJECT, PLACE, MOTION, COLOUR, SIZE, SPEED)


@dataclass(frozen=True)
class Concept:
    """One thing the model knows: its kind, its name and the phrases that mean it."""

    kind: str
    name: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Actor:
    """One object of a scene and what it does, by name; None is the usual one."""

    object: str
    motion: str
    colour: str | None = None
    size: str | None = None
    speed: str | None = None


@dataclass(frozen=True)
class Scene:
    """What a clip shows, by name."""

    place: str
    actors: tuple[Actor, ...]


# Each object: the codepoint of the emoji that shows it, and what it is called.
OBJECTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "cat": ("1f431", ("cat", "kitten", "kitty", "feline")),
    "dog": ("1f436", ("dog", "puppy", "doggy", "hound")),
    "rabbit": ("1f430", ("rabbit", "bunny", "hare")),
    "fox": ("1f98a", ("fox", "vixen")),
    "bear": ("1f43b", ("bear", "brown bear", "teddy bear", "grizzly", "teddy")),
    "panda": ("1f43c", ("panda", "panda bear")),
    "pig": ("1f437", ("pig", "piglet", "piggy", "hog")),
    "frog": ("1f438", ("frog", "toad")),
    "lion": ("1f981", ("lion", "lioness")),
    "tiger": ("1f42f", ("tiger", "tigress")),
    "monkey": ("1f435", ("monkey", "ape", "chimp", "chimpanzee")),
    "koala": ("1f428", ("koala", "koala bear")),
    "cow": ("1f42e", ("cow", "calf", "bull")),
    "chicken": ("1f414", ("chicken", "hen", "rooster")),
    "penguin": ("1f427", ("penguin",)),
    "owl": ("1f989", ("owl",)),
    "duck": ("1f986", ("duck", "duckling")),
    "elephant": ("1f418", ("elephant",)),
    "horse": ("1f40e", ("horse", "pony", "stallion", "foal")),
    "turtle": ("1f422", ("turtle", "tortoise")),
    "fish": ("1f420", ("fish", "tropical fish")),
    "whale": ("1f433", ("whale",)),
    "dolphin": ("1f42c", ("dolphin",)),
    "shark": ("1f988", ("shark",)),
    "octopus": ("1f419", ("octopus", "squid")),
    "crab": ("1f980", ("crab", "lobster")),
    "snail": ("1f40c", ("snail", "slug")),
    "butterfly": ("1f98b", ("butterfly", "moth")),
    "bee": ("1f41d", ("bee", "bumblebee", "honeybee", "wasp")),
    "ladybug": ("1f41e", ("ladybug", "ladybird", "beetle")),
    "unicorn": ("1f984", ("unicorn",)),
    "dinosaur": ("1f996", ("dinosaur", "t-rex", "trex", "dino")),
    "dragon": ("1f409", ("dragon",)),
    "snake": ("1f40d", ("snake", "serpent", "python")),
    "mouse": ("1f42d", ("mouse", "rat", "mice")),
    "apple": ("1f34e", ("apple",)),
    "banana": ("1f34c", ("banana",)),
    "strawberry": ("1f353", ("strawberry",)),
    "watermelon": ("1f349", ("watermelon", "melon")),
    "orange": ("1f34a", ("orange fruit", "tangerine", "mandarin", "clementine")),
    "grapes": ("1f347", ("grapes", "grape", "bunch of grapes")),
    "cherries": ("1f352", ("cherries", "cherry")),
    "pizza": ("1f355", ("pizza", "slice of pizza", "pizza slice")),
    "hamburger": ("1f354", ("hamburger", "burger", "cheeseburger")),
    "cake": ("1f382", ("cake", "birthday cake")),
    "donut": ("1f369", ("donut", "doughnut")),
    "ice cream": ("1f366", ("ice cream", "icecream", "ice cream cone", "gelato")),
    "cookie": ("1f36a", ("cookie", "biscuit")),
    "eggplant": ("1f346", ("eggplant", "aubergine")),
    "carrot": ("1f955", ("carrot",)),
    "avocado": ("1f951", ("avocado",)),
    "mushroom": ("1f344", ("mushroom", "toadstool", "fungus")),
    "car": ("1f697", ("car", "automobile", "jeep", "taxi")),
    "bus": ("1f68c", ("bus", "coach", "minibus")),
    "train": ("1f682", ("train", "locomotive", "steam engine", "steam train")),
    "rocket": ("1f680", ("rocket", "spaceship", "rocket ship", "spacecraft")),
    "airplane": ("2708-fe0f", ("airplane", "plane", "aeroplane", "aircraft", "jet")),
    "bicycle": ("1f6b2", ("bicycle", "bike")),
    "boat": ("26f5", ("boat", "sailboat", "sailing boat", "ship", "yacht")),
    "helicopter": ("1f681", ("helicopter", "chopper")),
    "tractor": ("1f69c", ("tractor",)),
    "ufo": ("1f6f8", ("ufo", "flying saucer", "saucer")),
    "sun": ("1f31e", ("sun", "smiling sun")),
    "moon": ("1f319", ("moon", "crescent", "crescent moon")),
    "star": ("2b50", ("star",)),
    "cloud": ("2601-fe0f", ("cloud",)),
    "rainbow": ("1f308", ("rainbow",)),
    "snowman": ("26c4", ("snowman",)),
    "lightning": ("26a1", ("lightning", "lightning bolt", "bolt", "thunderbolt")),
    "fire": ("1f525", ("fire", "flame", "bonfire", "campfire")),
    "sunflower": ("1f33b", ("sunflower",)),
    "rose": ("1f339", ("rose", "flower", "tulip")),
    "tree": ("1f332", ("tree", "fir", "pine", "christmas tree", "fir tree", "pine tree")),
    "cactus": ("1f335", ("cactus",)),
    "football": ("26bd", ("football", "soccer ball", "ball", "football ball")),
    "basketball": ("1f3c0", ("basketball",)),
    "balloon": ("1f388", ("balloon",)),
    "heart": ("2764-fe0f", ("heart",)),
    "gift": ("1f381", ("gift", "present", "parcel", "gift box")),
    "guitar": ("1f3b8", ("guitar", "electric guitar")),
    "crown": ("1f451", ("crown",)),
    "robot": ("1f916", ("robot", "android", "bot")),
    "ghost": ("1f47b", ("ghost", "phantom", "spook")),
    "alien": ("1f47d", ("alien", "extraterrestrial", "martian")),
    "pumpkin": ("1f383", ("pumpkin", "jack-o-lantern")),
    "diamond": ("1f48e", ("diamond", "gem", "jewel", "gemstone")),
    "bell": ("1f514", ("bell",)),
    "laughing face": ("1f602", ("laughing face", "laughing emoji", "laughing smiley")),
    "smiley": ("1f600", ("smiley", "smiling face", "smiley face", "emoji", "grinning face")),
    "clapping hands": ("1f44f", ("clapping hands", "hands clapping", "applause", "hands")),
}

PLACES: Mapping[str, tuple[str, ...]] = {
    "meadow": ("meadow", "grass", "lawn", "field", "park", "garden", "countryside", "hill", "farm"),
    "beach": ("beach", "seaside", "shore", "coast", "sand", "island", "tropical beach"),
    "sunset": ("sunset", "dusk", "sundown", "evening", "setting sun", "evening sun", "dawn",
               "orange sky", "sunrise"),
    "night": ("night", "starry night", "night sky", "moonlight", "under the stars", "midnight",
              "starry sky", "dark"),
    "snow": ("snow", "winter", "snowfield", "ice", "arctic", "antarctica", "snowy landscape",
             "snowy hill"),
    "sea": ("underwater", "under water", "sea", "ocean", "under the sea", "deep sea", "reef",
            "water", "aquarium", "waves"),
    "city": ("city", "town", "street", "skyline", "downtown", "skyscrapers", "road", "city street"),
    "space": ("space", "outer space", "galaxy", "cosmos", "universe", "planets", "orbit around"),
    "desert": ("desert", "dunes", "sahara", "sand dunes"),
    "forest": ("forest", "woods", "jungle", "woodland", "rainforest"),
    "mountains": ("mountains", "mountain", "alps", "peaks", "cliffs"),
    "sky": ("sky", "blue sky", "clouds", "among the clouds", "air"),
    "room": ("room", "bedroom", "living room", "house", "home", "kitchen", "indoors", "nursery",
             "classroom"),
    "stage": ("stage", "theatre", "theater", "disco", "spotlight", "concert", "party", "club"),
}  # fmt: skip

MOTIONS: Mapping[str, tuple[str, ...]] = {
    "moves right": ("moves right", "moves to the right", "goes right", "goes to the right",
                    "from left to right", "rightwards", "to the right", "towards the right",
                    "crosses the screen", "right"),
    "moves left": ("moves left", "moves to the left", "goes left", "goes to the left",
                   "from right to left", "leftwards", "to the left", "towards the left", "left"),
    "rises": ("rises", "goes up", "floats up", "flies up", "takes off", "ascends", "climbs",
              "lifts off", "soars", "upwards", "moves up", "launches", "blasts off", "up"),
    "falls": ("falls", "drops", "goes down", "sinks", "descends", "falls down", "tumbles down",
              "downwards", "moves down", "lands", "plunges", "dives", "down"),
    "jumps": ("jumps", "bounces", "hops", "leaps", "jumps up and down", "skips", "dribbles",
              "up and down", "bounces up and down", "hops up and down"),
    "spins": ("spins", "rotates", "turns around", "whirls", "twirls", "spins around", "pirouettes",
              "turns"),
    "grows": ("grows", "gets bigger", "gets larger", "comes closer", "expands", "swells",
              "approaches", "zooms in", "inflates", "becomes huge", "gets closer"),
    "shrinks": ("shrinks", "gets smaller", "goes away", "deflates", "zooms out", "recedes",
                "becomes tiny", "gets tiny", "vanishes in the distance"),
    "circles": ("circles", "orbits", "goes round", "flies in circles", "runs in circles", "loops",
                "in circles", "in a circle", "goes around", "round and round"),
    "shakes": ("shakes", "trembles", "vibrates", "shivers", "wobbles", "quivers", "jitters",
               "rattles"),
    "zigzags": ("zigzags", "zig-zags", "zigzag", "weaves", "meanders", "wanders", "zig zags",
                "flutters", "runs around", "flies around"),
    "appears": ("appears", "pops up", "pops in", "shows up", "materialises", "materializes",
                "fades in", "emerges", "arrives"),
    "swings": ("swings", "sways", "rocks", "dangles", "tilts", "rocks back and forth",
               "dances", "boogies", "grooves"),
    "rolls": ("rolls", "rolls along", "somersaults", "tumbles", "cartwheels"),
    "flies past": ("flies past", "flies by", "whooshes by", "zooms past", "shoots across",
                   "flies across", "flies", "swoops"),
    "stays": ("stays", "stands", "sits", "waits", "rests", "stands still", "is still", "sleeps",
              "looks around", "hovers", "floats", "smiles", "laughs", "claps", "poses", "blinks"),
}  # fmt: skip

# Ways of going that say a motion only together with a direction; alone, they go to the right.
TRAVELLING = (
    "moves", "slides", "glides", "goes", "runs", "walks", "drives", "swims", "travels", "drifts",
    "races", "rushes", "crawls", "marches", "sails", "rides", "speeds", "gallops", "creeps",
)  # fmt: skip

COLOURS: Mapping[str, tuple[tuple[float, float, float], tuple[str, ...]]] = {
    "red": ((0.93, 0.10, 0.12), ("red", "scarlet", "crimson")),
    "orange": ((1.00, 0.52, 0.05), ("orange", "orange-coloured", "ginger")),
    "yellow": ((1.00, 0.85, 0.08), ("yellow", "golden", "gold")),
    "green": ((0.15, 0.72, 0.20), ("green", "emerald", "lime")),
    "blue": ((0.12, 0.38, 0.95), ("blue", "azure", "navy")),
    "purple": ((0.55, 0.18, 0.85), ("purple", "violet", "lilac")),
    "pink": ((1.00, 0.42, 0.70), ("pink", "rosy", "magenta")),
    "white": ((1.00, 1.00, 1.00), ("white", "snow-white", "pale")),
    "black": ((0.10, 0.10, 0.12), ("black", "dark-coloured", "jet-black")),
}

SIZES: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "small": (0.17, ("small", "tiny", "little", "mini", "miniature", "wee")),
    "big": (0.50, ("big", "large", "huge", "giant", "enormous", "gigantic", "massive")),
}
USUAL_SIZE = 0.33

SPEEDS: Mapping[str, tuple[str, ...]] = {
    "slow": ("slowly", "slow", "gently", "lazily", "calmly", "leisurely"),
    "fast": ("fast", "quickly", "rapidly", "swiftly", "speedily", "quick", "wildly", "like crazy"),
}

# Drawn from the side, looking left: when they go to the right, they are mirrored.
LOOKING_LEFT = frozenset({
    "chicken", "duck", "elephant", "horse", "turtle", "fish", "whale", "dolphin", "shark", "snail",
    "bee", "unicorn", "dinosaur", "dragon", "snake", "car", "bus", "train", "bicycle", "boat",
    "helicopter", "tractor",
})  # fmt: skip
# The same, looking right.
LOOKING_RIGHT = frozenset({"rocket", "airplane"})

# What an object is anyway: asking for it changes nothing, so nothing is tinted.
OWN_COLOURS: Mapping[str, frozenset[str]] = {
    "cat": frozenset({"orange", "yellow"}), "dog": frozenset(), "frog": frozenset({"green"}),
    "pig": frozenset({"pink"}), "apple": frozenset({"red"}), "banana": frozenset({"yellow"}),
    "strawberry": frozenset({"red"}), "fox": frozenset({"orange", "red"}),
    "star": frozenset({"yellow"}), "sun": frozenset({"yellow"}), "moon": frozenset({"yellow"}),
    "cloud": frozenset({"white"}), "car": frozenset({"red", "pink"}),
    "heart": frozenset({"red", "pink"}), "balloon": frozenset({"red"}),
    "pumpkin": frozenset({"orange"}), "carrot": frozenset({"orange"}),
    "eggplant": frozenset({"purple"}), "grapes": frozenset({"purple"}),
    "cherries": frozenset({"red"}), "rose": frozenset({"red"}), "ghost": frozenset({"white"}),
    "alien": frozenset({"green"}), "tree": frozenset({"green"}), "cactus": frozenset({"green"}),
    "turtle": frozenset({"green"}), "dinosaur": frozenset({"green"}), "fish": frozenset({"blue"}),
    "whale": frozenset({"blue"}), "dolphin": frozenset({"blue"}), "diamond": frozenset({"blue"}),
    "rabbit": frozenset({"white"}), "snowman": frozenset({"white"}),
    "basketball": frozenset({"orange"}), "orange": frozenset({"orange"}),
    "crab": frozenset({"red", "pink"}), "tractor": frozenset({"green"}),
    "crown": frozenset({"yellow"}), "bell": frozenset({"yellow"}),
    "lightning": frozenset({"orange", "yellow"}), "fire": frozenset({"orange", "red"}),
}  # fmt: skip

OBJECT_NAMES = tuple(OBJECTS)
PLACE_NAMES = tuple(PLACES)
MOTION_NAMES = tuple(MOTIONS)


@cache
def concepts() -> tuple[Concept, ...]:
    """Everything the model knows."""
    return (
        *(Concept(OBJECT, name, calls) for name, (_, calls) in OBJECTS.items()),
        *(Concept(PLACE, name, calls) for name, calls in PLACES.items()),
        *(Concept(MOTION, name, calls) for name, calls in MOTIONS.items()),
        *(Concept(COLOUR, name, calls) for name, (_, calls) in COLOURS.items()),
        *(Concept(SIZE, name, calls) for name, (_, calls) in SIZES.items()),
        *(Concept(SPEED, name, calls) for name, calls in SPEEDS.items()),
    )


def is_held_out(thing: str, place: str, motion: str) -> bool:
    """True for the fixed fifth of combinations that training never shows."""
    digest = hashlib.sha256(f"{thing}/{place}/{motion}".encode()).digest()
    return digest[0] % HELD_OUT_ONE_IN == 0


def combinations(*, held_out: bool) -> Iterator[tuple[str, str, str]]:
    """The (object, place, motion) names of one side of the split, in a fixed order."""
    for thing in OBJECT_NAMES:
        for place in PLACE_NAMES:
            for motion in MOTION_NAMES:
                if is_held_out(thing, place, motion) == held_out:
                    yield thing, place, motion


def random_scene(
    rng: random.Random, *, held_out: bool, actors: int = 1, things: Sequence[str] = OBJECT_NAMES
) -> Scene:
    """A scene of `things` whose every combination is on the asked side of the split."""
    place = rng.choice(PLACE_NAMES)
    return Scene(
        place,
        tuple(_random_actor(rng, place, things, held_out=held_out) for _ in range(actors)),
    )


def _random_actor(
    rng: random.Random, place: str, things: Sequence[str], *, held_out: bool
) -> Actor:
    while True:
        thing, motion = rng.choice(things), rng.choice(MOTION_NAMES)
        if is_held_out(thing, place, motion) == held_out:
            break
    colour = rng.choice([name for name in COLOURS if name not in OWN_COLOURS.get(thing, ())])
    return Actor(
        thing,
        motion,
        colour if rng.random() < 0.25 else None,  # noqa: PLR2004 - a quarter is tinted
        rng.choice((None, None, None, "small", "big")),
        rng.choice((None, None, None, "slow", "fast")),
    )
