"""News from the floor below."""

import logging
from uuid import UUID

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from clips.signals import clip_published, clip_withdrawn
from social.tasks import tell_of_clip

logger = logging.getLogger(__name__)


@receiver(clip_published)
@receiver(clip_withdrawn)
def tell_what_became_of_clip(*, clip_id: UUID, **_: object) -> None:
    """Have people told what became of a clip; when the queue is down, they see it themselves."""
    try:
        tell_of_clip.delay(str(clip_id))
    except OperationalError:
        logger.warning("The queue is down; nobody is told of clip %s.", clip_id)
