"""Words and phrases that, together, tell what a text asks for."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from moderation.classifiers.canonical import canonical
from moderation.classifiers.normaliser import Reading, normalise
from moderation.classifiers.port import Finding

DETECTOR = "lexicon"
HARMLESS = "harmless"
SHORTEST_IN_RUN = 3
COVERED_IN_RUN = 0.9
ARTICLES = "ai"


@dataclass(frozen=True)
class Pattern:
    """Fires where words of every group in `groups` stand within `within` words of each other."""

    name: str
    category: str
    groups: frozenset[str]
    within: int
    score: float


@dataclass(frozen=True)
class _Term:
    group: str
    words: tuple[str, ...]
    is_prefix: bool

    def is_at(self, words: Sequence[str], place: int) -> bool:
        found = words[place : place + len(self.words)]
        if len(found) < len(self.words) or tuple(found[:-1]) != self.words[:-1]:
            return False
        last = self.words[-1]
        return found[-1].startswith(last) if self.is_prefix else found[-1] == last


@dataclass(frozen=True)
class _Hit:
    place: int
    group: str


class Lexicon:
    """A TextDetector over groups of terms and patterns of groups.

    A term is a few words; a `*` at its end lets the last word go on (`undress*`).  The group
    `harmless` hides its own words from all others: `bath bomb` is no bomb.  The time is linear in
    the length of the text.
    """

    def __init__(
        self,
        *,
        words: Mapping[str, Iterable[str]],
        patterns: Iterable[Pattern],
        categories: Iterable[str],
    ) -> None:
        terms = [_term(group, text) for group, texts in words.items() for text in texts]
        self._patterns = tuple(patterns)
        self._categories = tuple(categories)
        self._exact, self._prefixed = _indexed(terms)
        self._whole = _long_words(terms)
        self._longest = max(map(len, self._whole), default=0)
        self.version = _fingerprint(terms, self._patterns)

    def judge(self, texts: Mapping[str, str]) -> list[Finding]:
        """One Finding per category; `evidence` names patterns, fields and readings, not words."""
        start = perf_counter()
        fired = [
            (pattern, field, reading.name)
            for field, text in texts.items()
            for reading in (*normalise(text).readings, _undone(text))
            for pattern in self._fired(reading)
        ]
        milliseconds = (perf_counter() - start) * 1000
        return [self._finding(category, fired, milliseconds) for category in self._categories]

    def _finding(
        self, category: str, fired: list[tuple[Pattern, str, str]], milliseconds: float
    ) -> Finding:
        own = [hit for hit in fired if hit[0].category == category]
        evidence = {
            "patterns": sorted({pattern.name for pattern, _, _ in own}),
            "fields": sorted({field for _, field, _ in own}),
            "readings": sorted({reading for _, _, reading in own}),
        }
        return Finding(
            detector=DETECTOR,
            version=self.version,
            category=category,
            score=max((pattern.score for pattern, _, _ in own), default=0.0),
            evidence=evidence if own else {},
            latency_milliseconds=milliseconds,
        )

    def _fired(self, reading: Reading) -> Iterator[Pattern]:
        words = [
            known
            for word in reading.words
            for known in (self._words_in(word) if word in reading.spelt_out else [word])
        ]
        hits = self._hits(words)
        present = {hit.group for hit in hits}
        for pattern in self._patterns:
            if pattern.groups <= present and _stand_together(pattern, hits):
                yield pattern

    def _words_in(self, run: str) -> list[str]:
        """The words that letters written one by one make up, or `run` itself.

        Words we know must cover nearly all of it: there is harm in `rape`, none in `grapes`.
        """
        if run in self._whole:
            return [run]
        letters = run[1:] if run[0] in ARTICLES else run
        words = list(self._longest_words(letters))
        covered = sum(map(len, words))
        return words if words and covered >= COVERED_IN_RUN * len(letters) else [run]

    def _longest_words(self, letters: str) -> Iterator[str]:
        start = 0
        while start < len(letters):
            ends = range(min(len(letters), start + self._longest), start, -1)
            word = next(
                (letters[start:end] for end in ends if letters[start:end] in self._whole), ""
            )
            if len(word) >= SHORTEST_IN_RUN:
                yield word
            start += max(len(word), 1)

    def _hits(self, words: Sequence[str]) -> list[_Hit]:
        hits = list(self._all_hits(words))
        covered = {
            place + step
            for place, term in hits
            if term.group == HARMLESS
            for step in range(len(term.words))
        }
        return [
            _Hit(place, term.group)
            for place, term in hits
            if term.group != HARMLESS
            and not covered.issuperset(range(place, place + len(term.words)))
        ]

    def _all_hits(self, words: Sequence[str]) -> Iterator[tuple[int, _Term]]:
        for place, word in enumerate(words):
            candidates = list(self._exact.get(word, ()))
            for length in range(1, min(len(word), self._longest) + 1):
                candidates += self._prefixed.get(word[:length], ())
            yield from ((place, term) for term in candidates if term.is_at(words, place))


def _undone(text: str) -> Reading:
    """The reading of the trained screens: backwards, encoded, glued or torn words made plain."""
    return Reading("undone", tuple(canonical(text).split()))


def _term(group: str, text: str) -> _Term:
    return _Term(group, tuple(text.rstrip("*").split()), text.endswith("*"))


def _indexed(
    terms: Iterable[_Term],
) -> tuple[dict[str, list[_Term]], dict[str, list[_Term]]]:
    exact: defaultdict[str, list[_Term]] = defaultdict(list)
    prefixed: defaultdict[str, list[_Term]] = defaultdict(list)
    for term in terms:
        is_open = term.is_prefix and len(term.words) == 1
        (prefixed if is_open else exact)[term.words[0]].append(term)
    return dict(exact), dict(prefixed)


def _long_words(terms: Iterable[_Term]) -> frozenset[str]:
    return frozenset(word for term in terms for word in term.words)


def _stand_together(pattern: Pattern, hits: Sequence[_Hit]) -> bool:
    """Whether some window of `within` words holds every group of `pattern`."""
    own = [hit for hit in hits if hit.group in pattern.groups]
    inside: Counter[str] = Counter()
    first = 0
    for hit in own:
        inside[hit.group] += 1
        while hit.place - own[first].place >= pattern.within:
            inside[own[first].group] -= 1
            first += 1
        if all(inside[group] for group in pattern.groups):
            return True
    return False


def _fingerprint(terms: Iterable[_Term], patterns: Iterable[Pattern]) -> str:
    rules = ((p.name, p.category, sorted(p.groups), p.within, p.score) for p in patterns)
    spelled = "\n".join(map(repr, [*terms, *rules]))
    return hashlib.sha256(spelled.encode()).hexdigest()[:12]
