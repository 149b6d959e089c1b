"""`manage.py screen_prompts FILE`: what the screen of prompts says, line by line."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import ReverieError
from moderation.services.screens import screen_prompts


class Command(BaseCommand):
    """Needs no database and no server."""

    help = 'Judge JSON lines {"prompt": …}; print one line {decision, categories, score} for each.'
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One file, or `-` for standard input."""
        parser.add_argument("file", help="JSON lines, or - for standard input")

    def handle(self, **options: Any) -> None:
        """Answers are in the order of the lines; empty lines are skipped.  Raises CommandError."""
        name = options["file"]
        try:
            with (
                nullcontext(sys.stdin)
                if name == "-"
                else Path(name).open(encoding="utf-8") as lines
            ):
                self._answer(lines)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{name} can not be read.") from error
        except ReverieError as error:
            raise CommandError(error.message) from error

    def _answer(self, lines: Iterable[str]) -> None:
        for said in screen_prompts(_prompts(lines)):
            answer = {
                "decision": said.decision.value,
                "categories": list(said.categories),
                "score": said.score,
            }
            self.stdout.write(json.dumps(answer))


def _prompts(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            prompt = json.loads(line)["prompt"]
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f'Line {number} is not {{"prompt": …}}.') from error
        if not isinstance(prompt, str):
            raise CommandError(f"Line {number}: the prompt is not a text.")
        yield prompt
