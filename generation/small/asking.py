"""Prompts to measure by: worded by templates for any scene, and by hand."""

import random

from generation.small.vocabulary import (
    COLOURS,
    MOTIONS,
    OBJECTS,
    PLACES,
    SIZES,
    SPEEDS,
    Actor,
    Scene,
)

_OPENINGS = ("", "", "", "A video of ", "a clip of ", "please show ", "an animation of ")
_ENDINGS = ("", "", ".", "!", ", 3d animation", ", high quality")


def prompt_for(scene: Scene, luck: random.Random) -> str:
    """One way of asking for the scene: paraphrases in one of several orders."""
    actors = [_actor(actor, luck) for actor in scene.actors]
    place = _place(scene.place, luck)
    told = " and ".join(actors)
    body = f"{place}, {told}" if luck.random() < 0.25 else f"{told} {place}"  # noqa: PLR2004
    return luck.choice(_OPENINGS) + body + luck.choice(_ENDINGS)


def _actor(actor: Actor, luck: random.Random) -> str:
    size = luck.choice(SIZES[actor.size][1]) if actor.size else ""
    colour = luck.choice(COLOURS[actor.colour][1][:1]) if actor.colour else ""
    noun = luck.choice(OBJECTS[actor.object][1])
    looks = " ".join(word for word in (size, colour, noun) if word)
    speed = luck.choice(SPEEDS[actor.speed]) if actor.speed else ""
    does = f"{_verb(actor.motion, luck)} {speed}".strip()
    return f"{luck.choice(('a', 'the', 'one'))} {looks} {luck.choice(('', 'that '))}{does}"


def _verb(motion: str, luck: random.Random) -> str:
    # Whole verb phrases: a bare direction is only said beside one.
    return luck.choice([phrase for phrase in MOTIONS[motion] if phrase.split()[0].endswith("s")])


def _place(place: str, luck: random.Random) -> str:
    phrase = luck.choice(PLACES[place])
    if phrase.split()[0] in {"under", "among", "underwater", "indoors"}:
        return phrase
    return f"{luck.choice(('in', 'on', 'at', 'near'))} the {phrase}"


# Worded by hand, outside the templates: (prompt, place, (object, motion), …).
HAND_WRITTEN = (
    ("A red apple slowly swells up on the beach", "beach", ("apple", "grows")),
    ("bouncing apple, night time", "night", ("apple", "jumps")),
    ("A car races to the right through the city", "city", ("car", "moves right")),
    ("kitten tumbling down onto the grass", "meadow", ("cat", "falls")),
    ("Snow everywhere, and a puppy runs to the left", "snow", ("dog", "moves left")),
    ("a goldfish swimming in circles in the sea", "sea", ("fish", "circles")),
    ("A star twirls in the dark", "night", ("star", "spins")),
    ("the frog in the park gets larger and larger", "meadow", ("frog", "grows")),
    ("an aubergine vibrating on stage", "stage", ("eggplant", "shakes")),
    ("a rocket lifting off from the desert", "desert", ("rocket", "rises")),
    ("elephant dancing in my living room", "room", ("elephant", "swings")),
    ("a purple dragon soars over the alps", "mountains", ("dragon", "rises")),
    ("a bunny hopping through the woods", "forest", ("rabbit", "jumps")),
    ("ghost suddenly popping up in the forest", "forest", ("ghost", "appears")),
    ("A panda rolls along the beach", "beach", ("panda", "rolls")),
    ("helicopter whooshes by among the clouds", "sky", ("helicopter", "flies past")),
    ("a hamburger that sinks to the bottom of the ocean", "sea", ("hamburger", "falls")),
    ("alien standing still in outer space", "space", ("alien", "stays")),
    ("butterfly fluttering in a garden", "meadow", ("butterfly", "zigzags")),
    ("a train gets smaller and smaller in the mountains", "mountains", ("train", "shrinks")),
    ("a pumpkin is rocking back and forth at dusk", "sunset", ("pumpkin", "swings")),
    ("Penguin trembling in the ice", "snow", ("penguin", "shakes")),
    ("An owl flies around at midnight", "night", ("owl", "zigzags")),
    ("hot pizza rotating in the kitchen", "room", ("pizza", "spins")),
    ("a football bounces down the street", "city", ("football", "jumps")),
    ("balloon drifting upwards into the blue sky", "sky", ("balloon", "rises")),
    ("a robot and a unicorn dance on a stage", "stage", ("robot", "swings"), ("unicorn", "swings")),
    ("a bee circles a sunflower that sways in the meadow", "meadow",
     ("bee", "circles"), ("sunflower", "swings")),
    ("a jumping cat next to a spinning donut on the beach", "beach",
     ("cat", "jumps"), ("donut", "spins")),
    ("a whale rises while a crab walks left under the sea", "sea",
     ("whale", "rises"), ("crab", "moves left")),
)  # fmt: skip


def hand_written_scenes() -> list[tuple[str, Scene]]:
    """Each prompt with the scene it asks for."""
    return [
        (prompt, Scene(place, tuple(Actor(thing, motion) for thing, motion in actors)))
        for prompt, place, *actors in HAND_WRITTEN
    ]
