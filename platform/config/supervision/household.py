"""The installation as a whole: the order in which its processes start and stop."""

from collections.abc import Callable
from dataclasses import replace

from common.embedded.locations import Locations
from common.embedded.postgres import Postgres
from common.embedded.process import UnableToStart
from common.embedded.server import START_SECONDS, EmbeddedServer
from common.embedded.valkey import Valkey
from config.supervision.readiness import is_healthy
from config.supervision.roster import (
    WEB,
    command_child,
    server_child,
    serving_children,
    setting_up,
)
from config.supervision.supervisor import Supervisor

HEALTHY_WITHIN_SECONDS = 120.0
HOPELESS_DEATHS = 3
DEMO = "demo"


class Household:
    """Data layer first, then migrations, then everything that serves; stopped backwards."""

    def __init__(
        self, here: Locations, *, host: str, port: int, say: Callable[[str], None]
    ) -> None:
        self.here = here
        self.host = host
        self.port = port
        self.say = say
        self.demo_done = here.data / "demo.done"
        self.servers = embedded_servers(here)
        self.supervisor = Supervisor(say=say, logs=here.logs, records=here.run / "processes.json")

    def start(self) -> None:
        """Start everything, in order.  Raises UnableToStart, or Stopped when asked to stop."""
        self.supervisor.listen()
        self.say(f"Starting Reverie with the data in {self.here.data} …")
        for server in self.servers:
            self.supervisor.start(server_child(server))
            self._wait_for(server.name, server.is_ready, seconds=START_SECONDS)
            server.complete()
        self.supervisor.finish(*setting_up())
        for spec in serving_children():
            self.supervisor.start(spec)
        self._wait_for(WEB, self._is_healthy, seconds=HEALTHY_WITHIN_SECONDS)

    def run(self, *, demo: bool) -> None:
        """Supervise until asked to stop; then raises Stopped.

        With `demo`, the first start shows the command of that name at work; its failure is told
        and stops nothing.
        """
        if demo and not self.demo_done.exists():
            self._show_demo()
        self.supervisor.run()

    def stop(self) -> None:
        """Stop whatever runs: people and work first, Valkey next, Postgres last."""
        servers = [server.name for server in self.servers]
        serving = [name for name in self.supervisor.children if name not in servers]
        self.supervisor.stop(*serving)
        for name in reversed(servers):
            self.supervisor.stop(name)
        self.supervisor.records.unlink(missing_ok=True)

    def welcome(self, url: str) -> str:
        """What the person who started it wants to know."""
        lines = ["", f"  Reverie is up:  {url}", f"  Logs:           {self.here.logs}"]
        if self.here.demo.exists():
            lines.append(f"  Demo accounts:  {self.here.demo}")
        return "\n".join([*lines, "  Stop:           Ctrl-C", ""])

    def _show_demo(self) -> None:
        try:
            self.supervisor.finish(
                replace(command_child(DEMO, "demo"), is_shown=True, runs_once=True)
            )
        except UnableToStart as problem:
            self.say(problem.message)
            return
        self.demo_done.touch()

    def _wait_for(self, name: str, is_ready: Callable[[], bool], *, seconds: float) -> None:
        child = self.supervisor.children[name]
        self.supervisor.wait_for(
            lambda: is_ready() or child.deaths >= HOPELESS_DEATHS, seconds=seconds
        )
        if not is_ready():
            raise UnableToStart(f"The {name} does not answer; see {child.log}.")

    def _is_healthy(self) -> bool:
        return is_healthy(self.host, self.port)


def embedded_servers(here: Locations) -> list[EmbeddedServer]:
    """The servers this installation runs itself: those without a given address."""
    servers: list[EmbeddedServer] = []
    if not here.given_database_url:
        servers.append(Postgres(here))
    if not here.given_valkey_url:
        servers.append(Valkey(here))
    return servers
