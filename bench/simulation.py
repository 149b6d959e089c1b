"""The feed's ranking in a small world where all is known of what it loses."""

from statistics import fmean

from bench.rows import Reading, Row
from feed.ranking.simulation import Comparison, Simulated, simulated

SEEDS = (0, 1, 2)

READING = Reading(
    title="The mix, simulated",
    how=(
        f"`manage.py simulate_feed` with the seeds {', '.join(map(str, SEEDS))}; the means. In one "
        "world 2,000 viewers ask for 6,000 pages of 10 while 340 clips join 60, and what a clip is "
        "worth is unknown; in the other 400 viewers with four interests each ask for 5,300 pages "
        "out of 3,000 clips. Every page is made by the feed's own `recommend`. *Regret* is the "
        "probability of a like on the best page possible less that on the page made, per place; "
        "the reference is the same ranking without places for chance. *Likeness on a page* is 1 "
        "less the mean cosine distance between its clips, and *NDCG lost* 1 less the NDCG by the "
        "true probabilities of a like; the reference is the order by score alone. *Cold clips* are "
        "such that nothing is known of them but what they are about: the reference's NDCG is the "
        "feed's, ours that of a random page, so below 1 the feed is better."
    ),
    means="What chance, variety and content cost and bring, where the truth can be asked.",
    means_not=(
        "The world is made up: its viewers do not change, and like a clip by its subject and its "
        "quality alone. With other viewers the figures are others; the orders between them are "
        "what is shown."
    ),
)


def measure() -> list[Row]:
    """Both worlds of every seed."""
    found = [simulated(seed) for seed in SEEDS]
    least = float(min(one.least_impressions for one in found))
    return [
        Row("impressions guaranteed ÷ had by the clip shown least", 10.0, least, "impressions"),
        _row("regret ÷ greedy", [one.regret for one in found], "likes"),
        _row("distance on a page, by score alone ÷ ours", _turned("variety", found), "distance"),
        _row("NDCG by score alone ÷ ours", _turned("gain", found), "NDCG"),
        _row("cold clips, random ÷ by content", _turned("cold", found), "NDCG"),
    ]


def _turned(name: str, found: list[Simulated]) -> list[Comparison]:
    """The comparisons the other way round: below 1 is better for us."""
    compared: list[Comparison] = [getattr(one, name) for one in found]
    return [Comparison(one.reference, one.ours) for one in compared]


def _row(name: str, compared: list[Comparison], unit: str) -> Row:
    return Row(
        name,
        fmean(one.ours for one in compared),
        fmean(one.reference for one in compared),
        unit,
    )
