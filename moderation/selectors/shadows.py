"""What the version in shadow has said so far that the active one has not."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from moderation.models.judging import Decision
from moderation.models.policies import PolicyVersion, ShadowVerdict

SHOWN_EXAMPLES = 20


@dataclass(frozen=True)
class ShadowSummary:
    """The verdicts of a version in shadow against those of the active one.

    `judged` is how many decisions machines made meanwhile; `changes` counts (outcome of the
    active one, outcome of the shadow); `categories` what the rules of either read.
    """

    judged: int
    changes: dict[tuple[str, str], int]
    categories: dict[str, int]
    examples: list[UUID]

    def rows(self) -> list[tuple[str, str, int]]:
        """The changes, most frequent first: outcome of the active one, of the shadow, how many."""
        counted = sorted(self.changes.items(), key=lambda one: -one[1])
        return [(active, shadow, count) for (active, shadow), count in counted]

    @property
    def differing(self) -> int:
        """How many verdicts differ."""
        return sum(self.changes.values())


def shadow_summary(row: PolicyVersion) -> ShadowSummary:
    """What became of the trial of `row`."""
    verdicts = ShadowVerdict.objects.filter(policy=row)
    judged = 0
    if row.shadowed_at is not None:
        until = row.activated_at or row.retired_at
        decisions = Decision.objects.filter(decided_by=None, created_at__gte=row.shadowed_at)
        judged = (decisions.filter(created_at__lt=until) if until else decisions).count()
    counted = verdicts.values_list("active_outcome", "shadow_outcome").annotate(Count("pk"))
    categories: Counter[str] = Counter()
    for names in verdicts.values_list("categories", flat=True).iterator():
        categories.update(names)
    newest = verdicts.order_by("-pk").values_list("subject_id", flat=True)[:SHOWN_EXAMPLES]
    changes = {(active, shadow): count for active, shadow, count in counted}
    return ShadowSummary(judged, changes, dict(categories.most_common()), list(newest))
