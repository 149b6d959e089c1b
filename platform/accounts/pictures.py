"""Profile pictures: whatever is sent becomes a small, clean WebP, or is refused."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from common.errors import Invalid

MAX_PICTURE_BYTES = 5 * 1024 * 1024
MAX_PICTURE_PIXELS = 40_000_000
SIDE_PIXELS = 256
FORMATS = ("JPEG", "PNG", "WEBP")
CONTENT_TYPE = "image/webp"
RESIZABLE_MODES = frozenset({"L", "RGB", "RGBA"})


class PictureRefused(Invalid):
    """The file is no picture we take, or a picture that would cost too much to open."""

    code = "invalid_picture"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="picture")


def profile_picture(data: bytes) -> bytes:
    """A square WebP of 256 x 256 pixels cut from the middle of the picture in `data`.

    The pixel count is read from the header before anything is decoded; orientation is applied
    and all metadata dropped.  Raises PictureRefused for anything but a sound JPEG, PNG or WebP
    of at most 5 MB and 40 megapixels.
    """
    if len(data) > MAX_PICTURE_BYTES:
        raise PictureRefused("A picture has at most 5 MB.")
    with _as_refusals():
        _check(data)
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            picture.draft("RGB", (2 * SIDE_PIXELS, 2 * SIDE_PIXELS))
            upright = ImageOps.exif_transpose(picture)
            colours = upright if upright.mode in RESIZABLE_MODES else upright.convert("RGBA")
            square = ImageOps.fit(colours, (SIDE_PIXELS, SIDE_PIXELS)).convert("RGBA")
    return _webp(square)


def _check(data: bytes) -> None:
    with Image.open(BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > MAX_PICTURE_PIXELS:
            raise PictureRefused("A picture has at most 40 megapixels.")
        if getattr(picture, "n_frames", 1) > 1:
            raise PictureRefused("A picture stands still.")
        picture.verify()


def _webp(square: Image.Image) -> bytes:
    clean = Image.new("RGBA", square.size)
    clean.paste(square)
    output = BytesIO()
    clean.save(output, "WEBP", quality=85)
    return output.getvalue()


@contextmanager
def _as_refusals() -> Iterator[None]:
    """Pillow tells a broken file in many ways, and a bomb by a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise PictureRefused("A picture has at most 40 megapixels.") from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
            raise PictureRefused("This is no sound JPEG, PNG or WebP picture.") from error
