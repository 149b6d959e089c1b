"""All that a reviewer reads about one item."""

from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import User
from clips.models import Clip
from moderation.models.appeals import Appeal
from moderation.models.desk import ReviewItem, ReviewItemEvent, ReviewKind, ReviewOpinion
from moderation.models.judging import Decision, Signal, Subject
from moderation.models.notices import Notice
from moderation.policy.rules import Category, Outcome, Policy, Rule
from moderation.selectors.appeals import appeals_of_item
from moderation.selectors.desk import History, history_of
from moderation.selectors.judging import decisions_on, signals_of
from moderation.selectors.policies import active_policy
from moderation.selectors.subjects import Sight, sight_of
from moderation.states import CLAIMED
from social.models.comments import Comment

NEIGHBOURS_SHOWN = 5
LONGEST_ITEM_STORY = 20


@dataclass(frozen=True)
class Guidance:
    """A category of the policy, its rules in words, and what a reviewer may begin a reason with."""

    category: Category
    rules: tuple[Rule, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class CaseFile:
    """One item with all that belongs to it; a blind check has nothing that tells the verdict."""

    item: ReviewItem
    sight: Sight
    is_mine: bool
    is_blind: bool
    clip: Clip | None
    signals: list[Signal] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    appeals: list[Appeal] = field(default_factory=list)
    history: History | None = None
    events: list[ReviewItemEvent] = field(default_factory=list)
    opinions: list[ReviewOpinion] = field(default_factory=list)
    neighbours: list[Comment] = field(default_factory=list)
    guidance: list[Guidance] = field(default_factory=list)

    @property
    def at_hand(self) -> Guidance | None:
        """What the policy says of the item's own category."""
        own = [one for one in self.guidance if one.category.name == self.item.category]
        return own[0] if own else None


def case_of(item: ReviewItem, *, viewer: User, now: datetime) -> CaseFile:
    """What the reviewer is shown of an item they may see (`item_for`)."""
    sight = sight_of(item)
    clip = sight.comment.clip if sight.comment else sight.clip
    is_held = item.lease_until is not None and item.lease_until >= now
    is_mine = item.state == CLAIMED and item.claimed_by_id == viewer.pk and is_held
    guidance = guidance_of(active_policy())
    if item.kind == ReviewKind.QUALITY:
        return CaseFile(item, sight, is_mine, is_blind=True, clip=clip, guidance=guidance)
    notices = Notice.objects.filter(subject=item.subject, subject_id=item.subject_id)
    opinions = ReviewOpinion.objects.filter(
        item__subject=item.subject, item__subject_id=item.subject_id, undone_at=None
    )
    # A second person judges for themselves: what the first one said is shown afterwards.
    is_open_question = item.kind == ReviewKind.SECOND and item.decision_id is None
    return CaseFile(
        item,
        sight,
        is_mine,
        is_blind=False,
        clip=clip,
        signals=list(signals_of(sight.clip)) if sight.clip else [],
        decisions=[
            decision
            for decision in (decisions_on(sight.clip) if sight.clip else ())
            if not (is_open_question and decision.decided_by_id)
        ],
        notices=list(notices.order_by("received_at")),
        appeals=list(appeals_of_item(item.pk)),
        history=history_of(item.about, now=now),
        events=list(item.events.select_related("actor").order_by("-id")[:LONGEST_ITEM_STORY]),
        opinions=[] if is_open_question else list(opinions.select_related("reviewer")),
        neighbours=_around(sight.comment),
        guidance=guidance,
    )


def guidance_of(policy: Policy) -> list[Guidance]:
    """Every category with its rules, gravest first."""
    ranked = sorted(policy.categories.values(), key=lambda one: (-one.severity, one.title))
    return [_guidance(category, policy) for category in ranked]


def _guidance(category: Category, policy: Policy) -> Guidance:
    rules = tuple(rule for rule in policy.rules if category.name in _read_by(rule))
    reasons = [rule.reason for rule in rules if rule.decision is not Outcome.ALLOW]
    return Guidance(category, rules, tuple(dict.fromkeys(filter(None, reasons))))


def _read_by(rule: Rule) -> frozenset[str]:
    keys = rule.when.keys()
    return frozenset(category for _, category in keys)


def _around(comment: Comment | None) -> list[Comment]:
    """What was said before it under the same clip, oldest first."""
    if comment is None:
        return []
    others = Comment.objects.filter(clip_id=comment.clip_id, removed_at=None, pk__lt=comment.pk)
    newest = others.select_related("author").order_by("-pk")[:NEIGHBOURS_SHOWN]
    return list(reversed(newest))


def kinds() -> list[tuple[str, str]]:
    """The kinds of items, and what they are called."""
    return [
        (ReviewKind.CONTENT, "Content"),
        (ReviewKind.SECOND, "Second opinion"),
        (ReviewKind.QUALITY, "Quality check"),
        (ReviewKind.APPEAL, "Appeal"),
    ]


def subject_name(item: ReviewItem) -> str:
    """What the item is about, in a word."""
    return str(Subject(item.subject).label).lower()
