"""What the viewer asked for in words: which clips fit it, and what that does to their scores."""

from dataclasses import dataclass

import numpy as np

from feed.ranking.catalogue import PROVENANCES, Floats
from feed.ranking.eligibility import says
from feed.ranking.prepared import Flags, Prepared, unit
from feed.ranking.viewers import Chip, TopicAmount, Wishes

NEAREST = 50
"""So many of the nearest clips say what the words mean here (Rocchio's relevance feedback)."""

NEAREST_SHARE = 40
"""But of a small catalogue no more than one in so many."""

UNTAGGED = 0.5
"""Where clips bear the hashtag that was named, others fit this much less."""

SHORTEST_PLURAL = 3
TINY = 1e-6
AI_MADE = tuple(place for place, name in enumerate(PROVENANCES) if name != "none")


@dataclass(frozen=True)
class Steered:
    """What wishes in words do to N clips: points added and factors, each by what was said.

    `others` (N,) is the factor of those that fit nothing of what was wished for, None without.
    `is_refused` (N,) are those that the words speak against, or that none of them speaks for where
    something was wished for: chance gives no places to them.
    """

    points: dict[str, Floats]
    factors: dict[str, Floats]
    others: Floats | None
    is_refused: Flags


def steered(ready: Prepared, wishes: Wishes, *, now: float) -> Steered:
    """What the chips that still count, and the amounts of AI by topic, do to the catalogue."""
    parameters = ready.parameters
    points: dict[str, Floats] = {}
    factors: dict[str, Floats] = {}
    chips = [chip for chip in wishes.chips if chip.until > now and chip.strength]
    wanted = np.zeros(len(ready), np.float32)
    loudest = 0.0
    for chip in chips:
        fits = fit(ready, chip)
        strength = min(1.0, abs(chip.strength))
        if chip.strength > 0:
            points[chip.text] = np.float32(parameters.steering_weight * strength) * fits
            wanted = np.maximum(wanted, fits)
            loudest = max(loudest, strength)
        else:
            most = strength * (1 - parameters.chip_exclusion)
            factors[chip.text] = 1 - np.float32(most) * fits
    for topic in wishes.ai_by_topic:
        factors[topic.text] = _ai_factor(ready, topic)
    is_refused = np.zeros(len(ready), np.bool_)
    for factor in factors.values():
        is_refused |= factor < parameters.chance_least
    others = None
    if loudest:
        lost = np.float32(loudest * (1 - parameters.chip_others))
        others = 1 - lost * (1 - np.minimum(1, 2 * wanted))
        is_refused |= others < parameters.chance_least
    return Steered(points, factors, others, is_refused)


def fit(ready: Prepared, chip: Chip) -> Floats:
    """How well each clip (N,) fits a chip's words, from 0 to 1.

    What is not wanted is recognised more generously than what is: a clip too many that is left
    out is no loss.  A clip that says the words, or bears a hashtag of theirs, fits.
    """
    parameters = ready.parameters
    key = ("chip", chip.text, chip.strength > 0, chip.tags, chip.meaning.tobytes())

    def computed() -> Floats:
        deviations = nearness(ready, chip.meaning)
        if chip.strength > 0:
            least = parameters.wanted_from
            best = float(np.partition(deviations, -_few(ready))[-_few(ready)])
            full = min(parameters.wanted_full, max(best, least + TINY))
        else:
            least, full = parameters.unwanted_from, parameters.unwanted_full
        fits = ((deviations - least) / (full - least)).clip(0, 1).astype(np.float32)
        tagged = [says(ready, tag) for tag in chip.tags]
        if any(np.any(one) for one in tagged):
            fits *= np.float32(UNTAGGED)
        for said in (*tagged, *(says(ready, words) for words in _spellings(chip.text))):
            fits = np.maximum(fits, said)
        return np.asarray(fits, np.float32)

    return ready.recall(key, computed)


def nearness(ready: Prepared, meaning: Floats) -> Floats:
    """How near each clip (N,) is to words, in standard deviations from the catalogue's mean.

    A few words' embedding is near to everything or to nothing, so it is the catalogue itself that
    says what is near; and its nearest clips say better than the words what is meant.
    """
    words = ready.mapped(np.asarray(meaning, np.float32)[np.newaxis])[0]
    first = _deviations(ready.coordinates @ words)
    few = _few(ready)
    nearest = ready.coordinates[np.argpartition(first, -few)[-few:]].mean(axis=0)
    return _deviations(first + _deviations(ready.coordinates @ unit(nearest)))


def _ai_factor(ready: Prepared, topic: TopicAmount) -> Floats:
    """(N,): what clips about the topic keep that are, or may be, made by AI."""
    about = fit(ready, Chip(topic.text, -1.0, topic.meaning))
    is_ai = np.isin(ready.catalogue.provenances, AI_MADE)
    amount = min(1.0, max(ready.parameters.chip_exclusion, topic.amount))
    return np.asarray(1 - np.float32(1 - amount) * about * is_ai, np.float32)


def _few(ready: Prepared) -> int:
    return max(1, min(NEAREST, len(ready) // NEAREST_SHARE))


def _spellings(text: str) -> set[str]:
    """The words as they may stand in a clip: `says` knows the plural of a word by itself."""
    if " " in text or len(text) <= SHORTEST_PLURAL or text.endswith("ss"):
        return {text}
    return {text, text.removesuffix("s")}


def _deviations(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) / max(float(values.std()), TINY), np.float32)
