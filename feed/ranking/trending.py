"""What many people like at the moment, in the same order for everybody."""

import numpy as np
from pyroaring import BitMap

from feed.ranking.catalogue import Catalogue
from feed.ranking.eligibility import allowed_clips
from feed.ranking.picks import Pick
from feed.ranking.prepared import prepared
from feed.ranking.viewers import ViewerState, Wishes


def trending(catalogue: Catalogue, wishes: Wishes, *, shown: BitMap, count: int) -> list[Pick]:
    """The `count` clips that trend most, but those `shown`, and what the viewer's wishes refuse.

    Of two that trend alike the newer comes first.
    """
    ready = prepared(catalogue)
    rows = np.flatnonzero(allowed_clips(ready, ViewerState(seen=shown), wishes))
    order = np.lexsort((-catalogue.published_at[rows], -ready.trend[rows]))[:count]
    return [
        Pick(
            number=int(catalogue.numbers[row]),
            score=float(ready.trend[row]),
            sources={"trending": float(ready.trend[row])},
            factors={},
        )
        for row in rows[order]
    ]
