"""Which clips may be on a viewer's page at all."""

import numpy as np

from feed.ranking.catalogue import PROVENANCES, Floats
from feed.ranking.prepared import Flags, Prepared
from feed.ranking.viewers import ViewerState, Wishes, keys_of

FIRST_UNSPACED = 0x2E80
"""From here on, scripts that put no spaces between words: parts of words count there."""


def allowed_clips(ready: Prepared, viewer: ViewerState, wishes: Wishes) -> Flags:
    """The clips (N,) that are neither seen, hidden, muted, of a refused kind nor too adult."""
    catalogue = ready.catalogue
    allowed = catalogue.is_for_minors.copy() if wishes.is_minor else np.ones(len(ready), np.bool_)
    allowed[ready.rows_of(viewer.seen)] = False
    if wishes.hidden_authors:
        allowed &= ready.by_author(keys_of(wishes.hidden_authors)) == 0
    refused = [place for place, name in enumerate(PROVENANCES) if wishes.provenance.get(name) == 0]
    for place in refused:
        allowed &= catalogue.provenances != place
    for word in wishes.muted_words:
        allowed &= ~says(ready, word)
    return allowed


def says(ready: Prepared, word: str) -> Flags:
    """Which clips (N,) say this word, or this phrase, in their words or hashtags.

    A word counts with a plural s and only as a whole, so "cat" is in "cats" and not in "location";
    in scripts that put no spaces between words it counts wherever it stands.
    """
    plain = " ".join(word.lower().lstrip("#").split())

    def computed() -> Floats:
        found = np.zeros(len(ready), np.float32)
        if plain:
            places = np.asarray(_places_of(plain, ready.text), np.int64)
            found[np.searchsorted(ready.line_ends, places, side="right")] = 1
        return found

    return ready.recall(("says", plain), computed) > 0


def _places_of(word: str, text: str) -> list[int]:
    places = []
    begin = text.find(word)
    while begin >= 0:
        if _is_whole(word, text, begin):
            places.append(begin)
        begin = text.find(word, begin + 1)
    return places


def _is_whole(word: str, text: str, begin: int) -> bool:
    end = begin + len(word)
    before = text[begin - 1 : begin]
    after = text[end : end + 1]
    if after == "s" and _is_spaced(word[-1]):
        after = text[end + 1 : end + 2]
    return not (_joins(before, word[0]) or _joins(after, word[-1]))


def _joins(outside: str, inside: str) -> bool:
    """Whether the character outside makes one word with the edge of the word inside."""
    return bool(outside) and outside.isalnum() and inside.isalnum() and _is_spaced(inside)


def _is_spaced(character: str) -> bool:
    return ord(character) < FIRST_UNSPACED
