"""How well the feed's ranking foretells what people met next, on any log, and how well others do.

A query is a person at a moment; what counts is where their next items stand among all they had not
met.  A query whose items they all had met before asks for nothing and is left out.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import Invalid
from feed.ranking.gate import Gate
from feed.ranking.interactions import (
    Interactions,
    Numbers,
    Query,
    Split,
    at_time,
    leave_last_out,
)
from feed.ranking.learning import fit
from feed.ranking.measures import ndcg, recall
from feed.ranking.parameters import Parameters
from feed.ranking.recommending import recommend
from feed.ranking.relevance import SOURCES, Fit, personal, popularity
from feed.ranking.replaying import Moment, moments
from feed.ranking.viewers import Wishes

LENGTH = 20
CUT = 0.9
MOST_SCORED, LEAST_ASKED = 250_000_000, 2_000
"""So many items are scored for all queries together, but so many queries are asked at least."""

OURS = "ours"
RELEVANCE = "relevance alone"
BASELINES: Mapping[str, str] = {
    "popularity": "popularity-36500d",
    "popularity, half-life 7 days": "popularity-168h",
    "EASE": "likeness-1.0",
    "item neighbours (cosine)": "together",
    "sequence": "sequence-0.9",
}
"""One source alone, under the name it has in the literature."""

UNDISTURBED = Parameters(exploring_places=0, first_places=0)
"""What the feed does, without the places it keeps for chance."""


class UnableToEvaluate(Invalid):
    """The log is too small to be split."""


@dataclass(frozen=True)
class Score:
    """The means over all queries."""

    recall: float
    ndcg: float

    def as_json(self) -> dict[str, float]:
        """Under the names people use."""
        return {f"recall@{LENGTH}": round(self.recall, 5), f"ndcg@{LENGTH}": round(self.ndcg, 5)}


@dataclass(frozen=True)
class Evaluation:
    """How `log` was split and what came of it; `scores` has OURS, RELEVANCE and BASELINES.

    Of the split's queries `left_out` asked for nothing new, and `not_asked` are not in the sample.
    """

    split: str
    events: int
    users: int
    items: int
    queries: int
    left_out: int
    not_asked: int
    seconds: float
    scores: Mapping[str, Score]

    def as_json(self) -> dict[str, Any]:
        """What `manage.py evaluate_ranking` prints."""
        others = {name: score.as_json() for name, score in self.scores.items() if name != OURS}
        return {
            "split": self.split,
            **self.scores[OURS].as_json(),
            "queries": self.queries,
            "queries_left_out": self.left_out,
            "queries_not_asked": self.not_asked,
            "events": self.events,
            "users": self.users,
            "items": self.items,
            "seconds": round(self.seconds, 3),
            "baselines": others,
        }


SPLITS: Mapping[str, Callable[[Interactions, float], Split]] = {
    "leave-last-out": lambda log, _cut: leave_last_out(log),
    "time": at_time,
}


def evaluate(
    log: Interactions, split: str, *, cut: float = CUT, most: int | None = None, seed: int = 0
) -> Evaluation:
    """The feed's ranking and the baselines on one of SPLITS; the same log, the same answer.

    Everything is fitted on what the split lets be seen, and the gate's own validation is taken from
    that part alone.  At most `most` queries are asked, a sample drawn with `seed`; by itself as
    many as MOST_SCORED items to score are enough for.  Raises UnableToEvaluate.
    """
    began = time.perf_counter()
    parts = SPLITS[split](log, cut)
    if not len(parts.seen):
        raise UnableToEvaluate("The split leaves nothing to learn from.")
    fitted = fit(parts.seen, now=float(parts.seen.times[-1]), seed=seed)
    asked = _asked(parts, most=most, seed=seed)
    found = defaultdict[str, list[tuple[float, float]]](list)
    left_out = 0
    for moment in moments(parts.seen, asked, fitted.models):
        targets = np.setdiff1d(moment.query.targets, moment.met.items)
        if not len(targets):
            left_out += 1
            continue
        for name, numbers in _lists(moment, fitted.gate).items():
            score = recall(numbers, targets), ndcg(numbers, targets, length=LENGTH)
            found[name].append(score)
    if not found:
        raise UnableToEvaluate("The split leaves nothing to ask for: nobody met anything new.")
    return Evaluation(
        split=split,
        events=len(log),
        users=len(np.unique(log.users)),
        items=len(np.unique(log.items)),
        queries=len(asked) - left_out,
        left_out=left_out,
        not_asked=len(parts.queries) - len(asked),
        seconds=time.perf_counter() - began,
        scores={name: Score(*np.mean(each, axis=0).tolist()) for name, each in found.items()},
    )


def _asked(parts: Split, *, most: int | None, seed: int) -> Sequence[Query]:
    """The queries, or a sample of them where there are more than `most`."""
    if most is None:
        most = max(LEAST_ASKED, MOST_SCORED // len(np.unique(parts.seen.items)))
    if len(parts.queries) <= most:
        return parts.queries
    chosen = np.random.default_rng(seed).choice(len(parts.queries), most, replace=False)
    return [parts.queries[place] for place in np.sort(chosen)]


def _lists(moment: Moment, gate: Gate) -> dict[str, Numbers]:
    """The numbers of the LENGTH best items, by who recommends them."""
    numbers, history = moment.catalogue.numbers, moment.history
    said = np.vstack(
        [
            personal(moment.models, moment.catalogue, history),
            popularity(moment.models, moment.catalogue),
        ]
    )
    free = ~np.isin(numbers, moment.met.items)
    shares = gate.shares(history, now=moment.query.now)
    lists = {name: _best(said[SOURCES.index(source)], free) for name, source in BASELINES.items()}
    lists[RELEVANCE] = _best(np.asarray(shares @ said, np.float32), free)
    found = {name: numbers[rows].astype(np.int64) for name, rows in lists.items()}
    picks = recommend(
        moment.catalogue,
        Fit(moment.models, gate),
        moment.viewer,
        Wishes(),
        count=LENGTH,
        now=moment.query.now,
        random=np.random.default_rng(0),
        parameters=UNDISTURBED,
    )
    return found | {OURS: np.array([pick.number for pick in picks], np.int64)}


def _best(values: npt.NDArray[np.float32], free: npt.NDArray[np.bool_]) -> Numbers:
    """The rows of the LENGTH highest values among those `free`, best first."""
    open_rows = np.flatnonzero(free)
    worth = values[open_rows]
    if len(worth) > LENGTH:
        least = np.partition(worth, -LENGTH)[-LENGTH]
        open_rows = open_rows[worth >= least]
    return open_rows[np.argsort(-values[open_rows], kind="stable")][:LENGTH]
