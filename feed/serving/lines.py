"""The shortest way to Valkey: a connection of one's own for every thread, parsed by hiredis.

The client's pool, its checks and its counting of connections cost a page as much again as the
round trip.  The client connects (address, password, database); from then on there is one send and
one receive for each command.  Whatever goes wrong ends the line, and the caller asks the client.
"""

import os
import socket
import struct
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import hiredis
import redis

from common.memory import valkey

SECONDS: Final = 1
AT_ONCE = 65536

_local = threading.local()


class Line:
    """A connection that only this thread uses.  Raises RedisError where there can be none."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._connection = valkey().connection_pool.make_connection()
        self._connection.connect()  # type: ignore[no-untyped-call]
        # Only a plain socket is read here; what is encrypted is left to the client.
        plain = getattr(self._connection, "_sock", None)
        if type(plain) is not socket.socket:
            raise redis.ConnectionError("not a plain socket")
        self._socket: socket.socket = plain
        # The kernel's own timeouts, so that Python does not poll before every call.
        self._socket.settimeout(None)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self._socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", SECONDS, 0))
        self._reader = hiredis.Reader()
        self._buffer = bytearray(AT_ONCE)

    def answer(self, command: bytes) -> Any:
        """What is answered to a packed command.  Raises OSError."""
        self._socket.sendall(command)
        while True:
            size = self._socket.recv_into(self._buffer)
            if not size:
                raise ConnectionResetError
            self._reader.feed(self._buffer, 0, size)  # type: ignore[arg-type] # any buffer
            found = self._reader.gets()
            if found is not False:
                return found

    def end(self) -> None:
        """Close it."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]


@cache
def script(text: str) -> Any:
    """A script, as the client knows it: to be called with `args`."""
    return valkey().register_script(text)


def answer_of(text: str, args: Sequence[Any]) -> Any:
    """What this script answers to its `args`, by the shortest way.

    What goes wrong on it is done again by the client, which connects anew and sends the script.
    Raises RedisError.
    """
    try:
        return answer_to("EVALSHA", script(text).sha, 0, *args)
    except redis.RedisError:
        return script(text)(args=args)


def answer_to(*command: Any) -> Any:
    """What Valkey answers to this command.  Raises RedisError, and then nothing is known of it."""
    line: Line | None = getattr(_local, "line", None)
    if line is None or line.pid != os.getpid():
        line = _local.line = Line()
    try:
        found = line.answer(hiredis.pack_command(command))
    except (OSError, hiredis.HiredisError) as error:
        hang_up()
        raise redis.ConnectionError(type(error).__name__) from error
    if isinstance(found, Exception):
        raise redis.ResponseError(str(found))
    return found


def hang_up() -> None:
    """End this thread's line; the next answer is asked for on another."""
    line: Line | None = getattr(_local, "line", None)
    _local.line = None
    if line is not None:
        line.end()
