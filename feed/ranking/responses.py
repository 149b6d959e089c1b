"""How clips were received: rates of what viewers do, and what they are worth together.

Every rate is shrunk towards the installation's own mean, and that towards a prior (empirical
Bayes), so that one report of three viewers is not a report rate of a third.  How strongly is
learned too: where clips differ much, a few impressions say much.
"""

from dataclasses import dataclass

import numpy as np

from feed.ranking.catalogue import RESPONSES, Catalogue, Floats
from feed.ranking.parameters import Parameters

IMPRESSIONS = RESPONSES.index("impressions")
PRIOR_RATES: dict[str, float] = {
    "completions": 0.45,
    "rewatches": 0.05,
    "skips": 0.25,
    "likes": 0.04,
    "comments": 0.004,
    "shares": 0.003,
    "saves": 0.005,
    "remixes": 0.001,
    "follows": 0.003,
    "not_interested": 0.004,
    "reports": 0.0004,
}
"""Per impression, where nothing is known yet."""

LEAST_PRIOR_EVENTS = 1.0
"""A prior is worth one event at least, so that the first of a rare kind does not decide alone."""

LEAST_CORRELATION = 1e-4
TINY = 1e-6

POSITIVE = ("completions", "likes", "comments", "shares", "saves", "remixes", "follows")


@dataclass(frozen=True)
class Reception:
    """How each of N clips was received.

    `worth` (N,) are points an impression is expected to bring; `quality` (N,) the factor that makes
    of it, around 1; `good` and `bad` (N,) count impressions that ended well or not, shrunk: the
    parameters of the Beta distribution of a clip's rate.
    """

    impressions: Floats
    worth: Floats
    quality: Floats
    good: Floats
    bad: Floats


def reception(catalogue: Catalogue, parameters: Parameters) -> Reception:
    """How the catalogue's clips were received by all viewers together."""
    responses = catalogue.responses
    impressions = np.ascontiguousarray(responses[:, IMPRESSIONS])
    weights = response_weights(parameters)
    worth = np.zeros(len(catalogue), np.float32)
    usual = 0.0
    for name, weight in weights.items():
        counts = responses[:, RESPONSES.index(name)]
        mean = mean_rate(counts, impressions, prior=PRIOR_RATES[name], parameters=parameters)
        worth += weight * shrunk(counts, impressions, mean=mean, parameters=parameters)
        usual += weight * mean
    points = (worth - usual) / parameters.quality_scale
    # Judged only once it had its first impressions: until then it is not worse than the average.
    is_judged = impressions >= parameters.first_impressions
    points = np.where(is_judged, points, np.maximum(points, 0.0))
    quality = np.exp(points).clip(parameters.quality_least, parameters.quality_most)
    good, bad = _outcomes(responses, impressions)
    return Reception(impressions, worth, quality.astype(np.float32), good, bad)


def response_weights(parameters: Parameters) -> dict[str, float]:
    """The points of each response, by its column."""
    return {
        "completions": parameters.complete_weight,
        "rewatches": parameters.rewatch_weight,
        "skips": parameters.skip_weight,
        "likes": parameters.like_weight,
        "comments": parameters.comment_weight,
        "shares": parameters.share_weight,
        "saves": parameters.save_weight,
        "remixes": parameters.remix_weight,
        "follows": parameters.follow_weight,
        "not_interested": parameters.not_interested_weight,
        "reports": parameters.report_weight,
    }


def mean_rate(
    counts: Floats, impressions: Floats, *, prior: float, parameters: Parameters
) -> float:
    """What is usual on this installation, per impression."""
    known = parameters.installation_impressions
    return float((counts.sum() + prior * known) / (impressions.sum() + known))


def shrunk(counts: Floats, impressions: Floats, *, mean: float, parameters: Parameters) -> Floats:
    """Each clip's rate (N,), as the mean of its Beta posterior."""
    usual = weight_of_usual(counts, impressions, mean=mean, parameters=parameters)
    weight = max(usual, LEAST_PRIOR_EVENTS / max(mean, TINY))
    rates: Floats = (counts + np.float32(mean * weight)) / (impressions + np.float32(weight))
    return rates


def weight_of_usual(
    counts: Floats, impressions: Floats, *, mean: float, parameters: Parameters
) -> float:
    """How many impressions of its own a clip needs to be believed as much as what is usual.

    The more clips differ beyond chance, the fewer: the correlation within clips of a beta-binomial,
    1 / (weight + 1), by the method of moments (Kleinman, 1973, JASA 68:46-54; every clip counts
    the same), as if `prior_impressions` had been found on `installation_impressions` elsewhere.
    """
    is_shown = impressions > 0
    shown = impressions[is_shown].astype(np.float64)
    surplus = (counts[is_shown] - shown * mean) ** 2 / (shown * max(mean * (1 - mean), TINY)) - 1
    known = parameters.installation_impressions
    before = known / (parameters.prior_impressions + 1)
    again = np.maximum(shown - 1, 0).sum()
    correlation = max((float(surplus.sum()) + before) / (float(again) + known), LEAST_CORRELATION)
    return 1 / correlation - 1


def _outcomes(responses: Floats, impressions: Floats) -> tuple[Floats, Floats]:
    """Impressions that ended well (liked, or watched to the end) and the others, from (1, 1)."""
    likes = responses[:, RESPONSES.index("likes")]
    completions = responses[:, RESPONSES.index("completions")]
    good = np.minimum(impressions, np.maximum(likes, completions))
    return good + np.float32(1), impressions - good + np.float32(1)
