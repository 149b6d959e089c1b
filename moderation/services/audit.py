"""What operators ask of the audit log, and what they do that belongs on it."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction

from accounts.models import Role, User
from accounts.services import correct_birth_year, set_role
from moderation.enforcement.anchors import kept_heads
from moderation.enforcement.audit import OPERATOR, append
from moderation.policy.chain import Break, Head
from moderation.selectors.audit import verify_chain
from video.keyring import rotate_key


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


@transaction.atomic
def change_birth_year(actor: User, user: User, year: int, *, now: datetime) -> User:
    """Correct the person's year of birth, on record, which keeps silent about the year.

    Raises what `correct_birth_year` raises.
    """
    correct_birth_year(actor, user, year, now=now)
    append("birth_year.corrected", actor=actor, subject="account", subject_id=user.pk)
    return user


@transaction.atomic
def rotate_watermark_key(folder: Path) -> str:
    """Mark videos with another secret from now on, on record; the new key's name.

    Raises UnableToOpenKeys.
    """
    name = rotate_key(folder).name
    append("watermark_key.rotated", actor=OPERATOR, subject="watermark_key", subject_id=name)
    return name
