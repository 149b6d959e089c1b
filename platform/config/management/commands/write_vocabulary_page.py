"""`manage.py write_vocabulary_page`: writes docs/models.md from the small model's vocabulary."""

from typing import Any

from django.core.management.base import BaseCommand

from common.embedded.locations import ROOT
from generation.small.page import vocabulary_page


class Command(BaseCommand):
    """Keeps the page and the vocabulary the same; a test notices when they differ."""

    help = "Write docs/models.md."

    def handle(self, **_options: Any) -> None:
        """Overwrites the page."""
        (ROOT / "docs" / "models.md").write_text(vocabulary_page(), encoding="utf-8")
