"""Pictures as few numbers: principal components of overlapping patches.

A picture is cut into patches that overlap, each weighed by a window that falls to nothing at its
edges; what is decoded is added up again under the same window, so no patch has a visible edge.
The components are found once, by an eigendecomposition, and kept as weights; nothing is trained.
"""

from typing import cast

import numpy as np
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor
from torch.nn import functional

LEAST_SHIFT = 0.02
USUAL_STEP = 0.08
LEAST_POWER = 1e-3


class PatchCodec(ModelMixin, ConfigMixin):
    """Encodes (batch, channels, height, width) as (batch, patches, numbers), and back.

    The numbers have mean 0 and, over all of them, mean square 1.  They are whitened half-way (each
    divided by the root of its deviation), so that edges count beside large surfaces.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self, *, channels: int, height: int, width: int, patch: int, stride: int, numbers: int
    ) -> None:
        """Promise a codec for pictures of one size."""
        super().__init__()
        size = channels * patch * patch
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("basis", torch.zeros(numbers, size))
        self.register_buffer("scale", torch.ones(numbers))
        window = torch.sin(torch.pi * (torch.arange(patch) + 0.5) / patch)
        self.register_buffer("window", (window[:, None] * window).flatten(), persistent=False)
        self.margin = (patch - stride) // 2

    @property
    def grid(self) -> tuple[int, int]:
        """Patches down and across."""
        return self.config["height"] // self.config["stride"], self.config["width"] // self.config[
            "stride"
        ]

    def encode(self, pictures: Tensor) -> Tensor:
        """Return (batch, patches, numbers)."""
        return (self._patches(pictures) - self.mean) @ self.basis.T * self.scale

    def decode(self, numbers: Tensor) -> Tensor:
        """Return (batch, channels, height, width)."""
        return self._overlaid((numbers / self.scale) @ self.basis + self.mean)

    def _overlaid(self, patches: Tensor) -> Tensor:
        whole = self._joined(patches * self._windows())
        weight = self._joined((self._windows().square()).expand(1, patches.shape[1], -1))
        return whole / weight

    def stitched(self, numbers: Tensor) -> Tensor:
        """Return (batch, channels, height, width), its patches evened out first.

        Where two patches overlap they show the same; what they differ by there is what each is
        too bright or too dark, and a shift for each patch that leaves the least is found by least
        squares (the gain compensation of Brown and Lowe 2007, doi:10.1007/s11263-006-0002-3, with
        sums for products).
        """
        shown = (numbers / self.scale) @ self.basis + self.mean
        patch, channels = self.config["patch"], self.config["channels"]
        seen = (shown / self._windows()).unflatten(2, (channels, patch, patch))
        rows, columns = self.grid
        shifts = self._shifts(seen.unflatten(1, (rows, columns)))
        shifted = (seen + shifts[..., None, None]).flatten(2) * self._windows()
        return self._overlaid(shifted)

    def _shifts(self, seen: Tensor) -> Tensor:
        """Return (batch, patches, channels) to add; `seen` is (b, rows, columns, c, p, p)."""
        lap = self.config["patch"] - self.config["stride"]
        rows, columns = self.grid
        across = (seen[:, :, 1:, ..., :lap] - seen[:, :, :-1, ..., -lap:]).mean((-1, -2))
        down = (seen[:, 1:, ..., :lap, :] - seen[:, :-1, ..., -lap:, :]).mean((-1, -2))
        place = torch.arange(rows * columns).reshape(rows, columns)
        pairs = torch.cat(
            [
                torch.stack([place[:, :-1].flatten(), place[:, 1:].flatten()]),
                torch.stack([place[:-1].flatten(), place[1:].flatten()]),
            ],
            dim=1,
        )
        steps = torch.cat([across.flatten(1, 2), down.flatten(1, 2)], dim=1)
        edges = torch.zeros(pairs.shape[1], rows * columns)
        edges[torch.arange(len(edges)), pairs[0]] = 1
        edges[torch.arange(len(edges)), pairs[1]] = -1
        # Two that differ much show different things: that is for neither to make good.
        trusted = 1 / (1 + (steps.abs().mean(-1, keepdim=True) / USUAL_STEP).square())
        weighed = (edges * trusted.cpu().float()).transpose(1, 2)
        normal = weighed @ edges + LEAST_SHIFT * torch.eye(rows * columns)
        return torch.linalg.solve(normal, weighed @ steps.cpu().float()).to(seen)

    def fit(self, pictures: Tensor) -> None:
        """Find the components of `pictures`, (count, channels, height, width)."""
        flat = self._patches(pictures).flatten(0, 1)
        self.mean.copy_(flat.mean(0))
        centred = (flat - self.mean).double()
        size, numbers = flat.shape[1], self.config["numbers"]
        if size <= len(flat):
            vectors = np.linalg.eigh((centred.T @ centred).numpy())[1]
            basis = torch.from_numpy(vectors[:, ::-1][:, :numbers].copy()).T
        else:
            vectors = np.linalg.eigh((centred @ centred.T).numpy())[1]
            shares = torch.from_numpy(vectors[:, ::-1][:, :numbers].copy())
            basis = functional.normalize(shares.T @ centred, dim=1)
        self.basis.copy_(basis.float())
        half = ((flat - self.mean) @ self.basis.T).square().mean(0) ** -0.25
        self.scale.copy_(half / (half**-2).mean().sqrt())

    def _windows(self) -> Tensor:
        return cast("Tensor", self.window).repeat(self.config["channels"])

    def _patches(self, pictures: Tensor) -> Tensor:
        cut = functional.unfold(
            pictures, self.config["patch"], padding=self.margin, stride=self.config["stride"]
        )
        return cut.transpose(1, 2) * self._windows()

    def _joined(self, patches: Tensor) -> Tensor:
        return functional.fold(
            patches.transpose(1, 2),
            (self.config["height"], self.config["width"]),
            self.config["patch"],
            padding=self.margin,
            stride=self.config["stride"],
        )


class TrackCodec(ModelMixin, ConfigMixin):
    """Encodes tracks and what else is said of an object once, (batch, 48 * 6 + 5), as numbers."""

    config_name = "config.json"

    @register_to_config
    def __init__(self, *, size: int, numbers: int) -> None:
        """Promise a codec for vectors of `size`."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("weight", torch.ones(size))
        self.register_buffer("basis", torch.zeros(numbers, size))
        self.register_buffer("scale", torch.ones(numbers))

    def encode(self, tracks: Tensor) -> Tensor:
        """Return (batch, numbers)."""
        return (tracks * self.weight - self.mean) @ self.basis.T * self.scale

    def decode(self, numbers: Tensor) -> Tensor:
        """Return (batch, size)."""
        return ((numbers / self.scale) @ self.basis + self.mean) / self.weight

    def fit(self, tracks: Tensor, weight: Tensor) -> None:
        """Find the components of `tracks`, (count, size), each value weighed by `weight`."""
        self.weight.copy_(weight)
        weighed = tracks * weight
        self.mean.copy_(weighed.mean(0))
        centred = (weighed - self.mean).double()
        vectors = np.linalg.eigh((centred.T @ centred).numpy())[1]
        self.basis.copy_(
            torch.from_numpy(vectors[:, ::-1][:, : self.config["numbers"]].copy()).T.float()
        )
        # Whitened, all but what is hardly there: a shake is as plain to see as a journey.
        power = ((weighed - self.mean) @ self.basis.T).square().mean(0)
        self.scale.copy_((power + LEAST_POWER * power.max()).rsqrt())
