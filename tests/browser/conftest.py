"""A real Chromium against a live server; a console error or a failed request fails the test."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

# Playwright's sync API keeps an event loop in this thread; Django is not called from inside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
# A page left behind still tells how long its clip was watched.
LAST_WORDS_MILLISECONDS = 500
PASSWORD = "calm-paper-moon-9"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@dataclass
class Watched:
    """A page, and everything its console complained about."""

    page: Page
    url: str
    complaints: list[str]
    is_refusal_expected: bool = False

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def expect_refusal(self) -> None:
        """The browser itself says on the console, now or a moment later, that a form came back."""
        self.is_refusal_expected = True

    def unexpected(self) -> list[str]:
        """The complaints nobody announced."""
        if not self.is_refusal_expected:
            return self.complaints
        return [one for one in self.complaints if "status of 4" not in one]

    def log_in(self, handle: str) -> None:
        self.open("/accounts/login/")
        self.page.fill("[name=login]", handle)
        self.page.fill("[name=password]", PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Log in").click()
        self.page.wait_for_url(self.url + "/")


@pytest.fixture(params=[(PHONE, "light"), (DESKTOP, "dark")], ids=["phone-light", "desktop-dark"])
def screen(request: pytest.FixtureRequest) -> dict[str, Any]:
    viewport, scheme = request.param
    return {"viewport": viewport, "color_scheme": scheme, "has_touch": viewport is PHONE}


@pytest.fixture
def watched(chromium: Browser, live_server: Any, screen: dict[str, Any]) -> Iterator[Watched]:
    context: BrowserContext = chromium.new_context(**screen)
    context.set_default_timeout(15_000)
    seen = Watched(context.new_page(), live_server.url, [])

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            seen.complaints.append(message.text)

    seen.page.on("console", note)
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    yield seen
    seen.page.goto("about:blank")
    seen.page.wait_for_timeout(LAST_WORDS_MILLISECONDS)
    context.close()
    assert seen.unexpected() == []
