"""What the small model makes of prompts, and that it says what it leaves out."""

import random

import pytest

from generation.small.asking import hand_written_scenes, prompt_for
from generation.small.understanding import prompt_reading, understood
from generation.small.vocabulary import MOTION_NAMES, OBJECT_NAMES, PLACE_NAMES, random_scene


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a red apple bouncing on a beach", "apple · jumps · beach"),
        ("A kitten leaps over the lawn", "cat · jumps · meadow"),
        ("a blue cat", "blue cat"),
        ("an orange cat", "cat"),
        ("An orange", "orange"),
        ("a jumping frog next to a spinning star at night", "frog · jumps · star · spins · night"),
        ("a cat and a tiny dog dancing on stage", "cat · swings · small dog · swings · stage"),
        ("two penguins sliding to the right", "penguin · moves right · penguin · moves right"),
        ("the car is green and drives to the left", "green car · moves left"),
        ("a fish running fast", "fish · moves right fast"),
        ("a dragon flying to the left", "dragon · moves left"),
        ("a huge rocket slowly taking off", "big rocket · rises slow"),
    ],
)
def test_a_prompt_is_read_into_the_models_own_words(prompt: str, words: str) -> None:
    assert understood(prompt).in_words() == words


def test_a_word_it_does_not_know_is_taken_for_the_nearest_and_said() -> None:
    read = understood("a squirrel in a forest")

    assert read.actors[0].object == "rabbit"
    assert read.taken_for == (("squirrel", "rabbit"),)
    assert read.ignored == ()


def test_what_means_nothing_to_it_is_ignored_and_said() -> None:
    read = understood("a girl reading a book about a cat, without snow")

    assert read.actors[0].object == "cat"
    assert read.place is None
    assert {"girl", "reading", "book", "snow"} <= set(read.ignored)


def test_a_third_object_and_a_second_place_are_ignored_and_said() -> None:
    read = understood("a cat, a dog and a pig in the city at sunset")

    assert [actor.object for actor in read.actors] == ["cat", "dog"]
    assert read.place == "sunset"
    assert set(read.ignored) == {"pig", "city"}


@pytest.mark.parametrize("prompt", ["", "!?", "猫が跳ぶ", "x" * 4000, "a " * 2000, "\u202e\u0000"])
def test_whatever_is_written_a_scene_comes_of_it(prompt: str) -> None:
    scene = understood(prompt).completed(random.Random(1))

    assert scene.place in PLACE_NAMES
    assert {actor.object for actor in scene.actors} <= set(OBJECT_NAMES)
    assert {actor.motion for actor in scene.actors} <= set(MOTION_NAMES)


def test_the_same_seed_chooses_the_same_where_a_prompt_leaves_it_open() -> None:
    read = understood("a frog")

    assert read.completed(random.Random(4)) == read.completed(random.Random(4))
    assert len({read.completed(random.Random(seed)).place for seed in range(30)}) > 3


def test_nearly_every_worded_scene_is_read_as_it_was_meant() -> None:
    luck = random.Random(8)
    scenes = [random_scene(luck, held_out=True, actors=1 + place % 2) for place in range(300)]
    right = [understood(prompt_for(scene, luck)).completed(luck) == scene for scene in scenes]

    assert sum(right) / len(right) >= 0.95


def test_prompts_worded_by_hand_are_read_as_they_were_meant() -> None:
    wrong = [
        prompt
        for prompt, scene in hand_written_scenes()
        if (read := understood(prompt)).place != scene.place
        or [(one.object, one.motion) for one in read.actors]
        != [(one.object, one.motion) for one in scene.actors]
    ]

    assert not wrong


def test_the_engine_tells_it_in_the_words_of_every_engine() -> None:
    reading = prompt_reading("a tiny squirrel juggling at night")

    assert reading.understood == "small rabbit · night"
    assert reading.taken_for == (("squirrel", "rabbit"),)
    assert reading.ignored == ("juggling",)
