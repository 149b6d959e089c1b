"""News from the floor below."""

import logging
from uuid import UUID

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from clips.signals import clip_withdrawn
from uploads.tasks import tidy

logger = logging.getLogger(__name__)


@receiver(clip_withdrawn)
def forget_upload_of_deleted_clip(*, clip_id: UUID, **_: object) -> None:
    """Have the upload of a deleted clip forgotten; when the queue is down, the sweep does it."""
    try:
        tidy.delay()
    except OperationalError:
        logger.warning("The queue is down; clip %s waits for the sweep.", clip_id)
