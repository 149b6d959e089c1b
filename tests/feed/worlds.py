"""Catalogues for tests of the ranking: clips of a few topics, each topic a direction."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from feed.ranking.catalogue import PROVENANCES, RESPONSES, TREND_HOURS, Catalogue, Floats
from feed.ranking.viewers import Chip

NOW = 1_800_000_000.0
WIDTH = 384
TOPICS = ("cat", "horror", "rain", "space", "ramen", "robot", "dance", "snow")
NOISE = 0.03


def directions(seed: int = 0) -> Floats:
    """A direction for each of TOPICS, (T, 384), of length 1."""
    drawn = np.random.default_rng(seed).standard_normal((len(TOPICS), WIDTH))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def catalogue(
    size: int = 400, *, seed: int = 0, authors: int = 60, known: bool = True
) -> Catalogue:
    """Clips whose topics follow each other; `known` ones have had hundreds of impressions."""
    rng = np.random.default_rng(seed)
    topics = np.arange(size) % len(TOPICS)
    embeddings = directions()[topics] + NOISE * rng.standard_normal((size, WIDTH))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    responses = np.zeros((size, len(RESPONSES)), np.float32)
    if known:
        impressions = rng.integers(150, 5000, size)
        responses[:, 0] = impressions
        responses[:, RESPONSES.index("completions")] = rng.binomial(impressions, 0.4)
        responses[:, RESPONSES.index("likes")] = rng.binomial(impressions, 0.05)
    return Catalogue(
        version=f"{size}-{seed}",
        numbers=np.sort(rng.choice(10 * size, size, replace=False)).astype(np.uint32),
        ids=[UUID(int=place) for place in range(size)],
        authors=rng.integers(1, 1 + authors, size),
        published_at=NOW - rng.exponential(5 * 86_400, size),
        durations=rng.uniform(3, 60, size).astype(np.float32),
        provenances=rng.integers(0, len(PROVENANCES), size).astype(np.uint8),
        is_for_minors=rng.random(size) < 0.7,
        embeddings=embeddings.astype(np.float16),
        responses=responses,
        trends=rng.exponential(5, (size, len(TREND_HOURS))).astype(np.float32),
        hashtags=[frozenset({f"{TOPICS[topic]}tok"}) for topic in topics],
        words=[f"a clip with a {TOPICS[topic]} in it" for topic in topics],
    )


def chip(topic: str, strength: float = 1.0, *, text: str | None = None) -> Chip:
    """Words that mean a topic; `text` says them so that no clip has them."""
    return Chip(text or topic, strength, directions()[TOPICS.index(topic)])


def share_about(topic: str, numbers: Sequence[int], clips: Catalogue) -> float:
    """Of these clips, the share that is about the topic."""
    rows = clips.places(np.array(numbers, np.uint32))
    return float(np.mean(rows % len(TOPICS) == TOPICS.index(topic)))
