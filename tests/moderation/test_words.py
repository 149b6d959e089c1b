"""Reading a text as a person would, however it is written."""

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moderation.classifiers.lexicon import Lexicon, Pattern
from moderation.classifiers.normaliser import normalise

LEXICON = Lexicon(
    words={
        "harmless": ["bath bomb*", "photo shoot"],
        "making": ["how to build", "make"],
        "weapon": ["bomb*", "shoot"],
        "rude": ["nude*", "kill yourself", "grape pie"],
    },
    patterns=[
        Pattern("making + weapon", "weapons", frozenset({"making", "weapon"}), within=6, score=1.0),
        Pattern("rude", "rude", frozenset({"rude"}), within=1, score=0.6),
    ],
    categories=["weapons", "rude", "never"],
)


def scores(text: str) -> dict[str, float | None]:
    return {finding.category: finding.score for finding in LEXICON.judge({"prompt": text})}


def read_as(text: str) -> set[tuple[str, ...]]:
    return {reading.words for reading in normalise(text).readings}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("as it is", "nude"),
        ("capitals", "NuDe"),
        ("full width", "\uff4e\uff55\uff44\uff45"),
        ("mathematical letters", "\U0001d427\U0001d42e\U0001d41d\U0001d41e"),
        ("zero width", "n\u200bu\u200dd\ufeffe"),
        ("soft hyphens", "n\u00adu\u00adde"),
        ("bidirectional controls", "\u202enude\u202c"),
        ("combining strokes", "n\u0336u\u0336d\u0336e\u0336"),
        ("accents", "nud\u00e9"),
        ("NUL bytes", "n\x00u\x00d\x00e"),
        ("Cyrillic", "nud\u0435"),
        ("Cyrillic and Greek", "\u0578\u03c5\u0501\u0435"),
        ("leet", "nud3"),
        ("signs inside", "n*u*d*e"),
        ("spaced", "n u d e"),
        ("spaced in a sentence", "please a n u d e thing"),
        ("dotted", "n.u.d.e"),
        ("dashed", "n-u-d-e"),
        ("underlined", "n_u_d_e"),
        ("spaced leet", "n u d 3"),
        ("stuttered", "nuuuudeee"),
        ("a hashtag", "#nude"),
        ("two words spelt out", "k i l l   y o u r s e l f"),
        ("two words in one run", "k i l l y o u r s e l f"),
    ],
)
def test_a_disguised_word_is_read(name: str, text: str) -> None:
    assert scores(text)["rude"] == 0.6, name


@pytest.mark.parametrize(
    "text",
    [
        "denude",
        "g r a p e s",
        "a b c d e f g",
        "1 2 3 4 5",
        "",
        " \n\t",
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
        "\u043f\u0440\u0438\u0432\u0435\u0442",
        "4k 60fps 1080p",
        "\U0001f600" * 50,
    ],
)
def test_what_is_harmless_stays_harmless(text: str) -> None:
    assert set(scores(text).values()) == {0.0}


def test_harmless_phrases_hide_only_their_own_words() -> None:
    assert scores("make a bath bomb")["weapons"] == 0.0
    assert scores("make a photo shoot")["weapons"] == 0.0
    assert scores("make a bath bomb, a bomb")["weapons"] == 1.0


def test_groups_must_stand_near_each_other() -> None:
    assert scores("how to build a small bomb")["weapons"] == 1.0
    assert scores("make a cake, then a long walk, then see a bomb museum")["weapons"] == 0.0


def test_every_category_is_answered_and_evidence_quotes_nobody() -> None:
    findings = LEXICON.judge({"prompt": "a kite", "caption": "some nudes"})
    assert [finding.category for finding in findings] == ["weapons", "rude", "never"]
    rude = findings[1]
    assert rude.evidence == {
        "patterns": ["rude"],
        "fields": ["caption"],
        "readings": ["plain", "undone"],
    }
    assert findings[0].evidence == {}


def test_a_change_of_words_is_a_new_version() -> None:
    other = Lexicon(words={"rude": ["nude"]}, patterns=[], categories=[])
    assert other.version != LEXICON.version


def test_the_original_is_kept() -> None:
    assert normalise("N U D E").original == "N U D E"
    assert ("nude",) in read_as("N U D E")
    assert ("don\u2019t stop".replace("\u2019", ""),) not in read_as("don\u2019t stop")
    assert ("dont", "stop") in read_as("don\u2019t stop")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert all(0.0 <= (score or 0.0) <= 1.0 for score in scores(text).values())


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a ",
        "nude ",
        "n u d e ",
        "*",
        "@$!",
        "1a",
        "bath ",
        "\ufdfa",
        "\u0435",
        "a\u0336",
        "'-",
    ],
)
def test_the_time_is_linear_in_the_length(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        runs = []
        for _ in range(3):
            start = perf_counter()
            scores(text)
            runs.append(perf_counter() - start)
        return min(runs)

    short, long = seconds(2_500), seconds(10_000)
    assert long < 3.0
    assert long < 10 * short + 0.05
