"""The order of a page: the best first, and not all by one author.

The decay and its floor are those of X's published home mixer (author diversity 0.5, 0.25).
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from feed.ranking.scoring import Candidate, Taste, score

AUTHOR_DECAY = 0.5
AUTHOR_FLOOR = 0.25


def author_factor(already_shown: int) -> float:
    """What an author's next clip is worth after `already_shown` of theirs on the same page."""
    return (1.0 - AUTHOR_FLOOR) * AUTHOR_DECAY**already_shown + AUTHOR_FLOOR


def best(
    candidates: Iterable[Candidate], taste: Taste, *, limit: int, now: datetime
) -> list[Candidate]:
    """The `limit` best candidates in the order to show them; the same input, the same order.

    Greedy: every place goes to the best clip left, its author's earlier places considered.  A
    clip's worth only falls as its author is shown, so a heap with outdated worths is enough.
    """
    heap = [(-score(one, taste, now=now), 0, one.id.int, one) for one in candidates]
    heapq.heapify(heap)
    shown = Counter[UUID]()
    chosen: list[Candidate] = []
    while heap and len(chosen) < limit:
        worth, counted, tie, one = heapq.heappop(heap)
        already = shown[one.author_id]
        if counted == already:
            chosen.append(one)
            shown[one.author_id] += 1
            continue
        correction = author_factor(already) / author_factor(counted)
        heapq.heappush(heap, (worth * correction, already, tie, one))
    return chosen
