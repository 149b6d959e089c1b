"""Many prompts judged at once, for those who measure: nothing is put on record.

It needs no database: the policy is that of the file, not the one in force.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

from django.conf import settings

from moderation.enforcement.readers import read_each
from moderation.policy.loader import load_policy
from moderation.policy.rules import Outcome, Policy, Signal, verdict

AT_ONCE = 256
STAGE = "render"
DIGITS = 4


@dataclass(frozen=True)
class Screened:
    """What the full screen says of one prompt; `score` is that of the strongest signal, 0-1.

    A prompt whose clip would only be limited may be rendered: it is allowed.
    """

    decision: Outcome
    categories: tuple[str, ...]
    score: float

    @property
    def is_flagged(self) -> bool:
        """Whether the prompt is blocked or its clip held for a person."""
        return self.decision is not Outcome.ALLOW


def screen_prompts(prompts: Iterable[str]) -> Iterator[Screened]:
    """The screen's answers, in order.  Raises UnableToLoadPolicy, and what loading a model may."""
    policy = file_policy()
    waiting = iter(prompts)
    while batch := list(islice(waiting, AT_ONCE)):
        for findings in read_each(batch, policy):
            yield _screened(findings, policy)


@cache
def file_policy() -> Policy:
    """The policy in the file the settings name.  Raises UnableToLoadPolicy."""
    return load_policy(settings.POLICY_FILE)


def _screened(findings: Sequence[Signal], policy: Policy) -> Screened:
    said = verdict(findings, policy, stage=STAGE)
    score = max((finding.score or 0.0 for finding in findings), default=0.0)
    if said.decision in {Outcome.ALLOW, Outcome.LIMIT}:
        return Screened(Outcome.ALLOW, (), round(score, DIGITS))
    return Screened(said.decision, said.categories, round(score, DIGITS))
