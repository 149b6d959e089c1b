"""News from the floor below."""

import logging
from uuid import UUID

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from clips.signals import clip_submitted
from moderation.tasks import screen_clip

logger = logging.getLogger(__name__)


@receiver(clip_submitted)
def screen_submitted_clip(*, clip_id: UUID, **_: object) -> None:
    """Have the clip judged; when the queue is down, the sweep will find it."""
    try:
        screen_clip.delay(str(clip_id))
    except OperationalError:
        logger.warning("The queue is down; clip %s waits for the sweep.", clip_id)
