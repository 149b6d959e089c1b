"""`manage.py up`: everything one installation needs, as children of one process."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.embedded.folders import private_folder
from common.errors import ReverieError
from config.supervision.household import Household
from config.supervision.leftovers import end_leftovers
from config.supervision.lock import only_supervisor
from config.supervision.readiness import check_port
from config.supervision.supervisor import Stopped


class Command(BaseCommand):
    """Starts, supervises and stops Postgres, Valkey, the web server, the workers and beat."""

    help = "Run Reverie: data layer, web server, workers. Ctrl-C stops everything."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether the first start fills the house with demo accounts and clips."""
        parser.add_argument("--demo", action="store_true", help="at first start, run `demo`")

    def handle(self, *, demo: bool, **_options: Any) -> None:
        """Returns after an orderly stop.  Raises CommandError when Reverie can not start."""
        # Said once and at once; the children would say it each, again and again.
        self.check(tags=["gate"])
        here = settings.LOCATIONS
        # Children run in another folder, where a relative path would lead elsewhere.
        os.environ["REVERIE_DATA"] = str(here.data)
        os.environ["REVERIE_ENGINES"] = str(settings.ENGINES_FILE)
        os.environ["REVERIE_POLICY"] = str(settings.POLICY_FILE)
        for folder in (here.data, here.run, here.logs):
            private_folder(folder)
        try:
            with only_supervisor(here.run / "up.lock", url=settings.REVERIE_URL):
                self._supervise(demo=demo)
        except ReverieError as problem:
            raise CommandError(problem.message) from None

    def _supervise(self, *, demo: bool) -> None:
        here = settings.LOCATIONS
        for name in end_leftovers(here.run / "processes.json"):
            self._say(f"Ended {name}, left over from a Reverie that was killed.")
        check_port(settings.HOST, settings.PORT)
        household = Household(here, host=settings.HOST, port=settings.PORT, say=self._say)
        try:
            household.start()
            self._say(household.welcome(settings.REVERIE_URL))
            household.run(demo=demo)
        except Stopped:
            self._say("\nStopping …")
        finally:
            household.stop()
            self._say("Everything is stopped.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        sys.stdout.flush()
