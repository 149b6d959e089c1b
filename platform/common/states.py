"""Declared state graphs: what a row may become, checked when the module is loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from common.errors import Conflict


class UnableToMove(Conflict):
    """The row is not in a state from which the asked-for state can be reached."""

    code = "invalid_state"


@dataclass(frozen=True)
class StateGraph:
    """States and the moves between them; a graph that makes no sense does not load.

    `initial` is where rows are born; `edges` maps every state to the states it may become; a
    state without edges is final.  Raises ValueError for an unknown or an unreachable state.
    """

    name: str
    initial: str
    edges: Mapping[str, frozenset[str]]
    states: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", frozenset(self.edges))
        self._check_targets()
        self._check_reachable()

    def _check_targets(self) -> None:
        targets = {self.initial}.union(*self.edges.values())
        if unknown := targets - self.states:
            raise ValueError(f"{self.name}: unknown states {sorted(unknown)}")

    def _check_reachable(self) -> None:
        seen, frontier = {self.initial}, [self.initial]
        while frontier:
            fresh = self.edges[frontier.pop()] - seen
            seen |= fresh
            frontier.extend(fresh)
        if lost := self.states - seen:
            raise ValueError(f"{self.name}: unreachable states {sorted(lost)}")

    def allows(self, source: str, target: str) -> bool:
        """Whether a row in `source` may become `target`."""
        return target in self.edges[source]

    def sources_of(self, target: str) -> frozenset[str]:
        """Every state from which `target` can be reached in one move."""
        return frozenset(state for state, targets in self.edges.items() if target in targets)


def graph(name: str, *, initial: str, edges: Mapping[str, Iterable[str]]) -> StateGraph:
    """A StateGraph from plain lists."""
    frozen = {state: frozenset(targets) for state, targets in edges.items()}
    return StateGraph(name=name, initial=initial, edges=frozen)
