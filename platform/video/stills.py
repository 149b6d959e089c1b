"""A stranger's picture, read with suspicion.

Meant to run in a process of its own (`video.intake_child`), as everything that opens what a
stranger sent.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from common.errors import Invalid

FORMATS = ("JPEG", "PNG", "WEBP")
STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")


class UnableToTakePicture(Invalid):
    """The file is no picture we take, or one that would cost too much to open."""

    code = "invalid_picture"


@dataclass(frozen=True)
class Still:
    """An upright picture: `rgb` holds its rows, three bytes a pixel."""

    width: int
    height: int
    rgb: bytes


def is_picture(head: bytes) -> bool:
    """Whether a file that starts with these bytes is a JPEG, a PNG or a WebP."""
    return head.startswith(STARTS)


def still(source: Path | BinaryIO, *, max_pixels: int, longest_side: int) -> Still:
    """The picture in `source`, upright, made smaller when a side is longer than `longest_side`.

    How many pixels it has is read before any of them is.  Raises UnableToTakePicture.
    """
    try:
        with warnings.catch_warnings(), Image.open(source, formats=FORMATS) as picture:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if picture.width * picture.height > max_pixels:
                raise UnableToTakePicture(f"A picture has at most {max_pixels:,} pixels.")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise UnableToTakePicture("The file is damaged: it can not be opened.") from error
    upright.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    return Still(upright.width, upright.height, upright.tobytes())
