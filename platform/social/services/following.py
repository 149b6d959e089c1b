"""Following people."""

from accounts.models import User
from accounts.selectors import person
from common.errors import Invalid
from social.models.people import Follow


class UnableToFollow(Invalid):
    """Nobody follows themselves."""

    code = "unable_to_follow"


def follow(follower: User, handle: str) -> None:
    """See what this person posts; doing it again changes nothing.  Raises NotFound, Invalid."""
    followee = person(handle)
    if followee == follower:
        raise UnableToFollow("You see your own clips anyway.", field="handle")
    Follow.objects.bulk_create(
        [Follow(follower=follower, followee=followee)], ignore_conflicts=True
    )


def unfollow(follower: User, handle: str) -> None:
    """Follow this person no more.  Raises NotFound."""
    Follow.objects.filter(follower=follower, followee=person(handle)).delete()
