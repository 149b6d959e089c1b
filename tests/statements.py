"""Something that happens just before one chosen statement that a connection sends to Postgres."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass
class Statements:
    """Counts the statements of a block, and calls `act` before the one with the number `at`.

    What `act` raises, the code under test meets in place of the statement's result.
    """

    at: int
    act: Callable[[], None]
    seen: int = 0

    @property
    def has_acted(self) -> bool:
        """Whether the block came as far as that statement."""
        return self.seen >= self.at

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        self.seen += 1
        if self.seen == self.at:
            self.act()
        return execute(sql, params, many, context)


@contextmanager
def before_statement(number: int, act: Callable[[], None]) -> Iterator[Statements]:
    """Within the block, call `act` before the `number`-th statement (from 1) of this thread."""
    statements = Statements(number, act)
    with connection.execute_wrapper(statements):
        yield statements
