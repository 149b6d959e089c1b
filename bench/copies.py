"""What becomes of a clip out in the world: re-encoded, shrunk, cropped, mirrored, turned."""

import io
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image, ImageFilter

from video.frames import Frames

RATE = 8


def mp4(frames: Frames, *, crf: int, preset: str = "medium") -> bytes:
    """`frames` as H.264 in an MP4, as a stranger's program writes it: x264, yuv420p."""
    target = io.BytesIO()
    _, height, width, _ = frames.shape
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=RATE, options={"preset": preset, "crf": str(crf)}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, frame in enumerate(frames):
            picture = VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            converted = picture.reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU601,
                dst_color_range=ColorRange.MPEG,
            )
            converted.pts, converted.time_base = index, 1 / Fraction(RATE)
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return target.getvalue()


def decoded(content: bytes) -> Frames:
    """All frames of an MP4."""
    with av.open(io.BytesIO(content), "r") as container:
        frames = container.decode(container.streams.video[0])
        return np.stack([np.asarray(one.to_ndarray(format="rgb24"), np.uint8) for one in frames])


def re_encoded(frames: Frames, *, crf: int) -> Frames:
    """Through another encoder and back."""
    return decoded(mp4(frames, crf=crf))


def resized(frames: Frames, *, width: int, height: int) -> Frames:
    """At another size, as even as codecs want it."""
    size = (_even(width), _even(height))
    return np.stack(
        [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in frames]
    )


def scaled(frames: Frames, share: float) -> Frames:
    """At a share of the size."""
    _, height, width, _ = frames.shape
    return resized(frames, width=round(width * share), height=round(height * share))


def cropped(frames: Frames, share: float) -> Frames:
    """Without a `share` of each side, more of it from the right and the bottom."""
    _, height, width, _ = frames.shape
    tall, wide = _even(height * (1 - share)), _even(width * (1 - share))
    top, left = (height - tall) // 3, (width - wide) // 3
    return frames[:, top : top + tall, left : left + wide]


def cropped_and_enlarged(frames: Frames, share: float) -> Frames:
    """Cropped, and brought back to the size it had."""
    _, height, width, _ = frames.shape
    return resized(cropped(frames, share), width=width, height=height)


def mirrored(frames: Frames) -> Frames:
    """Left and right exchanged."""
    return frames[:, :, ::-1]


def turned(frames: Frames, degrees: float) -> Frames:
    """Turned by some degrees, the corners black."""
    bicubic = Image.Resampling.BICUBIC
    return np.stack(
        [np.asarray(Image.fromarray(one).rotate(degrees, resample=bicubic)) for one in frames]
    )


def grey(frames: Frames) -> Frames:
    """Without colour."""
    luma = [np.asarray(Image.fromarray(one).convert("L").convert("RGB")) for one in frames]
    return np.stack(luma)


def blurred(frames: Frames, radius: float) -> Frames:
    """Out of focus."""
    soft = ImageFilter.GaussianBlur(radius)
    return np.stack([np.asarray(Image.fromarray(one).filter(soft)) for one in frames])


def _even(side: float) -> int:
    return max(2, round(side / 2) * 2)
