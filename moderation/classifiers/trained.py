"""Screens of words that were fitted: logistic regression on TF-IDF, and on MiniLM in workers.

A screen's file holds arrays and nothing that runs.  What a score means is said in
docs/prompt-screen.md: 0.5 and 0.9 are the two points at which the policy acts.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from language.minilm import minilm
from moderation.classifiers.canonical import canonical
from moderation.classifiers.features import Floats, counted, weighed
from moderation.classifiers.port import Finding

FOLDER = Path(__file__).with_name("weights")
DIGITS = 4
WINDOW_WORDS = 24
WINDOW_STEP = 12
MOST_WINDOWS = 40


@dataclass(frozen=True)
class Weights:
    """What was fitted: one head for harm, and one for each category among what is harmful.

    `rarity` (W,), `harm` (W,), `kinds` (K, W) over the TF-IDF places; the `..._meaning` over the
    embedding, (384,) and (K, 384), empty in a screen without it.  A logit becomes a score by
    `slope` and `middle`.
    """

    categories: tuple[str, ...]
    rarity: npt.NDArray[np.float16]
    harm: npt.NDArray[np.float16]
    harm_meaning: Floats
    kinds: npt.NDArray[np.float16]
    kinds_meaning: Floats
    biases: Floats
    slope: float
    middle: float
    version: str

    @property
    def has_meaning(self) -> bool:
        """Whether embeddings are read too."""
        return bool(self.harm_meaning.size)


def load_weights(path: Path) -> Weights:
    """The weights in the file at `path`.  Raises OSError, KeyError, ValueError."""
    with np.load(path, allow_pickle=False) as file:
        arrays: dict[str, Any] = dict(file)
    slope, middle = (float(value) for value in arrays["calibration"])
    return Weights(
        categories=tuple(str(name) for name in arrays["categories"]),
        rarity=arrays["rarity"],
        harm=arrays["harm"],
        harm_meaning=arrays["harm_meaning"],
        kinds=arrays["kinds"],
        kinds_meaning=arrays["kinds_meaning"],
        biases=arrays["biases"],
        slope=slope,
        middle=middle,
        version=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
    )


class TrainedScreen:
    """A TextDetector: one Finding per category, the strongest with the probability of harm."""

    def __init__(self, detector: str, weights: Weights) -> None:
        self.detector = detector
        self.version = weights.version
        self.categories = weights.categories
        self._weights = weights

    def judge(self, texts: Mapping[str, str]) -> list[Finding]:
        """The highest score of all fields for each category; evidence names the field."""
        start = perf_counter()
        fields = list(texts)
        scores = self.scores([texts[field] for field in fields])
        return self._findings(fields, scores, (perf_counter() - start) * 1000)

    def judge_each(self, texts: Sequence[str]) -> list[list[Finding]]:
        """The findings for each of many prompts, several times faster than one by one."""
        scores = self.scores(texts)
        return [self._findings(["prompt"], row[np.newaxis], 0.0) for row in scores]

    def scores(self, texts: Sequence[str]) -> Floats:
        """Scores (texts, categories) in 0-1; a long text counts as its worst part."""
        read = [list(_windows(canonical(text))) for text in texts]
        pieces = [piece for parts in read for piece in parts]
        scores = np.zeros((len(texts), len(self.categories)), dtype=np.float32)
        if not pieces:
            return scores
        found = self._piece_scores(pieces)
        owners = [place for place, parts in enumerate(read) for _ in parts]
        np.maximum.at(scores, owners, found)
        return scores

    def _piece_scores(self, pieces: list[str]) -> Floats:
        weights = self._weights
        logits = np.stack([self._logits(piece) for piece in pieces])
        if weights.has_meaning:
            meanings = minilm().embed(pieces)
            heads = np.vstack([weights.harm_meaning, weights.kinds_meaning])
            logits += meanings @ heads.T
        harm = 1 / (1 + np.exp(-weights.slope * (logits[:, :1] - weights.middle)))
        kinds = np.exp(logits[:, 1:] - logits[:, 1:].max(axis=1, keepdims=True))
        return np.asarray(harm * kinds, dtype=np.float32)

    def _logits(self, piece: str) -> Floats:
        places, frequencies = counted(piece)
        weights = self._weights
        values = weighed(places, frequencies, weights.rarity)
        harm = float(weights.harm[places].astype(np.float32) @ values)
        kinds = weights.kinds[:, places].astype(np.float32) @ values
        return np.asarray(weights.biases + np.concatenate([[harm], kinds]), dtype=np.float32)

    def _findings(self, fields: list[str], scores: Floats, milliseconds: float) -> list[Finding]:
        return [
            self._finding(category, fields, column, milliseconds)
            for category, column in zip(self.categories, scores.T, strict=True)
        ]

    def _finding(
        self, category: str, fields: list[str], column: Floats, milliseconds: float
    ) -> Finding:
        worst = int(column.argmax()) if fields else 0
        return Finding(
            detector=self.detector,
            version=self.version,
            category=category,
            score=round(float(column[worst]), DIGITS) if fields else 0.0,
            evidence={"field": fields[worst]} if fields else {},
            latency_milliseconds=milliseconds,
        )


@cache
def trained_screen(name: str) -> TrainedScreen:
    """The screen `name` of this process: its file is `weights/name.npz`."""
    return TrainedScreen(name, load_weights(FOLDER / f"{name}.npz"))


def prompt_door() -> TrainedScreen:
    """The cheap screen of prompts: TF-IDF alone."""
    return trained_screen("prompt_door")


def prompt_screen() -> TrainedScreen:
    """The full screen of prompts: it loads MiniLM (90 MB) when it is first asked."""
    return trained_screen("prompt_screen")


def comment_door() -> TrainedScreen:
    """The cheap screen of comments: TF-IDF alone."""
    return trained_screen("comment_door")


def caption_screen() -> TrainedScreen:
    """The screen of captions and hashtags, at the door and in workers: TF-IDF alone."""
    return trained_screen("caption_screen")


def _windows(text: str) -> Iterator[str]:
    """The text, or, when it is long, pieces of it that overlap; nothing for no words."""
    words = text.split()
    if len(words) <= WINDOW_WORDS + WINDOW_STEP // 2:
        if words:
            yield text
        return
    starts = range(0, len(words) - (WINDOW_WORDS - WINDOW_STEP), WINDOW_STEP)
    for start in list(starts)[:MOST_WINDOWS]:
        yield " ".join(words[start : start + WINDOW_WORDS])
