"""`manage.py policy …`: test a policy, try it on the past or in shadow, and put it in force."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.selectors import person
from common.errors import ReverieError
from moderation.selectors.backtests import Backtest, backtest
from moderation.selectors.policies import (
    active_policy,
    policy_named,
    policy_version_named,
    policy_versions,
)
from moderation.selectors.shadows import shadow_summary
from moderation.services.policies import (
    activate_policy,
    document_at,
    file_failures,
    propose_policy,
    retire_policy,
    shadow_policy,
)

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(BaseCommand):
    """One word for each thing to do; without a database only `test` works."""

    help = "Test, backtest, propose, shadow, activate, retire and show policies."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with which policy."""
        words = parser.add_subparsers(dest="word", required=True)
        test = words.add_parser("test", help="Ask the policy the prompts that are in it.")
        test.add_argument("file", nargs="?", type=Path, default=None)
        past = words.add_parser("backtest", help="Which past decisions would differ?")
        past.add_argument("--since", required=True, help="7d, 12h, 30m, or a date.")
        which = past.add_mutually_exclusive_group()
        which.add_argument("--file", type=Path)
        which.add_argument("--policy-version")
        past.add_argument("--json", action="store_true")
        propose = words.add_parser("propose", help="Keep the file as a draft.")
        propose.add_argument("file", type=Path)
        propose.add_argument("--by", required=True, help="The handle of who proposes it.")
        propose.add_argument("--note", default="", help="Why.")
        for word, help_text in ACTIONS.items():
            one = words.add_parser(word, help=help_text)
            one.add_argument("policy_version")
            one.add_argument("--by", required=True, help="The handle of who does this.")
        show = words.add_parser("show", help="List the versions, or print one.")
        show.add_argument("policy_version", nargs="?")

    def handle(self, *, word: str, **options: Any) -> None:
        """Raises CommandError, exit status 1, for whatever can not be done."""
        own = {"test": self._test, "backtest": self._backtest, "propose": self._propose}
        does: Any = {**own, "show": self._show}.get(word, self._act)
        try:
            does(word=word, **options)
        except ReverieError as error:
            raise CommandError(error.message) from error

    def _test(self, *, file: Path | None, **_: Any) -> None:
        policy, failures = file_failures(file or settings.POLICY_FILE)
        for fixture, said in failures:
            self.stderr.write(f"{fixture.prompt!r}: expected {fixture.expect}, got {said}")
        if failures:
            raise CommandError(f"{len(failures)} of the policy's tests fail.")
        self.stdout.write(f"Policy {policy.version} says what its tests expect.")

    def _propose(self, *, file: Path, by: str, note: str, **_: Any) -> None:
        now = timezone.now()
        row = propose_policy(person(by), document_at(file), note=note, now=now)
        self.stdout.write(
            f"Policy {row.version} is a draft; somebody else than @{by} activates it."
        )

    def _act(self, *, word: str, policy_version: str, by: str, **_: Any) -> None:
        act = {"shadow": shadow_policy, "activate": activate_policy, "retire": retire_policy}[word]
        row = act(person(by), policy_version, now=timezone.now())
        self.stdout.write(f"Policy {row.version} is {row.state} now.")

    def _show(self, *, policy_version: str | None, **_: Any) -> None:
        if policy_version is not None:
            self.stdout.write(policy_version_named(policy_version).text)
            return
        for row in policy_versions():
            people = [f"@{one.handle}" for one in (row.proposed_by, row.approved_by) if one]
            self.stdout.write(f"{row.version:<44} {row.state:<8} {' '.join(people) or 'file'}")
            if row.shadowed_at is not None:
                summary = shadow_summary(row)
                self.stdout.write(f"  in shadow: {summary.differing} of {summary.judged} differ")
                for (active, shadow), count in sorted(summary.changes.items()):
                    self.stdout.write(f"    {active} -> {shadow}: {count}")

    def _backtest(
        self,
        *,
        since: str,
        file: Path | None,
        policy_version: str | None,
        json: bool,
        **_: Any,
    ) -> None:
        if file is not None:
            policy = document_at(file).policy()
        else:
            policy = policy_named(policy_version) if policy_version else active_policy()
        result = backtest(policy, since=_moment(since, now=timezone.now()))
        self.stdout.write(_as_json(result) if json else _as_table(result))


ACTIONS = {
    "shadow": "Ask a draft beside the active policy, without effect.",
    "activate": "Put in force what somebody else proposed.",
    "retire": "Give up a draft.",
}


def _moment(text: str, *, now: datetime) -> datetime:
    """When `7d` was, or the date.  Raises CommandError."""
    if match := re.fullmatch(r"(\d{1,4})([mhdw])", text):
        return now - timedelta(**{UNITS[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--since is 7d, 12h, 30m or a date, not {text!r}.") from error
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _as_table(result: Backtest) -> str:
    left_out = f"{result.without_signals} left out"
    lines = [
        f"Policy {result.version}, decisions since {result.since:%Y-%m-%d %H:%M %Z}",
        f"{result.judged} judged again, {result.differing} differ, {left_out}",
    ]
    for change, count in result.changes.most_common():
        lines.append(f"{change[0]:>7} -> {change[1]:<7} {count:>7}")
        named = result.categories[change].most_common()
        lines.append("    " + (", ".join(f"{name} {n}" for name, n in named) or "no category"))
        lines.append("    " + " ".join(str(one) for one in result.examples[change]))
    return "\n".join(lines)


def _as_json(result: Backtest) -> str:
    changes = [
        {
            "from": then,
            "to": now,
            "count": count,
            "categories": dict(result.categories[(then, now)].most_common()),
            "examples": [str(one) for one in result.examples[(then, now)]],
        }
        for (then, now), count in result.changes.most_common()
    ]
    document = {
        "version": result.version,
        "since": result.since.isoformat(),
        "judged": result.judged,
        "differing": result.differing,
        "without_signals": result.without_signals,
        "changes": changes,
    }
    return json.dumps(document, indent=2)
