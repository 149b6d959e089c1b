"""Stills gathered while frames stream by: the poster and the spritesheet."""

from pathlib import Path

import numpy as np
from PIL import Image

from video.frames import Frame

COLUMNS = 5
MOST_TILES = 25
TILE_WIDTH = 180
SCORED_WIDTH = 96
LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


class Poster:
    """Keeps the most telling frame seen so far: the one with most detail in its luma."""

    def __init__(self) -> None:
        self._best: Frame | None = None
        self._score = -1.0

    def consider(self, frame: Frame) -> None:
        """Take `frame` if it tells more than the one that is kept."""
        score = _detail(frame)
        if score > self._score:
            self._best, self._score = frame.copy(), score

    def save(self, path: Path, *, xmp: bytes) -> None:
        """Write the kept frame as WebP, in full size.  Raises ValueError when there is none."""
        if self._best is None:
            raise ValueError("No frame was considered.")
        Image.fromarray(self._best).save(path, "WEBP", quality=82, method=2, xmp=xmp)


class Contacts:
    """Gathers evenly spaced tiles from a stream of unknown length, 25 at most.

    When the sheet is full every second tile is dropped and only every second further frame taken,
    so memory is bounded and the spacing stays even.
    """

    def __init__(self) -> None:
        self._tiles: list[Image.Image] = []
        self._stride = 1
        self._seen = 0

    def add(self, frame: Frame) -> None:
        """Take `frame` if its turn has come."""
        if self._seen % self._stride == 0:
            self._tiles.append(_tile(frame))
        self._seen += 1
        if len(self._tiles) > MOST_TILES:
            self._tiles = self._tiles[::2]
            self._stride *= 2

    def save(self, path: Path, *, xmp: bytes) -> None:
        """Write the tiles as a JPEG grid, five to a row, first frame top left."""
        width, height = self._tiles[0].size
        columns = min(COLUMNS, len(self._tiles))
        rows = -(-len(self._tiles) // columns)
        sheet = Image.new("RGB", (columns * width, rows * height))
        for index, tile in enumerate(self._tiles):
            sheet.paste(tile, (index % columns * width, index // columns * height))
        sheet.save(path, "JPEG", quality=82, optimize=True, xmp=xmp)


def _tile(frame: Frame) -> Image.Image:
    picture = Image.fromarray(frame)
    height = max(1, round(picture.height * TILE_WIDTH / picture.width))
    return picture.resize((TILE_WIDTH, height), Image.Resampling.BOX, reducing_gap=2)


def _detail(frame: Frame) -> float:
    step = max(1, frame.shape[1] // SCORED_WIDTH)
    luma = frame[::step, ::step].astype(np.float32) @ LUMA
    across = np.abs(np.diff(luma, axis=1)).mean()
    down = np.abs(np.diff(luma, axis=0)).mean()
    return float(across + down)
