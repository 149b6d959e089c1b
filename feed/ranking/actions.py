"""What a viewer can do with a clip, and what happened, as the ranking is told it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Action(StrEnum):
    """One thing a viewer did with a clip, or with its author because of it."""

    IMPRESSION = "impression"
    WATCH = "watch"
    SKIP = "skip"
    LIKE = "like"
    UNLIKE = "unlike"
    COMMENT = "comment"
    SHARE = "share"
    SAVE = "save"
    UNSAVE = "unsave"
    REMIX = "remix"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    NOT_INTERESTED = "not_interested"
    HIDE_CREATOR = "hide_creator"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at `at`, seconds since the epoch.

    `watched_seconds` and `loops` say how much was watched, of `duration_seconds`; `request` is the
    page the clip was on and `position` its place there, counted from 0.
    """

    action: Action
    clip: UUID
    at: float
    watched_seconds: float = 0.0
    duration_seconds: float = 0.0
    loops: int = 0
    request: UUID | None = None
    position: int | None = None
