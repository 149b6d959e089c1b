"""News of people for the floors above: sent after commit, and only of what changed something.

Every signal carries who did it as `user_id` (a UUID, or None for a visitor), and what it was done
to: `other_id` is a person, `clip_id` a clip, `comment_id` a comment, all of them UUIDs.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

person_followed = Signal()  # user_id, other_id
person_unfollowed = Signal()  # user_id, other_id
person_blocked = Signal()  # user_id, other_id; neither sees the other from now on
person_unblocked = Signal()  # user_id, other_id
person_muted = Signal()  # user_id, other_id
person_unmuted = Signal()  # user_id, other_id
clip_liked = Signal()  # user_id, clip_id
clip_unliked = Signal()  # user_id, clip_id
clip_commented = Signal()  # user_id, clip_id, comment_id
clip_shared = Signal()  # user_id, clip_id
clip_saved = Signal()  # user_id, clip_id
clip_unsaved = Signal()  # user_id, clip_id
clips_counted = Signal()  # counts: of each clip its id, likes, comments and views


def tell(signal: Signal, **news: Any) -> None:
    """Send `signal` when the transaction is committed; at once outside of one."""
    transaction.on_commit(partial(signal.send, sender=None, **news))
