"""A real S3 server for the store's contract: SeaweedFS on free loopback ports."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

WEED = Path(sys.executable).with_name("weed")
STARTUP_SECONDS = 60
PORTS = tuple(
    f"{server}.port{suffix}"
    for server in ("master", "volume", "filer", "s3")
    for suffix in ("", ".grpc")
)


@pytest.fixture(scope="session")
def s3_environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The S3_… settings of a running server with an empty bucket."""
    folder = tmp_path_factory.mktemp("s3")
    ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
    environ = {
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{ports['s3.port']}",
        "S3_BUCKET": "reverie",
        "S3_REGION": "us-east-1",
        "S3_ACCESS_KEY_ID": "the-key-id",
        "S3_SECRET_ACCESS_KEY": "the-secret-key",
    }
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            _command(folder, ports, environ), stdout=log, stderr=log, cwd=folder
        )
        try:
            _create_bucket(environ, server)
            yield environ
        finally:
            # Its folder goes with it: nothing is worth the half minute an orderly stop takes.
            server.kill()
            server.wait()


def _command(folder: Path, ports: dict[str, int], environ: dict[str, str]) -> list[str]:
    credentials = {
        "accessKey": environ["S3_ACCESS_KEY_ID"],
        "secretKey": environ["S3_SECRET_ACCESS_KEY"],
    }
    actions = ["Admin", "Read", "List", "Write"]
    identity = {"name": "tests", "credentials": [credentials], "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    return [
        str(WEED), "-logtostderr=true", "server", f"-dir={folder}", "-ip=127.0.0.1", "-filer",
        "-s3", f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-master.telemetry=false", "-volume.max=20",
        "-master.volumeSizeLimitMB=64", f"-filer.localSocket={folder / 'filer.sock'}",
        f"-s3.localSocket={folder / 's3.sock'}",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip


def _create_bucket(environ: dict[str, str], server: subprocess.Popen[bytes]) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=environ["S3_ENDPOINT_URL"],
        region_name=environ["S3_REGION"],
        aws_access_key_id=environ["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["S3_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 1}, connect_timeout=2, read_timeout=5),
    )
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            client.create_bucket(Bucket=environ["S3_BUCKET"])
            client.put_object(Bucket=environ["S3_BUCKET"], Key="ready", Body=b"yes")
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline or server.poll() is not None:
                raise
            time.sleep(0.3)
        else:
            return


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
