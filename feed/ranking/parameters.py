"""Every number the mixing of a page hangs on, in one place, each with what it means.

`/transparency/ranking` prints this list as it stands.  The weights of what viewers do start from
those X published with its home mixer, in their proportions: a like 0.5, an answer 5, a copied link
20, a follow 4, not interested -43, a report -234.
"""

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Described:
    """A parameter as people read it: its name, its value, in which unit, and what it does."""

    name: str
    value: float
    unit: str
    meaning: str


def _parameter(value: float, unit: str, meaning: str) -> Any:
    return field(default=value, metadata={"unit": unit, "meaning": meaning})


@dataclass(frozen=True)
class Parameters:
    """What a page is mixed by; `described_parameters` says what each of them means."""

    # --- where clips come from ---
    relevance_weight: float = _parameter(
        1.0, "points", "What the models of viewers' histories say counts this much."
    )
    content_weight: float = _parameter(
        3.0, "points", "What the viewer made lately of clips like it counts up to this much."
    )
    followed_weight: float = _parameter(
        0.5, "points", "A clip by somebody the viewer follows gets this much."
    )
    trending_weight: float = _parameter(
        0.35, "points", "What many people like at the moment counts up to this much."
    )
    fresh_weight: float = _parameter(0.15, "points", "A new clip gets up to this much.")
    steering_weight: float = _parameter(
        3.0, "points", "What the viewer asked for in words counts up to this much."
    )
    trend_six_hours: float = _parameter(
        0.5, "share", "Of the trend, what the last six hours or so count."
    )
    trend_day: float = _parameter(0.3, "share", "Of the trend, what the last day or so counts.")
    trend_week: float = _parameter(0.2, "share", "Of the trend, what the last week or so counts.")
    fresh_half_life_hours: float = _parameter(
        24.0, "hours", "How long until a new clip has lost half of what being new adds."
    )

    candidates: int = _parameter(
        500, "clips", "How many clips are compared with each one that the viewer met lately."
    )

    # --- what moves a score ---
    complete_weight: float = _parameter(1.0, "points", "Somebody watched to the end.")
    rewatch_weight: float = _parameter(1.0, "points", "Somebody watched more than once.")
    skip_weight: float = _parameter(-1.0, "points", "Somebody left within two seconds.")
    like_weight: float = _parameter(0.5, "points", "Somebody liked it.")
    comment_weight: float = _parameter(5.0, "points", "Somebody wrote a comment.")
    share_weight: float = _parameter(20.0, "points", "Somebody shared it.")
    save_weight: float = _parameter(5.0, "points", "Somebody saved it.")
    remix_weight: float = _parameter(10.0, "points", "Somebody made a clip of their own from it.")
    follow_weight: float = _parameter(4.0, "points", "Somebody followed its author because of it.")
    not_interested_weight: float = _parameter(-43.0, "points", "Somebody was not interested.")
    report_weight: float = _parameter(-234.0, "points", "Somebody reported it.")
    prior_impressions: float = _parameter(
        100.0,
        "impressions",
        "A clip starts as if it had been shown this often, averagely received; learned here later.",
    )
    installation_impressions: float = _parameter(
        10_000.0,
        "impressions",
        "What is average is learned here; until then it is as if seen this often elsewhere.",
    )
    quality_scale: float = _parameter(
        0.3, "points", "So many points above the average multiply a score by 2.7."
    )
    quality_least: float = _parameter(0.2, "factor", "A badly received clip keeps this much.")
    quality_most: float = _parameter(4.0, "factor", "A well received clip gets at most this much.")
    age_half_life_days: float = _parameter(
        14.0, "days", "How long until a clip has lost half of what age can take."
    )
    age_least: float = _parameter(0.5, "factor", "However old a clip is, it keeps this much.")
    author_liking: float = _parameter(
        0.7, "factor", "An author the viewer likes, or does not, moves a score by up to this much."
    )

    # --- the viewer's own history ---
    recent_met: int = _parameter(
        100, "clips", "How many of the clips met latest others are compared with."
    )
    taste_half_life_hours: float = _parameter(
        72.0, "hours", "How long until a liked clip counts half for what is shown next."
    )
    taste_doubt: float = _parameter(
        4.0,
        "clips",
        "What is met is believed as if so many clips just like it had said nothing before.",
    )
    dislike_weight: float = _parameter(
        3.3, "factor", "A clip loses this much times how much clips like it were disliked."
    )

    # --- variety ---
    author_decay: float = _parameter(
        0.5, "factor", "What each further clip of an author on a page is worth of the one before."
    )
    author_floor: float = _parameter(0.25, "factor", "What it is worth at the least.")
    author_cap: int = _parameter(
        2, "clips", "An author has at most so many among ten clips that follow each other."
    )
    diversity_theta: float = _parameter(
        0.94, "share", "How much the score counts for the order; the rest is being different."
    )
    shortlist: int = _parameter(200, "clips", "Among how many of the best the order is found.")

    # --- chance ---
    exploring_places: int = _parameter(
        1, "places in ten", "Kept for clips of which little is known, chosen by chance."
    )
    exploring_until: float = _parameter(
        1000.0, "impressions", "A clip of which this many are known is no longer explored."
    )
    exploring_pool: int = _parameter(48, "clips", "Among how many an exploring place is drawn.")
    exploring_draws: int = _parameter(
        32, "draws", "How often each clip's rate is drawn from what is known, to find chances."
    )
    exploring_floor: float = _parameter(
        0.1, "share", "Of the chance of an exploring place, given to all in the pool alike."
    )
    first_impressions: int = _parameter(
        100, "impressions", "Every clip is shown so often before it is judged."
    )
    first_places: int = _parameter(
        1, "places in ten", "Kept for clips that have not had their first impressions."
    )
    first_pool: int = _parameter(
        64, "clips", "So many, those shown least and waiting longest, share the next first place."
    )
    first_floor: float = _parameter(
        0.3, "share", "Of the chance of a first place, given to all in the pool alike."
    )

    # --- steering ---
    wanted_from: float = _parameter(
        0.5, "deviations", "A clip this much nearer to wanted words than most begins to fit them."
    )
    wanted_full: float = _parameter(
        3.0, "deviations", "A clip this much nearer to wanted words than most fits them entirely."
    )
    unwanted_from: float = _parameter(
        0.4, "deviations", "A clip this much nearer to unwanted words than most begins to fit them."
    )
    unwanted_full: float = _parameter(
        1.0, "deviations", "A clip this much nearer to unwanted words than most fits entirely."
    )
    chip_exclusion: float = _parameter(
        0.01, "factor", "What a clip keeps that fits what the viewer does not want."
    )
    chip_others: float = _parameter(
        0.1, "factor", "What clips keep that fit nothing of what the viewer asked for."
    )
    chance_least: float = _parameter(
        0.6, "factor", "Chance gives no place to a clip that wishes in words leave less than this."
    )


PARAMETERS = Parameters()


def described_parameters(parameters: Parameters = PARAMETERS) -> list[Described]:
    """Every parameter in the order of their subjects, for people to read."""
    return [
        Described(
            name=one.name,
            value=getattr(parameters, one.name),
            unit=one.metadata["unit"],
            meaning=one.metadata["meaning"],
        )
        for one in fields(parameters)
    ]
