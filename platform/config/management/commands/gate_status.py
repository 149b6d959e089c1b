"""`manage.py gate_status`: whether the automatic checks can be relied on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from moderation.selectors.health import DetectorState, detector_states


class Command(BaseCommand):
    """One line for each detector; exit status 1 while everything waits for a person."""

    help = "Say whether every detector answers."
    requires_system_checks = []

    def handle(self, **_options: Any) -> None:
        """Raises CommandError while a detector is down or silent."""
        states = detector_states(now=timezone.now())
        for state in states:
            self.stdout.write(f"{state.detector}: {_described(state)}")
        if not all(state.is_well for state in states):
            raise CommandError("Automatic checks are down: every clip waits for a person.")


def _described(state: DetectorState) -> str:
    if state.is_down:
        return f"down, {state.failures} failures in a row. {state.problem}"
    if state.last_answer_at is None:
        return "not heard of yet"
    said = f"last answer {state.last_answer_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"silent, {said}" if state.is_silent else said
