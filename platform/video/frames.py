"""Pictures as arrays, brought to a size; and a video file opened with care."""

from typing import BinaryIO, TypeAlias

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from common.errors import Invalid

Frame: TypeAlias = NDArray[np.uint8]
"""One picture: (height, width, 3), RGB, 0 to 255."""

Frames: TypeAlias = NDArray[np.uint8]
"""A video: (time, height, width, 3), RGB, 0 to 255."""

CHANNELS = 3
SAME_ASPECT = 0.01
FILL_SHRINK = 8
FILL_BRIGHTNESS = 0.55


class UnableToUseFrames(Invalid):
    """The array is not a video: (time, height, width, 3) of uint8, at least one of each."""


class UnableToReadVideo(Invalid):
    """The bytes are not a video we can decode, or more of one than we are willing to."""

    code = "invalid_video"


def fit_frames(frames: Frames, *, width: int, height: int) -> Frames:
    """`frames` at exactly `width` by `height`, nothing cropped and nothing stretched.

    The same aspect ratio (within 1 %) is scaled with Lanczos; any other is scaled to fit and
    centred over a blurred, dimmed fill made of itself.  (T, H, W, 3) in, (T, height, width, 3) out.
    Raises UnableToUseFrames.
    """
    checked = check_frames(frames)
    return np.stack([fit_frame(frame, width=width, height=height) for frame in checked])


def fit_frame(frame: Frame, *, width: int, height: int) -> Frame:
    """One picture of `fit_frames`."""
    if frame.shape[:2] == (height, width):
        return frame
    picture = Image.fromarray(frame)
    if abs(picture.width * height / (picture.height * width) - 1) <= SAME_ASPECT:
        return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
    return np.asarray(_over_its_own_blur(picture, width=width, height=height))


def check_frames(frames: Frames) -> Frames:
    """`frames` itself.  Raises UnableToUseFrames when it is not a video of uint8 RGB."""
    is_video = frames.ndim == CHANNELS + 1 and frames.shape[-1] == CHANNELS and frames.size > 0
    if not is_video or frames.dtype != np.uint8:
        raise UnableToUseFrames(
            f"Frames are (time, height, width, 3) of uint8, not {frames.shape} of {frames.dtype}."
        )
    return frames


def _over_its_own_blur(picture: Image.Image, *, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height)
    inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    canvas = _blurred_fill(picture, width=width, height=height)
    place = ((width - inner[0]) // 2, (height - inner[1]) // 2)
    canvas.paste(picture.resize(inner, Image.Resampling.LANCZOS), place)
    return canvas


def _blurred_fill(picture: Image.Image, *, width: int, height: int) -> Image.Image:
    # Blurred small and enlarged: the same look at a sixtieth of the work.
    small = (max(1, width // FILL_SHRINK), max(1, height // FILL_SHRINK))
    fill = ImageOps.fit(picture, small, Image.Resampling.BILINEAR)
    blurred = fill.filter(ImageFilter.GaussianBlur(max(small) / 20))
    dimmed = ImageEnhance.Brightness(blurred).enhance(FILL_BRIGHTNESS)
    return dimmed.resize((width, height), Image.Resampling.BICUBIC)


def open_mp4(file: BinaryIO) -> InputContainer:
    """`file` as an MP4 and as nothing else; text in its header need not be UTF-8."""
    return av.open(file, "r", format="mov", metadata_errors="replace")
