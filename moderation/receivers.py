"""News from the floor below."""

import logging
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils import timezone
from kombu.exceptions import OperationalError

from clips.signals import clip_submitted
from moderation.models.policies import PolicyVersion
from moderation.services.policies import install_policy_file
from moderation.tasks import screen_clip

logger = logging.getLogger(__name__)


@receiver(clip_submitted)
def screen_submitted_clip(*, clip_id: UUID, **_: object) -> None:
    """Have the clip judged; when the queue is down, the sweep will find it."""
    try:
        screen_clip.delay(str(clip_id))
    except OperationalError:
        logger.warning("The queue is down; clip %s waits for the sweep.", clip_id)


@receiver(post_migrate)
def put_policy_file_in_force(*, sender: AppConfig, using: str, **_: Any) -> None:
    """Have a policy before anything is judged.  Raises UnableToLoadPolicy."""
    if sender.name == "moderation":
        tables = connections[using].introspection.table_names()
        if PolicyVersion._meta.db_table in tables:  # noqa: SLF001 - Django's documented hook
            install_policy_file(now=timezone.now())
