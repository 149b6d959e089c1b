"""Pictures that videos begin with: what somebody sent becomes one of the video's size.

As in OpenAI's Videos API, where the parameter is `input_reference`.
"""

from io import BytesIO
from threading import BoundedSemaphore

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from video.stills import UnableToTakePicture, is_picture, still

FIELD = "input_reference"
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
QUALITY = 95
# An open picture of the most pixels takes some 250 MB.
OPEN_AT_ONCE = BoundedSemaphore(2)


def fitted_picture(data: bytes, *, width: int, height: int) -> bytes:
    """The JPEG, PNG or WebP in `data` as a WebP of `width` by `height`, cut to its shape.

    It is upright, without transparency or metadata; what is cut off is as much on either side.
    Raises UnableToTakePicture for anything else, and for more than 10 MB or 40 megapixels.
    """
    if len(data) > MOST_BYTES:
        megabytes = MOST_BYTES // (1024 * 1024)
        raise UnableToTakePicture(f"A picture has at most {megabytes} MB.", field=FIELD)
    if not is_picture(data):
        raise UnableToTakePicture("A picture is a JPEG, PNG or WebP file.", field=FIELD)
    longest = 4 * max(width, height)
    try:
        with OPEN_AT_ONCE:
            found = still(BytesIO(data), max_pixels=MOST_PIXELS, longest_side=longest)
    except UnableToTakePicture as error:
        raise UnableToTakePicture(error.message, field=FIELD) from error
    picture = Image.frombytes("RGB", (found.width, found.height), found.rgb)
    fitted = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
    output = BytesIO()
    fitted.save(output, "WEBP", quality=QUALITY)
    return output.getvalue()


def pixels_of(picture: bytes) -> NDArray[np.uint8]:
    """A picture as `fitted_picture` made it, uint8 RGB `(height, width, 3)`."""
    with Image.open(BytesIO(picture), formats=("WEBP",)) as opened:
        return np.asarray(opened.convert("RGB"))
