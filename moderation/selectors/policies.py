"""The policy in force and its versions: a new one is known to every process within seconds."""

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from time import monotonic
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from common.errors import NotFound
from moderation.models.policies import PolicyVersion
from moderation.policy.loader import UnableToLoadPolicy, policy_of
from moderation.policy.rules import NOTHING_MORE, Audience, Category, Policy
from moderation.states import ACTIVE, SHADOW

FRESH_SECONDS = 2.0
UNKNOWN_SEVERITY = 1

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ShadowPolicy:
    """The version that is tried out beside the active one."""

    id: UUID
    policy: Policy


@dataclass(frozen=True)
class _InForce:
    active: UUID | None
    shadow: UUID | None
    known_at: float


_lock = Lock()
_in_force: _InForce | None = None


def active_policy() -> Policy:
    """The policy everything is judged by.

    Raises UnableToLoadPolicy when none is active or it can not be read, and DatabaseError: then
    nothing may be allowed.
    """
    active = _now_in_force().active
    if active is None:
        raise UnableToLoadPolicy(
            "No policy is active; `manage.py migrate` puts the first in force."
        )
    return _parsed(active)


def version_in_force() -> str:
    """The active version as the database has it, which stays so until the transaction ends.

    Empty when another was put in force just now, or none is.
    """
    # Django has no FOR SHARE, and FOR UPDATE would let clips be published one at a time only.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version FROM moderation_policyversion WHERE state = %s FOR SHARE", [ACTIVE]
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def shadow_policy() -> ShadowPolicy | None:
    """The version in shadow; None when there is none, or when it can not be read."""
    shadow = _now_in_force().shadow
    if shadow is None:
        return None
    try:
        return ShadowPolicy(shadow, _parsed(shadow))
    except UnableToLoadPolicy:
        logger.exception("The policy in shadow can not be read.")
        return None


def forget_policies() -> None:
    """Look at the database again at the next judgement of this process."""
    global _in_force  # noqa: PLW0603 - one cache for the process
    _in_force = None


def policy_versions() -> QuerySet[PolicyVersion]:
    """All versions, newest first."""
    versions = PolicyVersion.objects.select_related("proposed_by", "approved_by")
    return versions.order_by("-pk")


def policy_version_named(version: str) -> PolicyVersion:
    """The version of this name.  Raises NotFound."""
    row = policy_versions().filter(version=version).first()
    if row is None:
        raise NotFound("There is no such version of the policy.")
    return row


def policy_version_with(policy_id: UUID) -> PolicyVersion:
    """The version with this id.  Raises NotFound."""
    row = policy_versions().filter(pk=policy_id).first()
    if row is None:
        raise NotFound("There is no such version of the policy.")
    return row


def policy_named(version: str) -> Policy:
    """What a version says, in force or not.  Raises NotFound, UnableToLoadPolicy."""
    return parsed(policy_version_named(version))


def parsed(row: PolicyVersion) -> Policy:
    """What the version says, under the name it has here.  Raises UnableToLoadPolicy."""

    def word_file(name: str) -> str:
        if name not in row.files:
            raise OSError(name)
        return str(row.files[name])

    return replace(policy_of(row.text, word_file=word_file), version=row.version)


def category_of(name: str, *, version: str | None = None) -> Category | None:
    """The category of this name in the active policy, or in the version something was judged by.

    None when that policy knows no such category.  Raises what `active_policy` raises, and NotFound.
    """
    policy = active_policy() if version is None else policy_named(version)
    return policy.categories.get(name)


def severity_of(name: str) -> int:
    """How severe a category is in the active policy, 1 to 4; 1 for one nobody knows of now."""
    try:
        category = category_of(name)
    except UnableToLoadPolicy:
        return UNKNOWN_SEVERITY
    return category.severity if category else UNKNOWN_SEVERITY


def is_zero_tolerance(name: str) -> bool:
    """Whether what a person decides in this category needs a second person.

    It does while the policy can not be read.
    """
    try:
        category = category_of(name)
    except UnableToLoadPolicy:
        return True
    return category is not None and category.is_zero_tolerance


def label_titles() -> dict[str, str]:
    """What the active policy's labels are called where people read them, by value."""
    return dict(active_policy().labels)


def hidden_from_minors() -> frozenset[str]:
    """The labels that minors are not shown."""
    return active_policy().audiences.get(Audience.MINORS, NOTHING_MORE).hidden_labels


def _now_in_force() -> _InForce:
    """Which versions are in force, as of FRESH_SECONDS ago at most."""
    global _in_force  # noqa: PLW0603 - one cache for the process
    known = _in_force
    if known is not None and monotonic() - known.known_at < FRESH_SECONDS:
        return known
    asked_at = monotonic()
    rows = PolicyVersion.objects.filter(state__in=[ACTIVE, SHADOW])
    ids = dict(rows.values_list("state", "pk"))
    _in_force = _InForce(ids.get(ACTIVE), ids.get(SHADOW), asked_at)
    return _in_force


def _parsed(policy_id: UUID) -> Policy:
    with _lock:
        return _parsed_once(policy_id)


@lru_cache(maxsize=8)
def _parsed_once(policy_id: UUID) -> Policy:
    return parsed(PolicyVersion.objects.get(pk=policy_id))
