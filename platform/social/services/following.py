"""Following people."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from common.errors import Invalid
from social.distribution.telling import tell_of_follow
from social.models.people import Follow
from social.selectors.hiding import are_apart, person_for
from social.services.pairs import alone_with
from social.signals import person_followed, person_unfollowed, tell


class UnableToFollow(Invalid):
    """Nobody follows themselves, nor whom a block keeps them apart from."""

    code = "unable_to_follow"


def follow(follower: User, handle: str) -> None:
    """See what this person posts; doing it again changes nothing.  Raises NotFound, Invalid."""
    followee = person_for(follower, handle)
    if followee == follower:
        raise UnableToFollow("You see your own clips anyway.", field="handle")
    with transaction.atomic():
        alone_with(follower, followee)
        person_for(follower, handle)  # a block may have come first
        if are_apart(follower, followee):  # which hides nobody from a reviewer
            raise UnableToFollow("One of you blocked the other.", field="handle")
        _, is_new = Follow.objects.get_or_create(follower=follower, followee=followee)
        if not is_new:
            return
        tell_of_follow(follower, followee, now=timezone.now())
        tell(person_followed, user_id=follower.pk, other_id=followee.pk)


def unfollow(follower: User, handle: str) -> None:
    """Follow this person no more.  Raises NotFound."""
    followee = person_for(follower, handle)
    with transaction.atomic():
        if Follow.objects.filter(follower=follower, followee=followee).delete()[0]:
            tell(person_unfollowed, user_id=follower.pk, other_id=followee.pk)
