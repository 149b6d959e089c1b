"""Blocking people, who then see nothing of each other, and muting them, of which they learn not."""

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.selectors import person
from common.errors import Conflict, Invalid
from social.models.people import Block, Follow, Mute
from social.services.pairs import alone_with
from social.signals import (
    person_blocked,
    person_muted,
    person_unblocked,
    person_unmuted,
    tell,
)

MOST = 10_000
"""People one can block, and mute: every list asks for them."""


class UnableToBlock(Invalid):
    """Nobody blocks or mutes themselves."""

    code = "unable_to_block"


class TooManyBlocks(Conflict):
    """The list is full."""

    code = "too_many_blocks"


def block(blocker: User, handle: str) -> None:
    """Let neither see anything of the other; follows end both ways.  Again changes nothing.

    Raises NotFound, UnableToBlock, TooManyBlocks.
    """
    blocked = _other(blocker, handle)
    with transaction.atomic():
        alone_with(blocker, blocked)
        if Block.objects.filter(blocker=blocker, blocked=blocked).exists():
            return
        if Block.objects.filter(blocker=blocker).count() >= MOST:
            raise TooManyBlocks(f"You have blocked {MOST} people; that is as many as one can.")
        Block.objects.create(blocker=blocker, blocked=blocked)
        either_way = Q(follower=blocker, followee=blocked) | Q(follower=blocked, followee=blocker)
        Follow.objects.filter(either_way).delete()
        tell(person_blocked, user_id=blocker.pk, other_id=blocked.pk)


def unblock(blocker: User, handle: str) -> None:
    """Take a block back; follows do not return by themselves.  Raises NotFound."""
    blocked = person(handle)
    with transaction.atomic():
        if Block.objects.filter(blocker=blocker, blocked=blocked).delete()[0]:
            tell(person_unblocked, user_id=blocker.pk, other_id=blocked.pk)


def mute(muter: User, handle: str) -> None:
    """Keep this person out of one's lists; again changes nothing.

    Raises NotFound, UnableToBlock, TooManyBlocks.
    """
    muted = _other(muter, handle)
    with transaction.atomic():
        alone_with(muter, muted)
        if Mute.objects.filter(muter=muter, muted=muted).exists():
            return
        if Mute.objects.filter(muter=muter).count() >= MOST:
            raise TooManyBlocks(f"You have muted {MOST} people; that is as many as one can.")
        Mute.objects.create(muter=muter, muted=muted)
        tell(person_muted, user_id=muter.pk, other_id=muted.pk)


def unmute(muter: User, handle: str) -> None:
    """Show this person in one's lists again.  Raises NotFound."""
    muted = person(handle)
    with transaction.atomic():
        if Mute.objects.filter(muter=muter, muted=muted).delete()[0]:
            tell(person_unmuted, user_id=muter.pk, other_id=muted.pk)


def _other(actor: User, handle: str) -> User:
    # Who was blocked may block back: so not `person_for`, or each block would tell of the other.
    found = person(handle)
    if found == actor:
        raise UnableToBlock("That is you.", field="handle")
    return found
