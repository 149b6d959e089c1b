"""What the viewer asked for in words, and which clips fit it."""

import numpy as np

from feed.ranking.catalogue import Floats
from feed.ranking.eligibility import says
from feed.ranking.parameters import Parameters
from feed.ranking.prepared import Prepared
from feed.ranking.viewers import Chip


def fit(ready: Prepared, chip: Chip, parameters: Parameters) -> Floats:
    """How well each clip (N,) fits a chip's words, from 0 to 1.

    Measured against the catalogue itself: words are near to everything or to nothing, so only how
    much nearer a clip is than most says that it fits.  One that bears a hashtag of the chip fits.
    """
    nearness = ready.coordinates @ ready.mapped(chip.meaning[None])[0]
    deviations = (nearness - nearness.mean()) / max(float(nearness.std()), 1e-6)
    width = parameters.chip_full - parameters.chip_from
    fits = ((deviations - parameters.chip_from) / width).clip(0, 1)
    for tag in chip.tags:
        fits = np.maximum(fits, says(ready, tag))
    return np.asarray(fits, np.float32)
