"""What tests of the feed share."""

import pytest
from django.utils import timezone
from pytest_django import Settings


@pytest.fixture
def noon(settings: Settings) -> None:
    """It is about noon where nobody said otherwise, so that the feed does not rest for minors."""
    ahead = 12 - timezone.now().hour
    settings.FEED_TIME_ZONE = f"Etc/GMT{-ahead:+d}" if ahead else "UTC"
