"""A running installation with demo accounts, and an engine that can be made slow by asking."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import yaml
from openai import OpenAI

from common.embedded.folders import private_folder
from common.embedded.locations import ROOT
from tests.operations.harness import Reverie, running_up

MANY_STEPS = 3000
"""Steps enough for a job to be met in the middle of its work on any machine."""


class DemoReverie:
    """`manage.py up` plus the people `manage.py demo` makes."""

    def __init__(self, reverie: Reverie) -> None:
        self.reverie = reverie
        told = json.loads(reverie.here.demo.read_text())
        self.accounts: dict[str, dict[str, str]] = {
            account["role"]: account for account in told["accounts"]
        }

    def sdk(self, role: str = "creator", **options: Any) -> OpenAI:
        """The stock SDK with this person's key."""
        options.setdefault("api_key", self.accounts[role]["api_key"])
        return OpenAI(base_url=f"{self.reverie.url}/v1", **options)

    def http(self, role: str | None = "creator") -> httpx2.Client:
        """A plain client with this person's key, or nobody's."""
        key = self.accounts[role]["api_key"] if role else None
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx2.Client(base_url=self.reverie.url, headers=headers, timeout=30)


@contextmanager
def demo_reverie(folder: Path, **extra: str) -> Iterator[DemoReverie]:
    """A whole installation with its demo people and clips, and no limit on steps."""
    engines = folder / "engines.yaml"
    content = yaml.safe_load((ROOT / "generation" / "engines.yaml").read_text())
    for engine in content["engines"]:
        engine["source"] = str(ROOT / "generation" / engine["source"])
        engine["max_inference_steps"] = MANY_STEPS
    engines.write_text(yaml.safe_dump(content))
    extra = {"REVERIE_ENGINES": str(engines), **extra}
    with running_up(private_folder(folder / "data"), "--demo", extra=extra) as reverie:
        done = reverie.here.data / "demo.done"
        reverie.wait_for(done.exists, seconds=240)
        yield DemoReverie(reverie)
