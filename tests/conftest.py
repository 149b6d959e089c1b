"""One real Postgres and one real Valkey for the whole session, in a folder of its own.

The environment is set while this file is imported, before Django reads its settings, so the tests
never touch the servers or the data of an installation on the same machine.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import psutil
import pytest
import redis
from django.conf import settings
from hypothesis import settings as search_settings
from playwright.sync_api import Browser, sync_playwright

from common.embedded.folders import private_folder
from common.embedded.locations import Locations
from common.embedded.postgres import Postgres
from common.embedded.server import running
from common.embedded.valkey import Valkey

# A busy machine is no counterexample.
search_settings.register_profile("reverie", deadline=None)
search_settings.load_profile("reverie")

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PREFIX = "reverie-tests-"
DATA = Path(tempfile.gettempdir()) / f"{PREFIX}{os.getpid()}"
HERE = Locations(private_folder(DATA))
if settings.configured:
    pytest.exit("Unset DJANGO_SETTINGS_MODULE: settings were read before the tests had a say.")
os.environ.update(
    DJANGO_SETTINGS_MODULE="config.settings",
    REVERIE_DATA=str(DATA),
    DATABASE_URL=HERE.database_url,
    VALKEY_URL=HERE.valkey_url,
)
private_folder(DATA / "static")
# Pages name their static files without `collectstatic` having run.
settings.STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
# Before the conftest files of the folders below, which import models.
django.setup()

from feed.serving.artefacts import forget_loaded  # noqa: E402 - needs Django
from feed.serving.quick import forget_ring  # noqa: E402
from feed.serving.visitors import forget_counts  # noqa: E402


def pytest_sessionstart() -> None:
    """Clear away what a killed session left; its servers died with it."""
    for folder in DATA.parent.glob(f"{PREFIX}*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(PREFIX))):
            shutil.rmtree(folder, ignore_errors=True)


def pytest_unconfigure() -> None:
    shutil.rmtree(DATA, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[None]:
    """Postgres, started by the first test that needs a database."""
    with running(Postgres(HERE, durable=False), log=DATA / "postgres.log"):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server: None) -> None:
    """Where pytest-django asks before it makes the test database."""


@pytest.fixture(scope="session", autouse=True)
def valkey_server() -> Iterator["redis.Redis"]:
    """Valkey: the cache, the limits and the queue of every test."""
    with running(Valkey(HERE), log=DATA / "valkey.log"):
        client = redis.Redis.from_url(HERE.valkey_url)
        yield client
        client.close()


@pytest.fixture(autouse=True)
def _empty_valkey(valkey_server: "redis.Redis") -> None:
    """No test sees the cache, the counts, the queue or the catalogue of another."""
    valkey_server.flushall()
    forget_loaded()
    forget_ring()
    forget_counts()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of the session: Playwright's sync API runs once at a time."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM} here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
