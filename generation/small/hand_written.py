"""Prompts written by hand, outside the caption templates, on held-out combinations."""

from generation.small.vocabulary import Scene

HAND_WRITTEN = (
    ("A red apple slowly swells up on the beach while the sun sets", "apple", "sunset", "grows"),
    ("bouncing apple, night time", "apple", "night", "bounces"),
    ("an apple in the snow becomes huge", "apple", "snow", "grows"),
    ("A car races to the right through the night", "car", "night", "moves right"),
    ("a red car drives left over snow", "car", "snow", "moves left"),
    ("car sinking in the sea", "car", "sea", "falls"),
    ("My kitten falls down onto the grass", "cat", "meadow", "falls"),
    ("a cat walking leftwards along the beach at sundown", "cat", "sunset", "moves left"),
    ("Snow everywhere, and a cat runs to the right", "cat", "snow", "moves right"),
    ("a cat floats up through the ocean", "cat", "sea", "rises"),
    ("A star hops up and down on the meadow", "star", "meadow", "bounces"),
    ("a golden star goes up in the dark sky at night", "star", "night", "rises"),
    ("star drops to the bottom of the ocean", "star", "sea", "falls"),
    ("frog jumping on a sunset beach", "frog", "sunset", "bounces"),
    ("The frog in the park gets larger and larger", "frog", "meadow", "grows"),
    ("a fish jumps up and down in the snow", "fish", "snow", "bounces"),
    ("An aubergine slides across a field to the right", "eggplant", "meadow", "moves right"),
    ("purple eggplant falling from the night sky", "eggplant", "night", "falls"),
    ("piglet jumping in the garden", "pig", "meadow", "bounces"),
    ("a pig walks right, evening at the beach", "pig", "sunset", "moves right"),
    ("A bear comes nearer and nearer through the snow", "bear", "snow", "grows"),
    ("brown bear rising from the bottom of the sea", "bear", "sea", "rises"),
    ("panda walks from left to right in the green grass", "panda", "meadow", "moves right"),
    ("a panda ascends into a starry sky", "panda", "night", "rises"),
)


def hand_written_scenes() -> list[tuple[str, Scene]]:
    """Return each prompt with the scene it asks for."""
    return [(prompt, Scene(thing, place, motion)) for prompt, thing, place, motion in HAND_WRITTEN]
