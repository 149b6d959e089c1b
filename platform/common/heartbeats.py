"""A thread that keeps a lease alive while the work itself has no time to."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import DatabaseError, connection

BEATS_PER_LEASE = 4

logger = logging.getLogger(__name__)


@contextmanager
def heartbeat(
    extend: Callable[[], bool],
    *,
    lease_seconds: float,
    deadline_seconds: float,
    at_deadline: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Call `extend` four times a lease while the block runs, until it says that the lease is gone.

    The heart stops at the deadline, so that work that hangs loses its lease like work that died;
    `at_deadline` is called then.
    """
    is_over = Event()
    pause = lease_seconds / BEATS_PER_LEASE

    def beat() -> None:
        try:
            for _ in range(int(deadline_seconds / pause)):
                if is_over.wait(pause) or not _extended(extend):
                    return
            at_deadline()
        finally:
            connection.close()

    heart = Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        is_over.set()
        heart.join()


def _extended(extend: Callable[[], bool]) -> bool:
    try:
        return extend()
    except DatabaseError:
        # The database may be back before the lease ends; a fresh connection is tried then.
        logger.warning("A heartbeat found no database.")
        connection.close()
        return True
