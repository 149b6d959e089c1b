"""Undoes the ways of writing a word so that a machine does not see it.

Every step is linear in the length of the text, and nothing here backtracks.
"""

import re
import string
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

from confusable_homoglyphs.confusables import confusables_data

INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc"})
EDGES = ".,;:?!\"'`()[]{}<>-*_~#/\\\u2013\u2014\u2026\u2018\u2019\u201c\u201d"
LEET = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "+": "t"}
LEET_READINGS = (
    str.maketrans(LEET | {"1": "i", "!": "i", "|": "i"}),
    str.maketrans(LEET | {"1": "l", "!": "l", "|": "l"}),
)
SHORTEST_RUN = 3
# Hardly a word has the same letter three times running.
STUTTER = re.compile(r"([^\W\d_])\1{2,}")
NO_WORD = re.compile(r"[\W_]+")
NO_APOSTROPHES = str.maketrans("", "", "'\u2019")
TOKEN = re.compile(r"(?:[^\W_]|[@$!|+])+")


@dataclass(frozen=True)
class Reading:
    """One way to read a text: its words, lower case, without marks.

    `spelt_out` are those that were written letter by letter, so that a border between two of them
    may be lost.
    """

    name: str
    words: tuple[str, ...]
    spelt_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NormalisedText:
    """A text as it was written and every different way to read it."""

    original: str
    readings: tuple[Reading, ...]


def normalise(text: str) -> NormalisedText:
    """Every reading of `text`: plain, folded, leet undone, spelt-out letters joined.

    Folded is with look-alike letters made Latin and `nuuude` made `nude`; the later readings start
    from it.  Compatibility forms are unified (NFKC), invisible characters, accents and control
    characters taken out (Unicode categories Cf, Mn, Me, Cc); newlines and tabs stay borders.
    """
    plain = visible(text)
    latin = STUTTER.sub(r"\1", folded(plain))
    readings = [Reading("plain", _words(plain)), Reading("folded", _words(latin))]
    readings += [Reading("leet", _undisguised(latin, table)) for table in LEET_READINGS]
    readings += [_joined(latin, table) for table in LEET_READINGS]
    unique = {(reading.words, reading.spelt_out): reading for reading in reversed(readings)}
    return NormalisedText(original=text, readings=tuple(reversed(unique.values())))


def visible(text: str) -> str:
    """`text` in lower case and in its compatibility form, without what cannot be seen."""
    compatible = unicodedata.normalize("NFKC", text).casefold()
    decomposed = unicodedata.normalize("NFKD", compatible)
    removed = {
        ord(char): " " if char.isspace() else None
        for char in set(decomposed)
        if char.isspace() or unicodedata.category(char) in INVISIBLE
    }
    return decomposed.translate(removed)


def folded(text: str) -> str:
    """`text` with look-alike letters made Latin."""
    return text.translate(_look_alikes())


def spelt_joined(text: str) -> str:
    """`text` with runs of single letters made words; all else stays as it is."""
    pieces: list[str] = []
    end = 0
    for is_single, group in groupby(TOKEN.finditer(text), key=lambda token: len(token[0]) == 1):
        tokens = list(group)
        if not is_single or len(tokens) < SHORTEST_RUN or not _is_spelt(tokens):
            continue
        pieces += [text[end : tokens[0].start()], " ".join(_split_at_gaps(tokens))]
        end = tokens[-1].end()
    return "".join([*pieces, text[end:]])


def _is_spelt(tokens: list[re.Match[str]]) -> bool:
    """Whether these single signs are letters rather than a list or a sum."""
    return sum(token[0].isalpha() for token in tokens) > len(tokens) / 2


@cache
def _look_alikes() -> dict[int, str]:
    """Non-ASCII character -> the lower-case ASCII letter it is mistaken for (Unicode TR 39)."""
    pairs = (
        (char, glyph["c"].lower())
        for char, glyphs in confusables_data.items()
        if len(char) == 1 and not char.isascii()
        for glyph in glyphs
        if len(glyph["c"]) == 1 and glyph["c"] in string.ascii_letters
    )
    table: dict[int, str] = {}
    for char, letter in pairs:
        table.setdefault(ord(char), letter)
    # Capitals have more look-alikes than small letters, and the text is in lower case by now.
    for code, letter in list(table.items()):
        small = chr(code).lower()
        if len(small) == 1 and not small.isascii():
            table.setdefault(ord(small), letter)
    return table


def _words(text: str) -> tuple[str, ...]:
    return tuple(NO_WORD.sub(" ", text.translate(NO_APOSTROPHES)).split())


def _undisguised(text: str, table: dict[int, str]) -> tuple[str, ...]:
    """The words with leet undone and signs inside a word taken out: `n4k*d` is `nakd`."""
    chunks = (chunk.strip(EDGES) for chunk in text.split())
    return tuple(word for chunk in chunks for word in _unmasked(chunk, table))


def _unmasked(chunk: str, table: dict[int, str]) -> tuple[str, ...]:
    if chunk.isalpha():
        return (chunk,)
    if not any(char.isalpha() for char in chunk):
        return _words(chunk)
    return (NO_WORD.sub("", chunk.translate(table)),)


def _joined(text: str, table: dict[int, str]) -> Reading:
    """The text with runs of single letters (`n u d e`, `n.u.d.e`) made words again."""
    words: list[str] = []
    spelt_out: set[str] = set()
    for is_single, group in groupby(TOKEN.finditer(text), key=lambda token: len(token[0]) == 1):
        tokens = list(group)
        if is_single and len(tokens) >= SHORTEST_RUN:
            runs = [run.translate(table) for run in _split_at_gaps(tokens)]
            words += runs
            spelt_out.update(runs)
        else:
            words += [token[0] for token in tokens]
    return Reading("spaced", tuple(words), frozenset(spelt_out))


def _split_at_gaps(letters: list[re.Match[str]]) -> list[str]:
    """The letters as words: a gap that is wider, or a space among signs, ends a word."""
    text = letters[0].string
    gaps = [text[before.end() : after.start()] for before, after in pairwise(letters)]
    narrowest = min(map(len, gaps))
    has_signs = 2 * sum(map(str.isspace, gaps)) < len(gaps)
    words = [letters[0][0]]
    for gap, letter in zip(gaps, letters[1:], strict=True):
        if len(gap) > narrowest or (has_signs and gap.isspace()):
            words.append("")
        words[-1] += letter[0]
    return words
