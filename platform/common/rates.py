"""How a rate is written."""

from functools import cache

SECONDS = {"s": 1, "min": 60, "h": 3600}


@cache
def parsed_rate(rate: str) -> tuple[int, int]:
    """`240/min` as (240, 60): so many in so many seconds.  Raises ValueError."""
    number, _, unit = rate.partition("/")
    if unit not in SECONDS:
        raise ValueError(f"A rate is a number per s, min or h, not {rate!r}.")
    return int(number), SECONDS[unit]
