"""The embedded servers: found by every process, private, and unharmed by kill -9."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
import redis
from kombu import Connection

from common.embedded.folders import UnableToUseFolder, private_folder
from common.embedded.locations import Locations, celery_url, locations
from common.embedded.postgres import WHEELS, Postgres
from common.embedded.process import UnableToStart, spawn, until
from common.embedded.server import EmbeddedServer, running
from common.embedded.valkey import Valkey

DEEP = Path("/home/somebody") / "/".join(["a rather deep folder"] * 8)


@pytest.fixture
def here(tmp_path: Path) -> Locations:
    return Locations(private_folder(tmp_path / "data"))


@contextmanager
def killed_after(server: EmbeddedServer, *, log: Path) -> Iterator[None]:
    """Run `server` for the block and then kill it the hard way, with all it started."""
    server.prepare()
    with log.open("wb") as output:
        process = spawn(server.command(), output=output, account=server.account)
    assert until(server.is_ready, seconds=30), log.read_text()
    server.complete()
    yield
    process.kill()
    process.wait()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


def test_addresses_follow_from_the_data_folder_alone() -> None:
    ours = locations({"REVERIE_DATA": "/srv/reverie"})
    assert ours.database_url == "postgresql://reverie@/reverie?host=%2Fsrv%2Freverie%2Fsockets"
    assert ours.valkey_url == "unix:///srv/reverie/sockets/valkey.sock"
    assert locations({}).data.name == "var"
    given = {"DATABASE_URL": "postgresql://db/x", "VALKEY_URL": "valkey://cache:6379/0"}
    assert locations(given).database_url == "postgresql://db/x"
    assert locations(given).valkey_url == "redis://cache:6379/0"


def test_sockets_of_a_deep_folder_move_to_a_short_one_of_its_own() -> None:
    one, other = Locations(DEEP / "one"), Locations(DEEP / "other")
    assert one.sockets == Locations(DEEP / "one").sockets != other.sockets
    assert len(os.fsencode(one.sockets / ".s.PGSQL.5432.lock")) < 104


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("unix:///srv/valkey.sock", "redis+socket:///srv/valkey.sock?virtual_host=0"),
        ("unix:///srv/valkey.sock?db=3", "redis+socket:///srv/valkey.sock?virtual_host=3"),
        ("redis://cache:6379/1", "redis://cache:6379/1"),
        ("redis://cache/0", "redis://cache/0"),
    ],
)
def test_celery_reads_the_same_address_in_its_own_spelling(url: str, expected: str) -> None:
    assert celery_url(url) == expected


def test_a_private_folder_is_ours_and_no_link(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "ours")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(UnableToUseFolder):
        private_folder(tmp_path / "link")


def test_either_wheel_serves_the_same_cluster(here: Locations, log: Path) -> None:
    with running(Postgres(here, durable=False), log=log):
        _write(here, "kept")
    fallback = Postgres(here, durable=False, wheels=(("no_such_wheel", "bin"), *WHEELS[1:]))
    with running(fallback, log=log):
        assert _read(here) == ["kept"]
    with pytest.raises(UnableToStart, match="DATABASE_URL"):
        Postgres(here, wheels=()).command()


def test_postgres_starts_again_after_kill_9_with_all_it_had(here: Locations, log: Path) -> None:
    with killed_after(Postgres(here), log=log):
        _write(here, "committed")
    with running(Postgres(here), log=log):
        assert _read(here) == ["committed"]


def test_a_lock_of_a_process_number_used_again_does_not_keep_postgres_out(
    here: Locations, log: Path
) -> None:
    with running(Postgres(here, durable=False), log=log):
        _write(here, "kept")
    (here.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{here.postgres}\n")
    with running(Postgres(here, durable=False), log=log):
        assert _read(here) == ["kept"]


def test_valkey_keeps_a_queued_message_through_kill_9(here: Locations, log: Path) -> None:
    with killed_after(Valkey(here), log=log), Connection(celery_url(here.valkey_url)) as broker:
        broker.SimpleQueue("bells").put({"job": 1})
    with running(Valkey(here), log=log), Connection(celery_url(here.valkey_url)) as broker:
        message = broker.SimpleQueue("bells").get(timeout=5)
        message.ack()
        assert message.payload == {"job": 1}


def test_valkey_listens_on_its_socket_only(here: Locations, log: Path) -> None:
    with running(Valkey(here), log=log), closing(redis.Redis.from_url(here.valkey_url)) as client:
        assert client.config_get("port") == {"port": "0"}
        assert stat.S_IMODE(here.valkey_socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(here.sockets.stat().st_mode) == 0o700


def test_a_server_that_does_not_come_up_says_why(here: Locations, log: Path) -> None:
    with running(Postgres(here, durable=False), log=log):
        pass
    (here.postgres / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(UnableToStart, match="no_such_setting"), running(Postgres(here), log=log):
        pytest.fail("started with a broken configuration")


def _write(here: Locations, text: str) -> None:
    with psycopg.connect(here.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
        connection.execute("INSERT INTO notes VALUES (%s)", [text])


def _read(here: Locations) -> list[str]:
    with psycopg.connect(here.database_url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM notes")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the servers a user of their own")
def test_root_opens_a_locked_folder_to_the_servers_user_alone(tmp_path: Path, log: Path) -> None:
    locked = private_folder(tmp_path / "locked")
    here = Locations(private_folder(locked / "data"))
    with running(Postgres(here, durable=False), log=log):
        assert here.postgres.owner() == here.data.owner() == "reverie"
    assert stat.S_IMODE(here.data.stat().st_mode) == 0o700
    assert locked.owner() == "root"
    assert stat.S_IMODE(locked.stat().st_mode) & 0o067 == 0, "passing through is all it may"
