"""What a sentence asks for."""

import pytest

from feed.ranking.phrases import Phrase, phrases_in

ASKED = [
    ("more rainy anime, no horror", [("rainy anime", 1), ("horror", -1)]),
    ("no horror or blood, more pandas and snow",
     [("horror", -1), ("blood", -1), ("pandas", 1), ("snow", 1)]),
    ("cats", [("cats", 1)]),
    ("Don\u2019t show me spiders", [("spiders", -1)]),
    ("stop showing me cars but more trains", [("cars", -1), ("trains", 1)]),
    ("rainy anime -horror", [("rainy anime", 1), ("horror", -1)]),
    ("a bit less neon; some vintage robots", [("neon", -0.5), ("vintage robots", 0.5)]),
    ("I want to see more of the ocean", [("ocean", 1)]),
    ("no more cats", [("cats", -1)]),
    ("only black-and-white clips", [("black-and-white", 1)]),
    ("not so much rain, please", [("rain", -0.5)]),
    (
        "mehr \u96e8 and \u0434\u043e\u0436\u0434\u044c",
        [("mehr \u96e8", 1), ("\u0434\u043e\u0436\u0434\u044c", 1)],
    ),
    ("rain, no rain", [("rain", -1)]),
    ("more, no, please", []),
    ("... !", []),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "asked"), ASKED)
def test_a_sentence_becomes_phrases_that_are_wanted_or_not(
    sentence: str, asked: list[tuple[str, float]]
) -> None:
    assert [(one.text, one.strength) for one in phrases_in(sentence)] == asked


def test_hashtags_are_named_as_such() -> None:
    assert phrases_in("more #jazz, no rain") == [
        Phrase("jazz", 1.0, frozenset({"jazz"})),
        Phrase("rain", -1.0),
    ]
