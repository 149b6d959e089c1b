"""Logs of people who do not exist, to learn from and measure on where no real ones may be kept.

People have favourite subjects, come back, stay with a subject or go on to the next of it, and
choose by how well known an item is by then; items are born, have their days and fade, or stay.

`python -m bench.logs` writes what `feed/ranking/usual.py` knows: the gate that suits all of LOGS.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feed.ranking.interactions import Interactions
from feed.ranking.learning import fit_shared_gate

DAY_SECONDS = 86_400.0
SESSION_LENGTH = 12
FAVOURITES = 4
GOES_ON_TO = 3
STRAYING = 0.15
STRAY_SAMPLE = 60
STEP_MINUTES = 1.0
MINUTES_PER_DAY = 1440.0


@dataclass(frozen=True)
class World:
    """What kind of place a log comes from.

    `follows` is how often the next item's subject hangs on the last one's, `repeats` how often
    something is met again; with `fades` items are born and fade, half of them within the week.
    """

    people: int = 2_000
    items: int = 4_000
    events: int = 100_000
    subjects: int = 120
    days: float = 60.0
    follows: float = 0.5
    repeats: float = 0.0
    fades: bool = False
    seed: int = 0


LOGS: Mapping[str, World] = {
    "short clips": World(fades=True, follows=0.4, seed=1),
    "series": World(follows=0.8, seed=2),
    "library": World(people=6_000, events=80_000, follows=0.1, seed=3),
    "songs": World(items=1_500, repeats=0.3, seed=4),
}


def log_of(world: World) -> Interactions:
    """The log of this world; the same world, the same log."""
    return _Population(world).log()


class _Population:
    def __init__(self, world: World) -> None:
        self._world = world
        self._random = random = np.random.default_rng(world.seed)
        self._subject = random.integers(0, world.subjects, world.items)
        self._members = [np.flatnonzero(self._subject == one) for one in range(world.subjects)]
        self._fame = random.pareto(1.1, world.items) + 0.05
        self._born = random.uniform(-world.days / 2, world.days, world.items)
        self._half_life = 1.0 + random.exponential(6.0, world.items)
        self._next = random.integers(0, world.subjects, (world.subjects, GOES_ON_TO))

    def log(self) -> Interactions:
        activity = self._random.pareto(1.2, self._world.people) + 0.3
        counts = self._random.multinomial(self._world.events, activity / activity.sum())
        rows = [row for who, many in enumerate(counts) for row in self._life(who, int(many))]
        users, items, times = zip(*rows, strict=True)
        return Interactions.of(users, items, times)

    def _life(self, person: int, many: int) -> list[tuple[int, int, float]]:
        random, world = self._random, self._world
        favourites = random.choice(world.subjects, FAVOURITES)
        begins = np.sort(random.uniform(0, world.days, -(-many // SESSION_LENGTH)))
        rows: list[tuple[int, int, float]] = []
        day, subject = 0.0, 0
        for place in range(many):
            if place % SESSION_LENGTH == 0:
                day = float(begins[place // SESSION_LENGTH])
                subject = int(random.choice(favourites))
            if rows and random.random() < world.repeats:
                item = rows[int(random.integers(len(rows)))][1]
            else:
                item = self._chosen(subject, day)
            rows.append((person, item, day * DAY_SECONDS))
            day += float(random.exponential(STEP_MINUTES)) / MINUTES_PER_DAY
            if random.random() < world.follows:
                subject = int(random.choice(self._next[self._subject[item]]))
        return rows

    def _chosen(self, subject: int, day: float) -> int:
        """An item of the subject, or by chance of any other; the better known, the likelier."""
        random, pool = self._random, self._members[subject]
        if not len(pool) or random.random() < STRAYING:
            pool = random.integers(0, self._world.items, STRAY_SAMPLE)
        odds: npt.NDArray[np.float64] = self._fame[pool]
        if self._world.fades:
            ages = day - self._born[pool]
            odds = odds * np.where(ages >= 0, 0.5 ** (ages / self._half_life[pool]), 0.0)
        reached = np.cumsum(odds + 1e-9)
        return int(pool[np.searchsorted(reached, random.random() * reached[-1])])


def main() -> None:
    """Print the weights."""
    gate = fit_shared_gate([log_of(world) for world in LOGS.values()])
    for row in gate.weights:
        print("    (" + ", ".join(f"{value:.3f}" for value in row) + "),")


if __name__ == "__main__":
    main()
