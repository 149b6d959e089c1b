"""What operators ask of the audit log."""

from collections.abc import Iterable
from pathlib import Path

from django.db import transaction

from accounts.models import Role, User
from accounts.services import set_role
from moderation.enforcement.anchors import kept_heads
from moderation.enforcement.audit import OPERATOR, append
from moderation.policy.chain import Break, Head
from moderation.selectors.audit import verify_chain


def check_audit(heads: Iterable[Head] = (), *, file: Path | None = None) -> Break | Head:
    """Walk the log: its head, or the first row that does not hold.

    It is compared with `heads` and those in `file`, or else in the data folder.  Raises ValueError
    for a file that is none of heads.
    """
    return verify_chain(anchors=[*heads, *kept_heads(file)])


@transaction.atomic
def change_role(user: User, *, role: Role, actor: User | None = None) -> User:
    """Give the person another role, on record; without `actor` the operator does."""
    before = user.role
    set_role(user, role=role)
    append(
        "role.changed",
        actor=actor or OPERATOR,
        subject="account",
        subject_id=user.pk,
        payload={"from": str(before), "to": str(role)},
    )
    return user
