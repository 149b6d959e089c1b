"""The memory of idempotent requests: who may answer a key first, and what was answered.

A key is reserved before its request is answered and the answer is written in the transaction
that does the work: after a crash there is either the work with its answer, or neither.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import IdempotentReply, User
from common.errors import Conflict, Invalid
from common.ids import new_id

RESERVATION = timedelta(seconds=60)
KEPT = timedelta(hours=24)
LONGEST_KEY = 255

# Takes a key that is new, whose first request died, or whose answer is too old to be kept.
RESERVE = """
INSERT INTO accounts_idempotentreply AS held (id, owner_id, key, fingerprint, body, created_at)
VALUES (%(id)s, %(owner)s, %(key)s, %(fingerprint)s, '', %(now)s)
ON CONFLICT (owner_id, key) DO UPDATE
SET id = EXCLUDED.id, fingerprint = EXCLUDED.fingerprint, status = NULL, body = '',
    created_at = EXCLUDED.created_at
WHERE (held.status IS NULL AND held.created_at < %(abandoned)s) OR held.created_at < %(expired)s
RETURNING id
"""


class BadIdempotencyKey(Invalid):
    """The key is empty, too long, or not printable ASCII."""

    code = "invalid_idempotency_key"


class KeyUsedOtherwise(Conflict):
    """The key came with another request before."""

    code = "idempotency_key_reused"


class StillAnswering(Conflict):
    """The first request with this key is not answered yet; asking again soon will help."""

    code = "idempotency_key_in_use"
    retry_after_seconds = 1


class ReservationLost(Conflict):
    """Answering took so long that another request with this key has begun; nothing was done."""

    code = "idempotency_key_in_use"


@dataclass(frozen=True)
class Reservation:
    """The right to answer a key, until another takes it."""

    id: UUID


@dataclass(frozen=True)
class Reply:
    """An answer given before: its status and its JSON text."""

    status: int
    body: str


def reserve(owner: User, key: str, *, fingerprint: str, now: datetime) -> Reservation | Reply:
    """The right to answer this key, or the answer that was given to the same request before.

    Raises BadIdempotencyKey, KeyUsedOtherwise, StillAnswering.
    """
    if not (key.isascii() and key.isprintable() and 1 <= len(key) <= LONGEST_KEY):
        raise BadIdempotencyKey(
            f"An Idempotency-Key is 1 to {LONGEST_KEY} printable ASCII characters.",
            field="Idempotency-Key",
        )
    values: dict[str, Any] = {
        "id": new_id(),
        "owner": owner.pk,
        "key": key,
        "fingerprint": fingerprint,
        "now": now,
        "abandoned": now - RESERVATION,
        "expired": now - KEPT,
    }
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, values)
        row = cursor.fetchone()
    return Reservation(row[0]) if row else _earlier(owner, key, fingerprint=fingerprint)


def _earlier(owner: User, key: str, *, fingerprint: str) -> Reply:
    held = IdempotentReply.objects.filter(owner=owner, key=key).first()
    if held is None:
        raise StillAnswering("This request just failed elsewhere; repeat it.")
    if held.fingerprint != fingerprint:
        raise KeyUsedOtherwise("This Idempotency-Key was used for another request.")
    if held.status is None:
        raise StillAnswering("The first request with this key is still being answered.")
    return Reply(held.status, held.body)


def keep_reply(reservation: Reservation, reply: Reply) -> None:
    """Write down the answer; the caller's transaction holds the work.  Raises ReservationLost."""
    own = IdempotentReply.objects.filter(pk=reservation.id)
    if not own.update(status=reply.status, body=reply.body):
        raise ReservationLost("This took too long, and was begun again. Nothing was done here.")


def release(reservation: Reservation) -> None:
    """Give the key back unanswered, so that the request may be tried again."""
    IdempotentReply.objects.filter(pk=reservation.id, status=None).delete()


def forget_replies(*, now: datetime) -> int:
    """Delete the answers that are kept no longer, and say how many."""
    return IdempotentReply.objects.filter(created_at__lt=now - KEPT).delete()[0]
