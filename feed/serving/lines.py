"""The shortest way to Valkey: a connection of one's own for every thread, parsed by hiredis.

The client's pool, its checks and its counting of connections cost a page as much again as the
round trip.  The client connects (address, password, database); from then on there is one send and
one receive for each command, with time between them for something else.  Whatever goes wrong ends
the line, and the client is asked.
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
UNREAD: Final = object()

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
        self._open: Question | None = None

    def ask(self, question: "Question", command: bytes) -> None:
        """Send the question's packed command; one that is still open is read first.

        Raises OSError.
        """
        self.settle()
        self._socket.sendall(command)
        self._open = question

    def settle(self) -> None:
        """Read the answer to the question that is open, if any.  Raises OSError."""
        if self._open is None:
            return
        question, self._open = self._open, None
        while question.found is UNREAD:
            size = self._socket.recv_into(self._buffer)
            if not size:
                raise ConnectionResetError
            self._reader.feed(self._buffer, 0, size)  # type: ignore[arg-type] # any buffer
            found = self._reader.gets()
            if found is not False:
                question.found = found

    def end(self) -> None:
        """Close it."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]


@cache
def script(text: str) -> Any:
    """A script, as the client knows it: to be called with `args`."""
    return valkey().register_script(text)


class Question:
    """What a script answers to its `args`, asked for now and read when it is wanted.

    By the shortest way; what goes wrong on it is done again by the client, which connects anew and
    sends the script.
    """

    def __init__(self, text: str, args: Sequence[Any]) -> None:
        self.found: Any = UNREAD
        self._text, self._args = text, args
        self._line: Line | None = None
        try:
            line = _line()
            line.ask(self, hiredis.pack_command(("EVALSHA", script(text).sha, 0, *args)))
            self._line = line
        except (OSError, redis.RedisError, hiredis.HiredisError):
            hang_up()

    def answer(self) -> Any:
        """The answer.  To be read by the thread that asked.  Raises RedisError."""
        if self._line is not None and self.found is UNREAD:
            try:
                self._line.settle()
            except (OSError, hiredis.HiredisError):
                hang_up()
        if self.found is UNREAD or isinstance(self.found, Exception):
            self.found = script(self._text)(args=self._args)
        return self.found


def answer_of(text: str, args: Sequence[Any]) -> Any:
    """What this script answers to its `args`.  Raises RedisError."""
    return Question(text, args).answer()


def _line() -> Line:
    line: Line | None = getattr(_local, "line", None)
    if line is None or line.pid != os.getpid():
        line = _local.line = Line()
    return line


def hang_up() -> None:
    """End this thread's line; the next answer is asked for on another."""
    line: Line | None = getattr(_local, "line", None)
    _local.line = None
    if line is not None:
        line.end()
