"""Why a person was shown a clip: the impression on record, in sentences, with what to change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from accounts.models import User
from accounts.permissions import Viewer
from clips.selectors import clip_for
from feed.models.impressions import Impression
from feed.models.wishes import SteeringChip
from feed.ranking.explaining import reasons
from feed.ranking.mixing import (
    AUTHOR,
    CONTENT,
    DISLIKE,
    FOLLOWED,
    REFUSAL,
    SIMILAR_VIEWERS,
    WATCHED_NEXT,
    WISH,
)
from feed.selectors.impressions import impression_of

LEARNED = frozenset({AUTHOR, CONTENT, DISLIKE, SIMILAR_VIEWERS, WATCHED_NEXT})
PERCENT = 100


class Lever(StrEnum):
    """What a person can change about a reason: take back a wish, profiling, whom they follow."""

    WISH = "wish"
    PROFILING = "profiling"
    FOLLOWING = "following"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Reason:
    """One sentence; `weight` is a source's share of the points, or how a factor moved the score.

    `chip` is the wish it speaks of, while that still counts.
    """

    name: str
    words: str
    weight: float
    lever: Lever
    chip: UUID | None = None


@dataclass(frozen=True)
class Why:
    """What is on record of the last time the clip was shown; without it, `lead` says why not."""

    lead: str
    reasons: list[Reason] = field(default_factory=list)
    shown: Impression | None = None

    @property
    def chance(self) -> str:
        """The part that chance had in it, in words."""
        if self.shown is None or not self.shown.is_exploration:
            return ""
        share = max(0.1, self.shown.propensity * PERCENT)
        return f"Chance had a part in it: it came here with a probability of {share:.3g} %."


def why_shown(viewer: Viewer, clip_id: UUID, *, now: datetime) -> Why:
    """Why `viewer` was shown the clip when they were last.  Raises NotFound."""
    clip_for(viewer, clip_id)
    if not isinstance(viewer, User):
        return Why("You are not logged in, so nothing about you was used to pick it.")
    shown = impression_of(viewer, clip_id)
    if shown is None:
        return Why(
            "Nothing on record says why: it was not picked for you by what you do, or it was shown "
            "while you are not profiled, and then nothing is kept. Lists such as the latest and "
            "following are in the order of time."
        )
    chips = _chips(viewer, now=now)
    return Why("", [_reason(one, chips) for one in _told(shown)], shown)


def _told(shown: Impression) -> list[tuple[str, float, str]]:
    found = reasons(shown.sources, shown.factors)
    return [(one.name, one.weight, one.sentence) for one in found]


def _chips(user: User, *, now: datetime) -> Mapping[str, UUID]:
    rows = SteeringChip.objects.filter(user=user, until__gt=now)
    return dict(rows.values_list("text", "pk"))


def _reason(told: tuple[str, float, str], chips: Mapping[str, UUID]) -> Reason:
    name, weight, words = told
    for opening in (WISH, REFUSAL):
        if name.startswith(opening):
            chip = chips.get(name.removeprefix(opening))
            return Reason(name, words, weight, Lever.WISH if chip else Lever.NOTHING, chip)
    lever = Lever.PROFILING if name in LEARNED else Lever.NOTHING
    return Reason(name, words, weight, Lever.FOLLOWING if name == FOLLOWED else lever)
