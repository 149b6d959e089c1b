"""Which past decisions another policy would have made differently, from the signals on record.

What people wrote is not kept, so its words are not read again: the scores of then are judged by
the rules of now.  Other words in a policy show in shadow, not here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias
from uuid import UUID

from accounts.selectors import is_minor
from clips.models import Clip
from moderation.models.judging import Decision, Signal, Subject
from moderation.policy.rules import Audience, Policy, verdict

BATCH = 500
SHOWN_EXAMPLES = 5
OF_WORDS = ("prompt", "render")
OF_CAPTIONS = ("caption", "prompt")
STAGES = {
    Subject.PROMPT: OF_WORDS,
    Subject.PICTURE: ("picture",),
    Subject.COMMENT: ("comment",),
    Subject.ACCOUNT: ("profile",),
}

Change: TypeAlias = tuple[str, str]
Looked: TypeAlias = tuple[str, UUID, str]


@dataclass
class Backtest:
    """How many machine decisions were judged again, and what became of those that differ.

    A change is (outcome of then, outcome of now); `categories` counts, for each change, what the
    rules of the stricter side read; `examples` are ids of decisions.
    """

    version: str
    since: datetime
    judged: int = 0
    without_signals: int = 0
    changes: Counter[Change] = field(default_factory=Counter)
    categories: dict[Change, Counter[str]] = field(default_factory=dict)
    examples: dict[Change, list[UUID]] = field(default_factory=dict)

    @property
    def differing(self) -> int:
        """How many would have been decided differently."""
        return sum(self.changes.values())

    def rows(self) -> list[dict[str, Any]]:
        """The changes, most frequent first, as a table has them."""
        return [
            {
                "then": change[0],
                "now": change[1],
                "count": count,
                "categories": [name for name, _ in self.categories[change].most_common()],
                "examples": self.examples[change],
            }
            for change, count in self.changes.most_common()
        ]

    def add(self, change: Change, *, categories: Iterable[str], decision: UUID) -> None:
        """Count one that differs."""
        self.changes[change] += 1
        self.categories.setdefault(change, Counter()).update(set(categories))
        examples = self.examples.setdefault(change, [])
        if len(examples) < SHOWN_EXAMPLES:
            examples.append(decision)


def backtest(policy: Policy, *, since: datetime, most: int | None = None) -> Backtest:
    """What `policy` says of all that machines decided since then, or of the newest `most`.

    Of several decisions on one content the last counts: it is the one the signals belong to.
    """
    result = Backtest(policy.version, since)
    for decisions in _batches(_last_decisions(since, most)):
        signals = _signals_of(decisions)
        clips = _clips_among(decisions)
        for decision in decisions:
            found = signals.get(_looked(decision), [])
            stage = _stage_of(decision, found, clips=clips, policy=policy)
            if not found or stage is None:
                result.without_signals += 1
                continue
            _compare(decision, found, policy=policy, stage=stage, result=result)
    return result


def _compare(
    decision: Decision, found: list[Signal], *, policy: Policy, stage: str, result: Backtest
) -> None:
    minor = is_minor(decision.about, now=decision.created_at)
    audience = Audience.MINORS if minor else Audience.EVERYONE
    said = verdict(found, policy, stage=stage, audience=audience)
    result.judged += 1
    if said.decision != decision.verdict:
        categories = [*said.categories, *decision.categories]
        result.add((decision.verdict, said.decision), categories=categories, decision=decision.pk)


def _last_decisions(since: datetime, most: int | None) -> Iterator[Decision]:
    made = Decision.objects.filter(decided_by=None, created_at__gte=since)
    if most is not None:
        made = made.filter(pk__in=made.order_by("-pk").values("pk")[:most])
    one_of_each = ["subject", "subject_id", "digest"]
    last = made.order_by(*one_of_each, "-pk").distinct(*one_of_each)
    return last.select_related("about").iterator(chunk_size=BATCH)


def _batches(decisions: Iterator[Decision]) -> Iterator[list[Decision]]:
    while batch := list(islice(decisions, BATCH)):
        yield batch


def _signals_of(decisions: Iterable[Decision]) -> dict[Looked, list[Signal]]:
    """The newest signal of each detector and category, by what was looked at."""
    ids = [decision.subject_id for decision in decisions]
    newest: dict[tuple[Looked, str, str], Signal] = {}
    for signal in Signal.objects.filter(subject_id__in=ids).order_by("pk").iterator():
        newest[(_looked(signal), signal.detector, signal.category)] = signal
    by_content: dict[Looked, list[Signal]] = {}
    for (looked, _, _), signal in newest.items():
        by_content.setdefault(looked, []).append(signal)
    return by_content


def _looked(row: Decision | Signal) -> Looked:
    return (row.subject, row.subject_id, row.digest)


def _clips_among(decisions: Iterable[Decision]) -> frozenset[UUID]:
    ids = [decision.subject_id for decision in decisions if decision.subject == Subject.CLIP]
    return frozenset(Clip.objects.filter(pk__in=ids).values_list("pk", flat=True))


def _stage_of(
    decision: Decision, found: Iterable[Signal], *, clips: frozenset[UUID], policy: Policy
) -> str | None:
    """The stage it was judged at, told from who was asked; None for one `policy` does not know.

    A caption is judged as words before its clip is.
    """
    if decision.subject == Subject.CLIP:
        possible: tuple[str, ...] = ("clip",) if decision.subject_id in clips else OF_CAPTIONS
    else:
        possible = STAGES[Subject(decision.subject)]
    asked = {signal.detector for signal in found}

    def likeness(stage: str) -> int:
        required = policy.stages[stage]
        return len(required & asked) - len(required - asked)

    return max((stage for stage in possible if stage in policy.stages), key=likeness, default=None)
