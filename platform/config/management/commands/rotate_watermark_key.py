"""`manage.py rotate_watermark_key`: videos made from now on are marked with another secret."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from moderation.services.audit import rotate_watermark_key
from video.keyring import UnableToOpenKeys


class Command(BaseCommand):
    """Makes a new watermark key."""

    help = "Mark videos with a new secret from now on; the old ones are kept and still read."

    def handle(self, **_options: Any) -> None:
        """Raises CommandError when the old keys can not be read."""
        try:
            name = rotate_watermark_key(settings.REVERIE_DATA / "watermark")
        except UnableToOpenKeys as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Videos are marked with {name} from now on.")
