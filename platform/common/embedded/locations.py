"""Where everything of one installation lies: one data folder, found the same way by every process.

Nothing here needs Django: settings, the supervisor and the tests all start from it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[3]
LONGEST_SOCKET_FOLDER = 80
"""Bytes. A Unix socket's path holds 103 at most, and `.s.PGSQL.5432.lock` goes below it."""


@dataclass(frozen=True)
class Locations:
    """The paths below one data folder, and the addresses of its servers.

    `given_database_url` and `given_valkey_url` name servers of somebody else's, if set.
    """

    data: Path
    given_database_url: str = ""
    given_valkey_url: str = ""

    @property
    def postgres(self) -> Path:
        """The database cluster."""
        return self.data / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's append-only file."""
        return self.data / "valkey"

    @property
    def logs(self) -> Path:
        """One file per child process."""
        return self.data / "logs"

    @property
    def run(self) -> Path:
        """What only matters while the installation runs: lock, process records, schedule."""
        return self.data / "run"

    @property
    def demo(self) -> Path:
        """The demo accounts with their passwords and keys."""
        return self.data / "demo.json"

    @property
    def sockets(self) -> Path:
        """The Unix sockets: in the data folder, or in `/tmp` where its path is too long.

        Always the same for the same data folder, whatever TMPDIR says, so that a command in
        another terminal finds the running servers.
        """
        inside = self.data / "sockets"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        digest = sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path("/tmp") / f"reverie-{digest}"  # noqa: S108 - owner and mode are checked

    @property
    def valkey_socket(self) -> Path:
        """The socket Valkey listens on."""
        return self.sockets / "valkey.sock"

    @property
    def database_url(self) -> str:
        """The database as libpq reads it: the given one, else the embedded one."""
        embedded = f"postgresql://reverie@/reverie?host={quote(str(self.sockets), safe='')}"
        return self.given_database_url or embedded

    @property
    def valkey_url(self) -> str:
        """The Valkey as redis-py reads it: the given one, else the embedded one."""
        return self.given_valkey_url or f"unix://{quote(str(self.valkey_socket))}"


def locations(environ: Mapping[str, str] = os.environ) -> Locations:
    """The installation that `environ` means; creates nothing.

    REVERIE_DATA (else `var/` beside manage.py; a relative one counts from the working folder) is
    the data folder; DATABASE_URL and VALKEY_URL stand for the embedded servers where given.
    """
    chosen = environ.get("REVERIE_DATA") or str(ROOT / "var")
    return Locations(
        data=Path(chosen).expanduser().resolve(),
        given_database_url=environ.get("DATABASE_URL", ""),
        # Its clients know the address by the protocol's older name.
        given_valkey_url=re.sub("^valkey", "redis", environ.get("VALKEY_URL", "")),
    )


def celery_url(url: str) -> str:
    """`url` as Celery's Redis transport spells it; a Unix socket needs its own scheme."""
    if url.startswith("unix://"):
        path, _, query = url.removeprefix("unix://").partition("?")
        database = dict(part.split("=", 1) for part in query.split("&") if "=" in part).get("db")
        return f"redis+socket://{path}?virtual_host={database or 0}"
    return url
