"""The ranking as it stands at this moment, for everybody to read: no number is written twice."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from feed.policy.choices import MINORS_DAILY_MINUTES, MINORS_NIGHT
from feed.policy.pace import SESSION_BREAK_SECONDS
from feed.ranking.actions import Action
from feed.ranking.gate import CONTEXT
from feed.ranking.interactions import History
from feed.ranking.parameters import Described, described_parameters
from feed.ranking.relevance import SOURCES, Fit
from feed.serving.fits import current_models

MINUTE, DAY, MONTH = 60.0, 86_400.0, 30 * 86_400.0
SITUATIONS = (
    ("nobody is known", 0, 0.0),
    ("5 clips met, the last a minute ago", 5, MINUTE),
    ("5 clips met, the last a month ago", 5, MONTH),
    ("50 clips met, the last a minute ago", 50, MINUTE),
    ("50 clips met, the last a day ago", 50, DAY),
    ("200 clips met, the last a minute ago", 200, MINUTE),
    ("200 clips met, the last a month ago", 200, MONTH),
)

VIEWER_TOLD = {
    "meetings": "the latest clips you met here, when, and what you made of them",
    "seen": "which clips you were shown, so that none comes twice",
    "followed": "whom you follow here",
    "authors": "how you liked the clips of their makers",
}
WISHES_TOLD = {
    "is_profiled": "whether you want to be profiled",
    "is_minor": "whether you are under 18, and nothing more of your age",
    "chips": "what you asked for in words",
    "muted_words": "the words you muted",
    "hidden_authors": "whom you hid, muted or blocked, and who blocked you",
    "provenance": "how much of which AI labels you want",
    "ai_by_topic": "how much AI you want among clips about a topic",
}
CLIP_TOLD = {
    "version": "which copy of this list it is",
    "numbers": "a number for each clip",
    "ids": "its id",
    "authors": "who made it",
    "published_at": "when it was published",
    "durations": "how long it is",
    "provenances": "its AI label",
    "is_for_minors": "whether it may be shown to people under 18",
    "embeddings": "what its prompt, caption and hashtags mean, as 384 numbers",
    "responses": "how often people did what with it, as counts",
    "trends": "the same of the last hours and days",
    "hashtags": "its hashtags",
    "words": "what is said of it",
}
"""Everything the ranking is given, in words; a test keeps it complete."""

ACTIONS_TOLD = {
    Action.IMPRESSION: "shown",
    Action.WATCH: "watched, for how long",
    Action.SKIP: "left at once",
    Action.LIKE: "liked",
    Action.UNLIKE: "like taken back",
    Action.COMMENT: "commented on",
    Action.SHARE: "shared",
    Action.SAVE: "saved",
    Action.UNSAVE: "no longer saved",
    Action.REMIX: "made into something of your own",
    Action.FOLLOW: "its maker followed",
    Action.UNFOLLOW: "its maker no longer followed",
    Action.NOT_INTERESTED: "“not interested”",
    Action.HIDE_CREATOR: "its maker hidden",
    Action.REPORT: "reported",
}


@dataclass(frozen=True)
class Situation:
    """How much each source counts for who is in this situation."""

    words: str
    shares: list[float]


@dataclass(frozen=True)
class Learned:
    """What the models learned last: `weights` has a row a source, a column a part of the context.

    `clips` is how many clips they know.
    """

    at: datetime
    version: str
    clips: int
    sources: tuple[str, ...]
    context: tuple[str, ...]
    weights: list[tuple[str, list[float]]]
    situations: list[Situation]


@dataclass(frozen=True)
class PublishedRanking:
    """All of it."""

    parameters: list[Described]
    learned: Learned | None
    viewer: list[str]
    wishes: list[str]
    clip: list[str]
    actions: list[str]
    minors_minutes: int
    minors_night: tuple[str, str]
    session_break_minutes: int


def published_ranking() -> PublishedRanking:
    """What the next page is ranked by."""
    fit = current_models()
    return PublishedRanking(
        parameters=described_parameters(),
        learned=_learned(fit) if fit is not None else None,
        viewer=list(VIEWER_TOLD.values()),
        wishes=list(WISHES_TOLD.values()),
        clip=list(CLIP_TOLD.values()),
        actions=list(ACTIONS_TOLD.values()),
        minors_minutes=MINORS_DAILY_MINUTES,
        minors_night=(f"{MINORS_NIGHT.start:%H:%M}", f"{MINORS_NIGHT.end:%H:%M}"),
        session_break_minutes=SESSION_BREAK_SECONDS // 60,
    )


def _learned(fit: Fit) -> Learned:
    at = fit.models.fitted_at
    weights = np.round(fit.gate.weights, 3).tolist()
    return Learned(
        at=datetime.fromtimestamp(at, UTC),
        version=fit.models.version[:12],
        clips=len(fit.models),
        sources=SOURCES,
        context=CONTEXT,
        weights=list(zip(SOURCES, weights, strict=True)),
        situations=[_situation(fit, *one) for one in SITUATIONS],
    )


def _situation(fit: Fit, words: str, met: int, ago: float) -> Situation:
    history = History(np.zeros(met, np.int64), np.full(met, -ago))
    return Situation(words, np.round(fit.gate.shares(history, now=0.0), 2).tolist())
