"""The life of a job, and what a graph must be to load at all."""

import pytest

from common.states import graph
from generation.states import JOB_STATES, UNFINISHED


def test_a_finished_job_can_only_be_deleted() -> None:
    assert JOB_STATES.edges["completed"] == {"deleted"}
    assert JOB_STATES.edges["failed"] == {"deleted"}
    assert not JOB_STATES.edges["deleted"]


def test_every_unfinished_job_can_be_deleted_and_can_fail() -> None:
    for state in UNFINISHED:
        assert JOB_STATES.allows(state, "deleted")
        assert JOB_STATES.allows(state, "failed")


def test_only_a_job_in_progress_completes() -> None:
    assert JOB_STATES.sources_of("completed") == {"in_progress"}


@pytest.mark.parametrize(
    ("edges", "message"),
    [({"a": ["b"]}, "unknown states"), ({"a": [], "b": []}, "unreachable states")],
)
def test_a_graph_that_makes_no_sense_does_not_load(
    edges: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        graph("thing", initial="a", edges=edges)
