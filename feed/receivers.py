"""News from the floors below that change what a person is to be shown."""

from uuid import UUID

from django.dispatch import receiver

from feed.serving.viewers import forget_state
from feed.serving.wishes import forget_wishes
from social.signals import (
    clip_commented,
    clip_liked,
    clip_saved,
    clip_shared,
    clip_unliked,
    clip_unsaved,
    person_blocked,
    person_followed,
    person_muted,
    person_unblocked,
    person_unfollowed,
    person_unmuted,
)


@receiver([person_blocked, person_unblocked])
def heed_block(*, user_id: UUID, other_id: UUID, **_: object) -> None:
    """Neither is recommended to the other any more, or may be again."""
    forget_wishes(user_id)
    forget_wishes(other_id)


@receiver([person_muted, person_unmuted])
def heed_mute(*, user_id: UUID, **_: object) -> None:
    """The muted are recommended no more, or may be again."""
    forget_wishes(user_id)


@receiver(
    [
        clip_liked,
        clip_unliked,
        clip_commented,
        clip_shared,
        clip_saved,
        clip_unsaved,
        person_followed,
        person_unfollowed,
    ]
)
def heed_act(*, user_id: UUID | None, **_: object) -> None:
    """What a person did counts from their next page on; the log hears of it by itself."""
    if user_id is not None:
        forget_state(user_id)
