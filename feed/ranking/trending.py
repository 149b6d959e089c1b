"""What many people like at the moment, in the same order for everybody."""

from pyroaring import BitMap

from feed.ranking.catalogue import Catalogue
from feed.ranking.eligibility import allowed_clips
from feed.ranking.mixing import TRENDING
from feed.ranking.picks import Picks
from feed.ranking.prepared import prepared
from feed.ranking.viewers import ViewerState, Wishes


def trending(catalogue: Catalogue, wishes: Wishes, *, shown: BitMap, count: int) -> Picks:
    """The `count` clips that trend most, but those `shown`, and what the viewer's wishes refuse.

    Of two that trend alike the newer comes first.
    """
    ready = prepared(catalogue)
    allowed = allowed_clips(ready, ViewerState(seen=shown), wishes)
    rows = ready.by_trend[allowed[ready.by_trend]][:count]
    trend, numbers = ready.trend[rows], catalogue.numbers[rows]
    return Picks.certain(numbers, trend, sources={TRENDING: trend}, factors={})
