"""How long a child that died stays down, so that a broken one does not spin."""

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 30.0


def deaths_in_a_row(before: int, *, lived_seconds: float) -> int:
    """The count including this death; one that had stayed healthy starts again at one."""
    return 1 if lived_seconds >= HEALTHY_SECONDS else before + 1


def pause_seconds(deaths: int) -> float:
    """Seconds to wait after the `deaths`-th death in a row: 0.5, 1, 2, … at most 30."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(deaths - 1, 10))
