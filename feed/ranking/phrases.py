"""What a sentence such as "more rainy anime, no horror" asks for, phrase by phrase.

A phrase is wanted or unwanted by the word before it; one without such a word goes on as the one
before it, so that "no horror or blood" refuses both.
"""

import re
from dataclasses import dataclass

WANTED, SOMEWHAT = 1.0, 0.5
SEPARATORS = re.compile(
    r"[,;.!?&+]+|(?<!\S)(?:and|or|but|nor|also|plus|then|instead)(?!\S)|\s(?=-\w)"
)
MINUS = re.compile(r"^-(?=\w)")
HASHTAG = re.compile(r"#(\w+)")
CUES = {
    WANTED: (
        "more", "lots of", "a lot of", "much more", "only", "just", "show", "show me", "give me",
        "i want", "i would like", "i'd like", "i like", "i love", "love", "like", "want", "yes to",
        "surprise me with", "even more",
    ),
    SOMEWHAT: ("some", "a bit more", "a little more", "a bit of", "a little", "a few", "some more"),
    -SOMEWHAT: (
        "less", "fewer", "a bit less", "a little less", "not so much", "not so many", "not as much",
        "not too much", "not too many", "much less",
    ),
    -WANTED: (
        "no", "not", "no more", "without", "never", "none of", "nothing about", "nothing with",
        "nothing of", "not any", "hide", "stop", "stop showing", "stop showing me", "avoid", "skip",
        "don't show", "don't show me", "do not show", "do not show me", "don't want", "do not want",
        "i don't want", "i do not want", "i don't like", "i do not like", "don't like", "i hate",
        "hate", "enough", "enough of", "too much", "too many", "anything but",
    ),
}  # fmt: skip
FILLING = frozenset(
    re.findall(
        r"\w+",
        "a an the any all of about with in on for to me my see watch please clips clip videos "
        "video stuff things thing content that is are be kind kinds anything something today now "
        "feed i want wants showing having where there anymore again",
    )
)
OPENINGS = frozenset({"please", "now", "today", "so", "to", "see", "really", "also"})
_CUES = sorted(
    ((cue.split(), strength) for strength, cues in CUES.items() for cue in cues),
    key=lambda one: -len(one[0]),
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something wanted (`strength` > 0) or unwanted (< 0); `tags` are the hashtags it names."""

    text: str
    strength: float
    tags: frozenset[str] = frozenset()


def phrases_in(sentence: str) -> list[Phrase]:
    """What the sentence asks for, in its order, each thing once; nothing where it asks nothing."""
    plain = " ".join(sentence.lower().replace("\u2019", "'").split())
    found: dict[str, Phrase] = {}
    strength = WANTED
    for clause in SEPARATORS.split(plain):
        cue, words = _cue(MINUS.sub("no ", clause.strip()).split())
        strength = cue or strength
        text = " ".join(_stripped(words)).replace("#", "")
        if any(sign.isalnum() for sign in text):
            found[text] = Phrase(text, strength, frozenset(HASHTAG.findall(clause)))
    return list(found.values())


def _cue(words: list[str]) -> tuple[float | None, list[str]]:
    """The strength that the first words name, and the words behind them."""
    start = 0
    while start < len(words) and words[start] in OPENINGS:
        start += 1
    for cue, strength in _CUES:
        if words[start : start + len(cue)] == cue:
            rest = words[start + len(cue) :]
            deeper, further = _cue(rest)
            if deeper is None:
                return strength, rest
            return (deeper if strength > 0 else strength), further
    return None, words


def _stripped(words: list[str]) -> list[str]:
    """The words without those at both ends that say nothing."""
    while words and words[0] in FILLING:
        words = words[1:]
    while words and words[-1] in FILLING:
        words = words[:-1]
    return words
