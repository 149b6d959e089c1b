"""The visible mark: a small "AI" pill in the top left corner of every frame, first to last.

Asked for by GB 45438-2025 section 4 and by the EU's code of practice on marking AI-made content.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from video.frames import Frame, Frames, check_frames

TEXT = "AI"
HEIGHT_SHARE = 14
SMALLEST_HEIGHT = 14
SUPERSAMPLING = 4
GROUND = (12, 12, 16, 205)
RIM = (255, 255, 255, 150)
INK = (255, 255, 255, 255)


@dataclass(frozen=True)
class Label:
    """The pill for one frame size, drawn once and laid over many frames.

    `ink` is its premultiplied colour and `cover` what is left of the frame beneath, both float32
    of (height, width, 3) and (height, width, 1); `top` and `left` are its place in pixels.
    """

    ink: NDArray[np.float32]
    cover: NDArray[np.float32]
    top: int
    left: int

    def drawn_on(self, frame: Frame) -> Frame:
        """A copy of `frame` with the pill on it.  (H, W, 3) uint8 in and out."""
        marked = frame.copy()
        height, width = self.cover.shape[:2]
        place = marked[self.top : self.top + height, self.left : self.left + width]
        beneath = self.cover[: place.shape[0], : place.shape[1]]
        over = self.ink[: place.shape[0], : place.shape[1]]
        place[...] = np.rint(place * beneath + over).astype(np.uint8)
        return marked


def draw_label(frames: Frames) -> Frames:
    """`frames` with the visible "AI" mark on every one of them; the input stays as it was.

    (T, H, W, 3) uint8 in and out.  Raises UnableToUseFrames.
    """
    _, height, width, _ = check_frames(frames).shape
    label = label_for(width=width, height=height)
    return np.stack([label.drawn_on(frame) for frame in frames])


@lru_cache(maxsize=8)
def label_for(*, width: int, height: int) -> Label:
    """The pill for frames of this size: a fourteenth of the height, legible on any ground."""
    tall = max(SMALLEST_HEIGHT, round(height / HEIGHT_SHARE))
    pill = np.asarray(_pill(tall), dtype=np.float32)
    alpha = pill[..., 3:] / np.float32(255)
    margin = min(round(tall * 0.4), max(0, min(width, height) - tall) // 2)
    return Label(ink=pill[..., :3] * alpha, cover=np.float32(1) - alpha, top=margin, left=margin)


def _pill(tall: int) -> Image.Image:
    height, width = tall * SUPERSAMPLING, round(tall * 1.7) * SUPERSAMPLING
    picture = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(picture)
    rim = max(SUPERSAMPLING, height // 24)
    pen.rounded_rectangle(
        (0, 0, width - 1, height - 1), radius=height // 2, fill=GROUND, outline=RIM, width=rim
    )
    font = ImageFont.load_default(size=height * 0.62)
    pen.text(
        (width / 2, height / 2), TEXT, font=font, fill=INK, anchor="mm", stroke_width=rim / 2,
        stroke_fill=INK,
    )  # fmt: skip
    return picture.resize((width // SUPERSAMPLING, tall), Image.Resampling.LANCZOS)
