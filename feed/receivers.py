"""News from the floors below that change what a person is to be shown."""

from uuid import UUID

from django.dispatch import receiver

from feed.serving.wishes import forget_wishes
from social.signals import person_blocked, person_muted, person_unblocked, person_unmuted


@receiver([person_blocked, person_unblocked])
def heed_block(*, user_id: UUID, other_id: UUID, **_: object) -> None:
    """Neither is recommended to the other any more, or may be again."""
    forget_wishes(user_id)
    forget_wishes(other_id)


@receiver([person_muted, person_unmuted])
def heed_mute(*, user_id: UUID, **_: object) -> None:
    """The muted are recommended no more, or may be again."""
    forget_wishes(user_id)
