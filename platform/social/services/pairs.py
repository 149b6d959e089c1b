"""One act at a time between two people."""

from hashlib import sha256

from django.db import connection

from accounts.models import User


def alone_with(one: User, other: User) -> None:
    """Wait until no other transaction changes what these two are to each other.

    Without it, a follow that began before a block could be written after it.  The caller owns the
    transaction, which ends the wait of the next.
    """
    pair = b"".join(sorted((one.pk.bytes, other.pk.bytes)))
    key = int.from_bytes(sha256(pair).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
