"""A log becomes all that the ranking learns: the item models, and the gate over their sources."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from feed.ranking.gate import CONTEXT, Gate, context_of
from feed.ranking.interactions import Floats, Interactions, Split, at_time, leave_last_out
from feed.ranking.item_models import MOST_ITEMS, fit_item_models
from feed.ranking.relevance import SOURCES, Fit, personal, popularity
from feed.ranking.replaying import Moment, moments
from feed.ranking.usual import usual_gate

SMOOTHING = 1e-2
ENOUGH_EXAMPLES = 500
"""With fewer, the gate stays the nearer to the usual one."""

MOST_ROUNDS = 60
MOST_EXAMPLES = 1500
MOST_TARGETS = 32
RIVALS = 256
CUTS = (0.8, 0.9)


@dataclass(frozen=True, eq=False)
class _Examples:
    """E choices among J items.

    `said` (E, S, J); `stands_for` (E, J), the logarithms of how many items each one stands for;
    `contexts` (E, C); `chosen` (E, J), shares of what was chosen; `weights` (E,).
    """

    said: npt.NDArray[np.float32]
    stands_for: npt.NDArray[np.float32]
    contexts: Floats
    chosen: npt.NDArray[np.float32]
    weights: Floats


def fit(
    log: Interactions, *, now: float, seed: int = 0, version: str = "", most_items: int = MOST_ITEMS
) -> Fit:
    """All that can be learned from `log`."""
    gate = fit_gate(log, seed=seed, most_items=most_items)
    return Fit(fit_item_models(log, now=now, version=version, most_items=most_items), gate)


def fit_gate(log: Interactions, *, seed: int = 0, most_items: int = MOST_ITEMS) -> Gate:
    """The gate that suits `log` both ways people come: in the middle of it, and after a while."""
    return _likeliest(_parts(log, most_items, np.random.default_rng(seed)), usual_gate())


def fit_shared_gate(logs: Sequence[Interactions], *, seed: int = 0) -> Gate:
    """The gate that suits all of `logs` best, each counting the same, with nothing known before."""
    random = np.random.default_rng(seed)
    parts = [part for log in logs for part in _parts(log, MOST_ITEMS, random)]
    return _likeliest(parts, Gate(np.zeros((len(SOURCES), len(CONTEXT)))))


def _parts(log: Interactions, most_items: int, random: np.random.Generator) -> list[_Examples]:
    ways = [[leave_last_out(log)], [at_time(log, share) for share in CUTS]]
    parts = [_balanced(splits, most_items, random) for splits in ways]
    return [part for part in parts if part is not None]


def _balanced(
    splits: Sequence[Split], most_items: int, random: np.random.Generator
) -> _Examples | None:
    """The examples of all splits, together of weight 1; None if there are none."""
    made: list[_Choice] = []
    for split in splits:
        models = fit_item_models(split.seen, now=0.0, most_items=most_items)
        chosen = random.permutation(len(split.queries))[: MOST_EXAMPLES // len(splits)]
        asked = [split.queries[place] for place in sorted(chosen)]
        made += [
            choice
            for moment in moments(split.seen, asked, models)
            if (choice := _choice(moment, random)) is not None
        ]
    return _stacked(made) if made else None


@dataclass(frozen=True, eq=False)
class _Choice:
    said: npt.NDArray[np.float32]
    stands_for: npt.NDArray[np.float32]
    context: Floats
    chosen: npt.NDArray[np.float32]


def _choice(moment: Moment, random: np.random.Generator) -> _Choice | None:
    """What somebody met next, beside its strongest rivals and a sample of the rest."""
    catalogue, history = moment.catalogue, moment.history
    numbers = catalogue.numbers
    free = ~np.isin(numbers, moment.met.items)
    targets = np.flatnonzero(free & np.isin(numbers, moment.query.targets))
    if not len(targets):
        return None
    targets = random.permutation(targets)[:MOST_TARGETS]
    free[targets] = False
    said = np.vstack(
        [personal(moment.models, catalogue, history), popularity(moment.models, catalogue)]
    )
    rest = np.flatnonzero(free)
    rest = rest[np.argsort(-said.sum(axis=0)[rest], kind="stable")]
    strong, others = rest[:RIVALS], rest[RIVALS:]
    sample = random.choice(others, min(RIVALS, len(others)), replace=False)
    items = np.r_[targets, strong, sample]
    stands_for = np.zeros(len(items), np.float32)
    if len(sample):
        stands_for[-len(sample) :] = np.log(len(others) / len(sample))
    chosen = np.zeros(len(items), np.float32)
    chosen[: len(targets)] = 1.0 / len(targets)
    context = context_of(history, now=moment.query.now)
    return _Choice(said[:, items], stands_for, context, chosen)


def _stacked(choices: Sequence[_Choice]) -> _Examples:
    shape = len(choices), max(len(one.chosen) for one in choices)
    said = np.zeros((shape[0], len(SOURCES), shape[1]), np.float32)
    stands_for, chosen = np.full(shape, -np.inf, np.float32), np.zeros(shape, np.float32)
    for place, one in enumerate(choices):
        size = len(one.chosen)
        said[place, :, :size] = one.said
        stands_for[place, :size], chosen[place, :size] = one.stands_for, one.chosen
    contexts = np.array([one.context for one in choices])
    return _Examples(said, stands_for, contexts, chosen, np.full(shape[0], 1.0 / shape[0]))


def _likeliest(parts: Sequence[_Examples], usual: Gate) -> Gate:
    """The gate under which the choices are likeliest, but no farther from `usual` than is known."""
    if not parts:
        return usual
    fewest = min(len(part.weights) for part in parts)
    found = minimize(
        _loss,
        usual.weights.ravel(),
        args=(parts, usual.weights, SMOOTHING * max(1.0, ENOUGH_EXAMPLES / fewest)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MOST_ROUNDS},
    )
    return Gate(np.asarray(found.x).reshape(usual.weights.shape))


def _loss(
    flat: Floats, parts: Sequence[_Examples], usual: Floats, smoothing: float
) -> tuple[float, Floats]:
    """How unlikely what was met is, and the slope of that."""
    weights = flat.reshape(usual.shape)
    loss = smoothing * float(((weights - usual) ** 2).sum())
    slope = 2 * smoothing * (weights - usual)
    for part in parts:
        shares = (part.contexts @ weights.T).astype(np.float32)
        scores = (shares[:, np.newaxis] @ part.said)[:, 0] + part.stands_for
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        totals = odds.sum(axis=1, keepdims=True)
        known = np.where(part.chosen > 0, scores, 0.0)
        likely = (part.chosen * known).sum(axis=1) - np.log(totals[:, 0])
        loss -= float(part.weights @ likely)
        missed = (part.said @ (odds / totals - part.chosen)[:, :, np.newaxis])[:, :, 0]
        slope += (missed * part.weights[:, np.newaxis]).T @ part.contexts
    return loss, slope.ravel()
