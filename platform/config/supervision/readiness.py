"""Whether the port is free before, and the pages answer after."""

import socket
from http.client import HTTPConnection, HTTPException

from common.errors import Conflict

ANSWER_SECONDS = 2
ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared
OK = 200


class PortTaken(Conflict):
    """Another program listens where the web server should."""


def check_port(host: str, port: int) -> None:
    """Raises PortTaken when nothing can listen on `host`:`port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise PortTaken(
                f"Port {port} on {host} can not be used: {reason}.\n"
                f"Choose another one: PORT={port + 1} make run"
            ) from None


def is_healthy(host: str, port: int) -> bool:
    """Whether the web server answers `/healthz` with 200."""
    connection = HTTPConnection(ALL_ADDRESSES.get(host, host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status == OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
