"""The audit chain: what is done is added to it in the same transaction, and stays.

The database numbers and chains the rows when the transaction commits, one transaction at a time
(the trigger `audit_entry_is_chained`): no lock is held while the work is done.
"""

import json
from collections.abc import Mapping
from typing import Any

from accounts.models import User
from moderation.models.audit import AuditEntry

MACHINE = "machine"
OPERATOR = "operator"


def append(
    action: str,
    *,
    subject: str,
    subject_id: object,
    actor: User | str | None = None,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Add one act to the chain; it is there if, and only if, the caller's transaction commits.

    `actor` is the person, OPERATOR for who runs the installation, or None for a machine.
    `payload` is plain JSON; it must hold no personal data: ids and digests, not words.
    """
    AuditEntry.objects.create(
        actor=_name(actor),
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        payload=canonical(payload or {}),
    )


def canonical(payload: Mapping[str, Any]) -> str:
    """`payload` as JSON that is the same for the same content: sorted, without spaces."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _name(actor: User | str | None) -> str:
    if actor is None:
        return MACHINE
    return str(actor.pk) if isinstance(actor, User) else actor
