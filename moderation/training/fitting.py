"""Fits a screen and says what it does on texts that it was not fitted on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from moderation.classifiers.canonical import canonical
from moderation.classifiers.features import WIDTH, counted, weighed
from moderation.training.corpus import UNSORTED, Example

Floats = npt.NDArray[np.floating[Any]]
Truths = npt.NDArray[np.bool_]
Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]

MEANING_SCALE = 3.0
"""How much an embedding counts beside the two TF-IDF blocks, each of length 1."""
STRENGTH = 8.0
ROUNDS = 300
CHAT_SHARE = 0.35
REVIEW_QUIET = 0.982
"""This share of harmless texts stays under the score 0.5."""
BLOCK_QUIET = 0.9985
"""And this share under 0.9."""
NINE = float(np.log(9.0))


@dataclass(frozen=True)
class Recipe:
    """How one screen is fitted.

    `left_out` are the sources it is not fitted on; `quiet` are those whose harmless texts set the
    two points; `weights` says how much a source counts (1 if it is not named); `chat_share` is how
    much chat counts of everything.  `sharpness` above 1 gives the likeliest category more of the
    score.
    """

    categories: tuple[str, ...]
    left_out: frozenset[str]
    quiet: tuple[str, ...]
    weights: Mapping[str, float]
    has_meaning: bool
    chat_share: float = CHAT_SHARE
    sharpness: float = 1.0


@dataclass(frozen=True)
class Prepared:
    """Examples as numbers: `rarity` (W,), `features` (n, W + 384 or W)."""

    examples: Sequence[Example]
    rarity: npt.NDArray[np.float16]
    features: Any
    harmful: Truths
    is_chat: Truths
    sources: npt.NDArray[np.str_]


@dataclass(frozen=True)
class Figure:
    """Which share of `count` texts of a source is flagged (score of 0.5 and more)."""

    source: str
    is_harmful: bool
    count: int
    flagged: float


def prepared(examples: Sequence[Example], recipe: Recipe, embed: Embed) -> Prepared:
    """The examples as the screen will read them."""
    texts = [canonical(example.text) for example in examples]
    found = [counted(text) for text in texts]
    seen = np.zeros(WIDTH)
    for places, _ in found:
        seen[places] += 1
    rarity = (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float16)
    values = [weighed(places, frequencies, rarity) for places, frequencies in found]
    features = sparse.csr_matrix(
        (
            np.concatenate(values),
            np.concatenate([places for places, _ in found]),
            np.cumsum([0, *(len(places) for places, _ in found)]),
        ),
        shape=(len(texts), WIDTH),
    )
    if recipe.has_meaning:
        meanings = sparse.csr_matrix(embed(texts) * MEANING_SCALE)
        features = sparse.hstack([features, meanings]).tocsr()
    return Prepared(
        examples=examples,
        rarity=rarity,
        features=features,
        harmful=np.array([bool(example.category) for example in examples]),
        is_chat=np.array([example.is_chat for example in examples]),
        sources=np.array([example.source for example in examples]),
    )


def halves(data: Prepared, *, seed: int) -> Truths:
    """Which examples belong to the first half; patterns of ours stay together by chance only."""
    return np.asarray(np.random.default_rng(seed).random(len(data.examples)) < 1 / 2)


def figures(data: Prepared, recipe: Recipe, *, seed: int) -> list[Figure]:
    """Fitted on one half, asked about the other, one figure for each source."""
    first = halves(data, seed=seed)
    model = _harm_head(data, recipe, first)
    logits = model.decision_function(data.features)
    review, _ = _points(logits, data, recipe, among=~first)
    return _counted(logits > review, data, among=~first)


def figures_across(data: Prepared, recipe: Recipe, *, seed: int) -> list[Figure]:
    """For each source: fitted on half of all the others, asked about this one."""
    first = halves(data, seed=seed)
    found: list[Figure] = []
    for source in dict.fromkeys(data.sources.tolist()):
        others = data.sources != source
        model = _harm_head(data, recipe, first & others)
        logits = model.decision_function(data.features)
        review, _ = _points(logits, data, recipe, among=~first & others)
        found += _counted(logits > review, data, among=~others)
    return found


def save_screen(data: Prepared, recipe: Recipe, *, seed: int, path: Path) -> None:
    """Fit on everything and write the arrays; the points come from the two halves in turn."""
    first = halves(data, seed=seed)
    logits = np.empty(len(data.examples))
    for half in (first, ~first):
        logits[~half] = _harm_head(data, recipe, half).decision_function(data.features[~half])
    review, block = _points(logits, data, recipe, among=np.ones_like(first))
    harm = _harm_head(data, recipe, np.ones_like(first))
    kinds, sharp = _kind_heads(data, recipe), recipe.sharpness
    np.savez_compressed(
        path,
        categories=np.array(recipe.categories),
        rarity=data.rarity,
        harm=harm.coef_[0, :WIDTH].astype(np.float16),
        harm_meaning=(harm.coef_[0, WIDTH:] * MEANING_SCALE).astype(np.float32),
        kinds=(sharp * kinds.coef_[:, :WIDTH]).astype(np.float16),
        kinds_meaning=(sharp * kinds.coef_[:, WIDTH:] * MEANING_SCALE).astype(np.float32),
        biases=np.concatenate([harm.intercept_, sharp * kinds.intercept_]).astype(np.float32),
        calibration=np.array([NINE / (block - review), review], dtype=np.float32),
    )


def _harm_head(data: Prepared, recipe: Recipe, among: Truths) -> LogisticRegression:
    weights = _weights(data, recipe, among)
    model = LogisticRegression(C=STRENGTH, max_iter=ROUNDS, solver="liblinear", random_state=0)
    return model.fit(data.features[among], data.harmful[among], sample_weight=weights[among])


def _kind_heads(data: Prepared, recipe: Recipe) -> LogisticRegression:
    known = np.array([example.category not in {"", UNSORTED} for example in data.examples])
    place = {name: index for index, name in enumerate(recipe.categories)}
    kinds = np.array([place.get(example.category, -1) for example in data.examples])[known]
    model = LogisticRegression(C=STRENGTH, max_iter=ROUNDS, class_weight="balanced")
    return model.fit(data.features[known], kinds)


def _weights(data: Prepared, recipe: Recipe, among: Truths) -> Floats:
    """Harmless and harmful weigh the same within chat and within prompts.

    Else the way of asking, and not what is asked, would tell them apart.
    """
    weights = np.array([recipe.weights.get(source, 1.0) for source in data.sources])
    total = float(among.sum())
    for is_chat in (True, False):
        for is_harmful in (True, False):
            group = among & (data.is_chat == is_chat) & (data.harmful == is_harmful)
            share = (recipe.chat_share if is_chat else 1 - recipe.chat_share) / 2
            if mass := float(weights[group].sum()):
                weights[group] *= share * total / mass
    return weights


def _points(
    logits: Floats, data: Prepared, recipe: Recipe, *, among: Truths
) -> tuple[float, float]:
    """The logits that are to become 0.5 and 0.9: no quiet source is louder than it may be."""
    quiet = [
        logits[among & ~data.harmful & (data.sources == source)]
        for source in recipe.quiet
        if (among & ~data.harmful & (data.sources == source)).any()
    ]
    review = max(float(np.quantile(values, REVIEW_QUIET)) for values in quiet)
    block = max(float(np.quantile(np.concatenate(quiet), BLOCK_QUIET)), review + 1.0)
    return review, block


def _counted(flagged: Truths, data: Prepared, *, among: Truths) -> list[Figure]:
    groups = (
        (source, is_harmful, among & (data.sources == source) & (data.harmful == is_harmful))
        for source in dict.fromkeys(data.sources.tolist())
        for is_harmful in (True, False)
    )
    return [
        Figure(source, is_harmful, int(group.sum()), float(flagged[group].mean()))
        for source, is_harmful, group in groups
        if group.any()
    ]
