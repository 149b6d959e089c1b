"""The clips a first start is filled with: prompts, down the same road as anybody's."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import User
from clips.selectors import own_clips
from clips.states import SCREENING, SUBMITTED
from generation.orders import Order, Posting
from generation.selectors import jobs_of
from generation.services import request_generation
from generation.states import IN_PROGRESS, UNFINISHED

if TYPE_CHECKING:
    from generation.models import Job

UNJUDGED = frozenset({SUBMITTED, SCREENING})
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class DemoClip:
    """One prompt, with what its author says about it."""

    prompt: str
    caption: str
    hashtags: tuple[str, ...]
    seed: int

    @property
    def order(self) -> Order:
        """The prompt as a request that is posted when it is made."""
        posting = Posting(caption=self.caption, hashtags=self.hashtags)
        return Order(prompt=self.prompt, seed=self.seed, posting=posting)


CLIPS = (
    DemoClip(
        prompt="a green frog bouncing in a meadow",
        caption="Monday energy",
        hashtags=("frog", "meadow"),
        seed=11,
    ),
    DemoClip(
        prompt="a red car driving from left to right on a beach at sunset",
        caption="Out of the office",
        hashtags=("car", "sunset"),
        seed=7,
    ),
    DemoClip(
        prompt="a yellow star rising in the night sky",
        caption="Make a wish",
        hashtags=("star", "night"),
        seed=5,
    ),
)
HELD = (
    DemoClip(
        prompt="a panda bouncing in the snow",
        caption="Breaking news: the president resigns",
        hashtags=("panda",),
        seed=3,
    ),
)
"""What the policy wants a person to look at: a caption that could be taken for news."""


def order_clips(creator: User, clips: Sequence[DemoClip]) -> int:
    """Ask for every one of `clips` that was not asked for yet; how many that were."""
    asked = set(jobs_of(creator).values_list("prompt", flat=True))
    missing = [clip for clip in clips if clip.prompt not in asked]
    for clip in missing:
        request_generation(creator, clip.order, now=timezone.now())
    return len(missing)


def watch_clips(creator: User, *, say: Callable[[str], None], patience_seconds: float) -> bool:
    """Tell of every change until each clip is made and judged; False when patience ran out."""
    end, told = time.monotonic() + patience_seconds, set[str]()
    while time.monotonic() < end:
        states = [_told(job) for job in jobs_of(creator).order_by("pk")]
        for line in states:
            if line not in told:
                say(line)
        told.update(states)
        if not _is_unsettled(creator):
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _told(job: "Job") -> str:
    clip = getattr(job.video, "clip", None)
    if clip is not None:
        return f"  “{job.prompt}”: {clip.state} {clip.reason}".rstrip()
    if job.state == IN_PROGRESS:
        return f"  “{job.prompt}”: {job.progress} %"
    return f"  “{job.prompt}”: {job.state} {job.error_message}".rstrip()


def _is_unsettled(creator: User) -> bool:
    is_in_the_making = jobs_of(creator).filter(state__in=UNFINISHED).exists()
    return is_in_the_making or own_clips(creator).filter(state__in=UNJUDGED).exists()
