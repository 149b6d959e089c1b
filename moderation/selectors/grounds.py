"""What the policy says of a category, for those who state reasons."""

from collections.abc import Iterable
from dataclasses import dataclass

from moderation.policy.loader import UnableToLoadPolicy
from moderation.policy.reasons import NO_CATEGORY, NO_KEYWORD
from moderation.policy.rules import Category
from moderation.selectors.policies import active_policy

MILDEST = 1
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class CategoryGround:
    """A category as a statement names it; `name` is empty for what the policy has no word for."""

    name: str
    title: str
    dsa_category: str
    dsa_keyword: str
    severity: int


UNNAMED = CategoryGround("", "What our checks could not judge", NO_CATEGORY, NO_KEYWORD, MILDEST)


def policy_categories() -> dict[str, Category]:
    """The categories of the policy in force, by name; none when it can not be read."""
    try:
        return dict(active_policy().categories)
    except UnableToLoadPolicy:
        return {}


def version_in_force() -> str:
    """The version of the policy in force, or UNREADABLE."""
    try:
        return active_policy().version
    except UnableToLoadPolicy:
        return UNREADABLE


def ground_of(category: str) -> CategoryGround:
    """What the policy says of `category`; UNNAMED when it says nothing."""
    found = policy_categories().get(category)
    if found is None:
        return UNNAMED
    return CategoryGround(
        name=found.name,
        title=found.title,
        dsa_category=found.dsa_category,
        dsa_keyword=found.dsa_keyword,
        severity=found.severity,
    )


def gravest(categories: Iterable[str]) -> CategoryGround:
    """The gravest of the categories, the first of equals; UNNAMED when there is none."""
    return max((ground_of(name) for name in categories), key=_severity, default=UNNAMED)


def _severity(ground: CategoryGround) -> int:
    return ground.severity
