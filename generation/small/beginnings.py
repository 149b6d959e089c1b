"""How a clip begins where another picture or clip is: what is given stays as it was given.

The network is told of the given pictures; what it then makes is brought to meet them.  An object is
moved to where the picture shows it, and wherever no object covers the given picture, the place is
taken from it (the null-space step of Wang et al. 2022, arXiv:2212.00490: what was observed is kept,
only what was not is made).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageFilter, ImageOps
from torch import Tensor
from torch.nn import functional

from generation.small.codec import PatchCodec
from generation.small.layers import Actor, Layers, draw, picture_of, place_at
from generation.small.lessons import GIVEN_MOMENTS
from generation.small.painters import HEIGHT, WIDTH
from generation.small.tracks import MOMENTS, OPACITY, SIDE, TURN, Floats, X, Y

Picture: TypeAlias = Image.Image | npt.NDArray[np.uint8]

BEFORE_EARLIER, BEFORE, FIRST, LAST = range(len(GIVEN_MOMENTS))
EARLIER = GIVEN_MOMENTS[BEFORE] - GIVEN_MOMENTS[BEFORE_EARLIER]
COVERED = 8
FEATHER = 2
SPREAD = 14
SEARCH = (0.08, 0.04, 0.02, 0.01, 0.005)
MOST_MISFIT = 0.012
ENTERS = (2, 12)
COARSE_WIDTH, COARSE_HEIGHT = 54, 96
COARSE_SIDES = (8, 11, 14, 18, 22, 27, 33)
MOST_BEYOND = 0.25
TURNS = 12
# Steps along x, y, the logarithm of the side, and the turn.
MOVES = (
    (1, 0, 0, 0), (-1, 0, 0, 0), (0, 1, 0, 0), (0, -1, 0, 0),
    (0, 0, 2, 0), (0, 0, -2, 0), (0, 0, 0, 0.5), (0, 0, 0, -0.5),
)  # fmt: skip


@dataclass(frozen=True)
class Beginning:
    """Pictures that are given, by their slot among `GIVEN_MOMENTS`."""

    pictures: Mapping[int, Image.Image]

    @property
    def is_given(self) -> bool:
        """True when a picture is given at all."""
        return bool(self.pictures)

    def encoded(self, codec: PatchCodec) -> tuple[Tensor, Tensor]:
        """What the network is told: (4, patches, numbers), and (4,) of 1 where one is given."""
        rows, columns = codec.grid
        frames = torch.zeros(len(GIVEN_MOMENTS), rows * columns, codec.config["numbers"])
        known = torch.zeros(len(GIVEN_MOMENTS))
        for slot, picture in self.pictures.items():
            small = np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
            values = torch.from_numpy(small.copy()).permute(2, 0, 1)[None] / 127.5 - 1
            frames[slot] = codec.encode(values.to(codec.dtype))[0].float()
            known[slot] = 1
        return frames, known

    def continued(self, layers: Layers) -> Layers:
        """The layers, brought to meet the pictures."""
        if not self.pictures:
            return layers
        moments = {slot: GIVEN_MOMENTS[slot] for slot in self.pictures if slot != BEFORE_EARLIER}
        moved = replace(
            layers, actors=[self._moved(actor, layers, moments) for actor in layers.actors]
        )
        places = {slot: self._place(slot, moment, moved) for slot, moment in moments.items()}
        in_order = [places[slot] for slot in (BEFORE, FIRST, LAST) if slot in places]
        after = places.get(LAST) if len(in_order) > 1 else None
        return replace(moved, place=in_order[0], place_after=after)

    def _moved(self, actor: Actor, layers: Layers, moments: Mapping[int, int]) -> Actor:
        """Return the actor, moved to where the pictures show it, or entering if none does."""
        found = {}
        for slot, moment in moments.items():
            shift, misfit = _registered(actor, layers, self._small(slot), moment)
            if misfit <= MOST_MISFIT:
                found[moment] = shift
        if not found:
            return replace(actor, track=_entering(actor.track))
        track = actor.track.copy()
        own = np.arange(MOMENTS)
        at = sorted(found)
        for channel, place in ((X, 0), (Y, 1), (TURN, 3)):
            track[:, channel] += np.interp(own, at, [found[moment][place] for moment in at])
        track[:, SIDE] *= np.exp(np.interp(own, at, [found[moment][2] for moment in at]))
        return replace(actor, track=track)

    def _small(self, slot: int) -> Floats:
        small = self.pictures[slot].resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        return np.asarray(small, np.float32) / 255

    def _place(self, slot: int, moment: int, layers: Layers) -> Floats:
        """Return the given picture; where an actor covers it, the place as the network made it."""
        picture = self.pictures[slot]
        size = picture.size
        made = np.asarray(place_at(layers.place, width=size[0], height=size[1]), np.float32) / 255
        seen = np.asarray(picture, np.float32) / 255
        covered = _cover(layers, size, moment)
        open_share = 1 - covered
        # Light that differs is carried a little way under the actor, so that no edge is seen.
        off = _blurred((seen - made) * (open_share > 0.5)[..., None])  # noqa: PLR2004 - half
        weight = _blurred((open_share > 0.5).astype(np.float32)[..., None])  # noqa: PLR2004
        guess = made + off / np.maximum(weight, 1e-2)
        return np.clip(seen * open_share[..., None] + guess * covered[..., None], 0, 1)


def beginning(
    *, image: Picture | None, last_image: Picture | None, video: Sequence[Picture] | None
) -> Beginning:
    """The beginning that pictures make.  Raises ValueError for a first picture and a clip."""
    if image is not None and video:
        raise ValueError("A clip begins with a picture or goes on from a clip, not both.")
    pictures: dict[int, Image.Image] = {}
    if video:
        pictures[BEFORE] = _upright(video[-1])
        if len(video) > EARLIER:
            pictures[BEFORE_EARLIER] = _upright(video[-1 - EARLIER])
    if image is not None:
        pictures[FIRST] = _upright(image)
    if last_image is not None:
        pictures[LAST] = _upright(last_image)
    return Beginning(pictures)


def _upright(picture: Picture) -> Image.Image:
    """Return the picture, cut to 9:16 in its middle."""
    whole = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    width, height = whole.size
    side = min(width, height * WIDTH // HEIGHT)
    size = (max(side, WIDTH), max(side * HEIGHT // WIDTH, HEIGHT))
    return ImageOps.fit(whole.convert("RGB"), size, Image.Resampling.LANCZOS)


def _registered(
    actor: Actor, layers: Layers, seen: Floats, moment: int
) -> tuple[npt.NDArray[Any], float]:
    """Return the shift (x, y, logarithm of side, turn) that fits the picture best, and its misfit.

    A coordinate search from coarse to fine, from where the network thinks the actor is or from
    where it is found in the whole picture.
    """
    still = place_at(layers.place, width=WIDTH, height=HEIGHT)
    sprite, row = _at(actor, moment)
    found = _found(sprite, row, np.asarray(still, np.float32) / 255, seen)
    turned = [found + np.array([0, 0, 0, turn / TURNS]) for turn in range(TURNS)]
    starts = [np.zeros(4), *turned]
    misfits = [_misfit(still, sprite, row, start, seen) for start in starts]
    shift, least = starts[int(np.argmin(misfits))], min(misfits)
    for step in SEARCH:
        for _ in range(3):
            tried = [shift + step * np.array(move) for move in MOVES]
            misfits = [_misfit(still, sprite, row, one, seen) for one in tried]
            best = int(np.argmin(misfits))
            if misfits[best] >= least:
                break
            shift, least = tried[best], misfits[best]
    return shift, _own_misfit(sprite, _shifted(row, shift), seen)


def _at(actor: Actor, moment: int) -> tuple[Image.Image, Floats]:
    """Return what the actor looks like at a moment, and its row; -1 is just before it begins."""
    phase = moment * len(actor.loop) // MOMENTS % len(actor.loop)
    track = actor.track
    row = track[moment] if moment >= 0 else 2 * track[0] - track[1]
    return picture_of(actor.shown_loop()[phase]), row.copy()


def _found(
    sprite: Image.Image, row: Floats, still: Floats, seen: Floats
) -> npt.NDArray[np.float64]:
    """Return the shift to where, in the whole picture, the sprite explains most."""
    frame, place = (_tensor(values, (COARSE_HEIGHT, COARSE_WIDTH)) for values in (seen, still))
    beyond = (frame - place).square().clamp(max=MOST_BEYOND) - frame.square()
    drawn = _tensor(np.asarray(sprite, np.float32) / 255, sprite.size)
    best = (-np.inf, np.zeros(4))
    for side in COARSE_SIDES:
        small = functional.interpolate(
            torch.cat([drawn[:, :3] * drawn[:, 3:], drawn[:, 3:]], 1),
            size=(side, side),
            mode="area",
        )
        weight, colour = small[:, 3:].expand(-1, 3, -1, -1), small[:, :3]
        power = (colour.square() / weight.clamp(min=1e-3)).sum()
        gain = functional.conv2d(beyond, weight) + 2 * functional.conv2d(frame, colour) - power
        top = float(gain.max())
        if top > best[0]:
            down, across = divmod(int(gain.argmax()), gain.shape[-1])
            x, y = (across + side / 2) / COARSE_WIDTH, (down + side / 2) / COARSE_HEIGHT
            grown = np.log(side / COARSE_WIDTH / max(float(row[SIDE]), 1e-3))
            best = (top, np.array([x - row[X], y - row[Y], grown, 0]))
    return best[1]


def _tensor(values: Floats, size: tuple[int, int]) -> Tensor:
    """Return (1, channels, height, width) at a size."""
    whole = torch.from_numpy(np.ascontiguousarray(values)).permute(2, 0, 1)[None]
    return functional.interpolate(whole, size=size, mode="area")


def _shifted(row: Floats, shift: npt.NDArray[Any]) -> Floats:
    moved = row.copy()
    moved[X] += shift[0]
    moved[Y] += shift[1]
    moved[SIDE] *= np.exp(shift[2])
    moved[TURN] += shift[3]
    return moved


def _misfit(
    still: Image.Image, sprite: Image.Image, row: Floats, shift: npt.NDArray[Any], seen: Floats
) -> float:
    frame = still.copy()
    draw(frame, sprite, _shifted(row, shift))
    off = np.asarray(frame, np.float32) / 255 - seen
    return float(np.mean(np.square(off)))


def _own_misfit(sprite: Image.Image, row: Floats, seen: Floats) -> float:
    """Return how far what the sprite covers is from the picture, per value."""
    drawn = Image.new("RGB", (WIDTH, HEIGHT))
    draw(drawn, sprite, row)
    cover = Image.new("RGB", (WIDTH, HEIGHT))
    draw(cover, _silhouette(sprite), row)
    inside = np.asarray(cover)[..., 0] > 200  # noqa: PLR2004 - nearly opaque
    if not inside.any():
        return 0.0
    # Shades may differ a little everywhere; a thing that is not there differs much.
    off = np.asarray(drawn, np.float32)[inside] / 255 - seen[inside]
    return float(np.mean(np.square(off)) / 4)


def _silhouette(sprite: Image.Image) -> Image.Image:
    white = Image.new("RGBA", sprite.size, "white")
    white.putalpha(sprite.getchannel("A"))
    return white


def _entering(track: Floats) -> Floats:
    begin, end = ENTERS
    entered = track.copy()
    entered[:, OPACITY] *= np.clip((np.arange(MOMENTS) - begin) / (end - begin), 0, 1)
    return entered


def _cover(layers: Layers, size: tuple[int, int], moment: int) -> Floats:
    """Return how much of each pixel the actors cover at a moment, (height, width), a bit more."""
    cover = Image.new("RGB", size)
    for actor in layers.actors:
        sprite, row = _at(actor, moment)
        draw(cover, _silhouette(sprite), row)
    grown = cover.getchannel(0).point(lambda value: 255 if value > COVERED else 0)
    reach = 2 * max(1, size[0] // 90) + 1
    grown = grown.filter(ImageFilter.MaxFilter(reach)).filter(ImageFilter.GaussianBlur(FEATHER))
    return np.asarray(grown, np.float32) / 255


def _blurred(values: Floats) -> Floats:
    tensor = torch.from_numpy(values).permute(2, 0, 1)[None]
    small = functional.interpolate(tensor, size=(HEIGHT // 2, WIDTH // 2), mode="area")
    ramp = torch.exp(-((torch.arange(-SPREAD, SPREAD + 1) / (SPREAD / 2.5)) ** 2))
    kernel = (ramp / ramp.sum()).repeat(small.shape[1], 1, 1, 1)
    smooth = functional.conv2d(
        small, kernel.transpose(2, 3), padding=(SPREAD, 0), groups=small.shape[1]
    )
    smooth = functional.conv2d(smooth, kernel, padding=(0, SPREAD), groups=small.shape[1])
    large = functional.interpolate(smooth, size=values.shape[:2], mode="bilinear")
    return large[0].permute(1, 2, 0).numpy()
