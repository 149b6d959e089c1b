#!/usr/bin/env python3
"""Photograph a running installation for the README: four pages, phone and desktop, day and night.

    python docs/make_screenshots.py http://127.0.0.1:8000 var/demo.json

Needs the development requirements and a Chromium in /usr/bin (or in $CHROMIUM).
"""

import argparse
import json
import os
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).with_name("screenshots")
SCREENS: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 800},
}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
MAX_BYTES = 80_000
QUALITIES = (88, 80, 70, 60, 45, 30)
SETTLING_MILLISECONDS = 1200
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
PROMPT = "a panda bouncing in the snow"


def main() -> None:
    """Write `docs/screenshots/{page}-{screen}-{scheme}.webp`, each of 80 kB at most."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("url", help="the address of the installation")
    parser.add_argument("demo", type=Path, help="the demo.json with its accounts")
    given = parser.parse_args()
    accounts = json.loads(given.demo.read_text(encoding="utf-8"))["accounts"]
    creator = next(one for one in accounts if one["role"] == "creator")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for screen, scheme in product(SCREENS, SCHEMES):
            for name, page in _pages(browser, screen, scheme, given.url.rstrip("/"), creator):
                _save(page, FOLDER / f"{name}-{screen}-{scheme}.webp")
        browser.close()


def _pages(
    browser: Browser, screen: str, scheme: Scheme, url: str, creator: dict[str, str]
) -> Iterator[tuple[str, Page]]:
    """Each page in turn, open and settled, by its name."""
    context = browser.new_context(viewport=SCREENS[screen], color_scheme=scheme)
    page = context.new_page()
    _log_in(page, url, creator)
    yield "feed", page
    page.goto(f"{url}/create")
    page.fill("#id_prompt", PROMPT)
    yield "create", page
    page.goto(f"{url}/@{creator['handle']}")
    yield "profile", page
    page.locator(".tile:not(.unseen)").first.click()
    yield "clip", page
    context.close()


def _log_in(page: Page, url: str, creator: dict[str, str]) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("[name=login]", creator["handle"])
    page.fill("[name=password]", creator["password"])
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{url}/")


def _save(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLING_MILLISECONDS)
    with Image.open(BytesIO(page.screenshot())) as picture:
        for quality in QUALITIES:
            picture.save(path, "WEBP", quality=quality, method=6)
            if path.stat().st_size <= MAX_BYTES:
                return
    raise SystemExit(f"{path.name} does not fit into {MAX_BYTES} bytes.")


if __name__ == "__main__":
    main()
