"""Whether a video may begin with a picture."""

from collections.abc import Callable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from accounts.models import User
from common.errors import Refused
from common.ids import new_id
from moderation import screening
from moderation.enforcement.frame_checks import SHOWN
from moderation.enforcement.rulings import Content
from moderation.models.judging import Subject
from moderation.policy.wording import message


class PictureRefused(Refused):
    """Policy forbids the picture; the message tells the person why and what to do."""

    code = "moderation_blocked"


def screen_picture(
    *, owner: User, pixels: NDArray[np.uint8], digest: str, clock: Callable[[], datetime]
) -> None:
    """Judge a picture, uint8 RGB `(height, width, 3)`, before the GPU: for workers.

    `digest` is the SHA-256 of its file.  It passes only when it is allowed, for its owner is given
    what becomes of it before anybody looks.  Raises PictureRefused.
    """
    content = Content(Subject.PICTURE, new_id(), digest, owner)
    outcome = screening.judge_picture(content, pixels, clock=clock)
    if outcome.decision not in SHOWN:
        raise PictureRefused(message(outcome, stage=screening.PICTURE), field="input_reference")
