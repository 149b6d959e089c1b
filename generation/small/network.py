"""The denoising network: a convolutional stem around a small transformer, told what by text.

Pictures stay channels-last, (batch, frames, height, width, channels), so that every
convolution and matrix product runs on contiguous channels.
"""

import math
from typing import cast

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

PATCH = 4
FRAMES_PER_TOKEN = 4
DATA_DEVIATION = 0.5
TIME_FREQUENCIES = 64
FLATTEST_NORM = 1e-6


class ReverieSmallNetwork(ModelMixin, ConfigMixin):
    """Estimates the clean clip from a noisy one, the noise level and an encoded prompt.

    The clip is mixed as (1 - sigma) * clean + sigma * noise and scaled to unit power before it
    enters (the input scale of Karras et al. 2022, arXiv:2206.00364, written for this mixing).
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        *,
        num_frames: int = 16,
        sample_size: int = 64,
        fine_channels: int = 48,
        coarse_channels: int = 128,
        token_channels: int = 256,
        token_blocks: int = 4,
        text_channels: int = 384,
        text_queries: int = 4,
    ) -> None:
        """Promise a network for clips of one size; the sizes are those of the weights."""
        super().__init__()
        fine, coarse, wide = fine_channels, coarse_channels, token_channels
        grid = sample_size // PATCH
        self.condition = PromptAndTime(text_channels, wide, text_queries)
        self.stem = nn.Linear(3 * PATCH * PATCH, fine)
        self.fine_place = Place(num_frames, grid, fine)
        self.fine_down = MotionBlock(fine, wide)
        self.to_coarse = nn.Linear(4 * fine, coarse)
        self.coarse_down = MotionBlock(coarse, wide)
        self.to_tokens = nn.Linear(4 * FRAMES_PER_TOKEN * coarse, wide)
        self.token_place = Place(num_frames // FRAMES_PER_TOKEN, grid // 4, wide)
        self.tokens = nn.ModuleList(TokenBlock(wide) for _ in range(token_blocks))
        self.from_tokens = nn.Linear(wide, 4 * FRAMES_PER_TOKEN * coarse)
        self.coarse_place = Place(num_frames, grid // 2, coarse)
        self.coarse_up = nn.ModuleList(MotionBlock(coarse, wide) for _ in range(2))
        self.to_fine = nn.Linear(coarse, 4 * fine)
        self.trust = nn.Linear(wide, fine)
        nn.init.zeros_(self.trust.weight)
        nn.init.ones_(self.trust.bias)
        self.fine_up = nn.ModuleList(MotionBlock(fine, wide) for _ in range(2))
        self.head = nn.Linear(fine, 3 * PATCH * PATCH)
        nn.init.zeros_(self.head.weight)

    def forward(self, clip: Tensor, sigma: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        """Return the estimated clean clip.

        `clip` is (batch, 3, frames, height, width) around -1..1, `sigma` (batch,) in 0..1,
        `text` (batch, words, text_channels), `text_mask` (batch, words), true for words.
        """
        level = sigma.float()[:, None, None, None, None]
        spread = ((1 - level) * DATA_DEVIATION).square() + level.square()
        even = (clip * spread.rsqrt()).to(self.dtype)
        return DATA_DEVIATION * self._drawn(even, sigma, text.to(self.dtype), text_mask).float()

    def _drawn(self, clip: Tensor, sigma: Tensor, text: Tensor, text_mask: Tensor) -> Tensor:
        condition, words = self.condition(sigma, text, text_mask)
        fine = self.fine_place(self.stem(patches(clip, PATCH)))
        fine = self.fine_down(fine, condition)
        coarse = self.coarse_down(self.to_coarse(fold(fine, 1, 2)), condition)
        tokens = self.token_place(self.to_tokens(fold(coarse, FRAMES_PER_TOKEN, 2)))
        for block in self.tokens:
            tokens = block(tokens, condition, words, text_mask)
        coarse = self.coarse_place(coarse + unfold(self.from_tokens(tokens), FRAMES_PER_TOKEN, 2))
        for block in self.coarse_up:
            coarse = block(coarse, condition)
        trusted = self.trust(condition)[:, None, None, None]
        fine = torch.addcmul(unfold(self.to_fine(coarse), 1, 2), fine, trusted)
        for block in self.fine_up:
            fine = block(fine, condition)
        return pixels(self.head(normal(fine)), PATCH)


class PromptAndTime(nn.Module):
    """Turns noise level and encoded words into one vector and the words' own features."""

    def __init__(self, text_channels: int, width: int, queries: int) -> None:
        """Promise a condition of `width` channels drawn from text by `queries` questions."""
        super().__init__()
        self.words = nn.Linear(text_channels, width)
        self.questions = nn.Parameter(torch.randn(queries, width) * 0.3)
        self.answers = nn.Linear(queries * width, width)
        self.time = nn.Sequential(
            nn.Linear(2 * TIME_FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.both = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, sigma: Tensor, text: Tensor, text_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return (batch, width) and (batch, words, width)."""
        words = functional.silu(self.words(text))
        prompt = self.prompt(words, text_mask)
        time = self.time(waves(sigma).to(prompt.dtype))
        return functional.silu(prompt + time + self.both(functional.silu(prompt + time))), words

    def prompt(self, words: Tensor, text_mask: Tensor) -> Tensor:
        """Return (batch, width): what the learned questions found among the words."""
        fit = torch.einsum("qc,blc->bql", self.questions.to(words.dtype), words)
        fit = fit.masked_fill(~text_mask[:, None], -1e4).softmax(-1)
        found = torch.einsum("bql,blc->bqc", fit, words)
        return cast("Tensor", self.answers(found.flatten(1)))


class Place(nn.Module):
    """Adds what each position and moment is."""

    def __init__(self, frames: int, grid: int, channels: int) -> None:
        """Promise one learned vector per moment and one per position."""
        super().__init__()
        self.moment = nn.Parameter(torch.randn(frames, 1, 1, channels) * 0.1)
        self.position = nn.Parameter(torch.randn(grid, grid, channels) * 0.1)

    def forward(self, picture: Tensor) -> Tensor:
        """Return the picture with place added."""
        return picture + (self.moment + self.position).to(picture.dtype)


class MotionBlock(nn.Module):
    """A residual block: 3 by 3 convolution within frames, then a mix of three moments."""

    def __init__(self, channels: int, width: int) -> None:
        """Promise a block over `channels`, steered by a condition of `width`."""
        super().__init__()
        self.steer = nn.Linear(width, 2 * channels)
        self.near = nn.Conv2d(channels, channels, 3, padding=1)
        self.through = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))
        self.out = nn.Linear(channels, channels)
        nn.init.zeros_(self.out.weight)

    def forward(self, picture: Tensor, condition: Tensor) -> Tensor:
        """Return the picture, changed."""
        batch, frames, height, width, channels = picture.shape
        scale, shift = self.steer(condition)[:, None, None, None].chunk(2, -1)
        inner = torch.addcmul(shift, normal(picture), 1 + scale)
        inner = inner.reshape(batch * frames, height, width, channels).permute(0, 3, 1, 2)
        inner = functional.silu(self.near(inner)).permute(0, 2, 3, 1)
        inner = inner.reshape(batch, frames, height * width, channels).permute(0, 3, 1, 2)
        inner = functional.silu(self.through(inner)).permute(0, 2, 3, 1)
        return picture + self.out(inner.reshape(picture.shape))


class TokenBlock(nn.Module):
    """A transformer block over the whole clip, attending to the words."""

    def __init__(self, width: int) -> None:
        """Promise a block over tokens of `width` channels."""
        super().__init__()
        self.heads = width // 32
        self.steer = nn.Linear(width, 5 * width)
        self.own = nn.Linear(width, 3 * width)
        self.own_out = nn.Linear(width, width)
        self.asked = nn.Linear(width, width)
        self.told = nn.Linear(width, 2 * width)
        self.told_out = nn.Linear(width, width)
        self.rise = nn.Linear(width, 4 * width)
        self.fall = nn.Linear(4 * width, width)
        for layer in (self.own_out, self.told_out, self.fall):
            nn.init.zeros_(layer.weight)

    def forward(
        self, picture: Tensor, condition: Tensor, words: Tensor, text_mask: Tensor
    ) -> Tensor:
        """Return the tokens, (batch, frames, height, width, channels), changed."""
        tokens = picture.flatten(1, 3)
        scale, shift, rescale, reshift, gate = self.steer(condition)[:, None].chunk(5, -1)
        queries, keys, values = self.own(normal(tokens) * (1 + scale) + shift).chunk(3, -1)
        tokens = tokens + self.own_out(self._attend(queries, keys, values, None))
        keys, values = self.told(words).chunk(2, -1)
        told = self._attend(self.asked(normal(tokens)), keys, values, text_mask[:, None, None])
        tokens = tokens + self.told_out(told)
        inner = functional.gelu(self.rise(normal(tokens) * (1 + rescale) + reshift))
        tokens = tokens + (1 + gate) * self.fall(inner)
        return tokens.reshape(picture.shape)

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        asked, offered, carried = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (queries, keys, values)
        )
        fit = asked @ offered.transpose(-1, -2) * (asked.shape[-1] ** -0.5)
        if mask is not None:
            fit = fit.masked_fill(~mask, -1e4)
        mixed = fit.softmax(-1) @ carried
        return mixed.transpose(1, 2).flatten(2)


def normal(picture: Tensor) -> Tensor:
    """Return the picture with each position's channels centred and scaled."""
    return functional.layer_norm(picture, picture.shape[-1:], eps=FLATTEST_NORM)


def waves(sigma: Tensor) -> Tensor:
    """Return (batch, 128) sines and cosines of the noise level."""
    steps = torch.arange(TIME_FREQUENCIES, device=sigma.device, dtype=torch.float32)
    speeds = torch.exp(steps * (math.log(100.0) / TIME_FREQUENCIES))
    angles = sigma.float()[:, None] * speeds * math.pi
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def patches(clip: Tensor, side: int) -> Tensor:
    """Return (batch, 3, frames, height, width) as channels-last patches."""
    batch, channels, frames, height, width = clip.shape
    last = clip.permute(0, 2, 3, 4, 1)
    cut = last.reshape(batch, frames, height // side, side, width // side, side, channels)
    return cut.transpose(3, 4).flatten(4)


def pixels(picture: Tensor, side: int) -> Tensor:
    """Undo `patches`."""
    cut = picture.unflatten(-1, (side, side, -1)).transpose(3, 4)
    return cut.flatten(4, 5).flatten(2, 3).permute(0, 4, 1, 2, 3)


def fold(picture: Tensor, frames: int, side: int) -> Tensor:
    """Return the channels-last picture with blocks of frames and positions as channels."""
    batch, time, height, width, channels = picture.shape
    cut = picture.reshape(
        batch, time // frames, frames, height // side, side, width // side, side, channels
    )
    return cut.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4)


def unfold(picture: Tensor, frames: int, side: int) -> Tensor:
    """Undo `fold`."""
    cut = picture.unflatten(-1, (frames, side, side, -1)).permute(0, 1, 4, 2, 5, 3, 6, 7)
    return cut.flatten(5, 6).flatten(3, 4).flatten(1, 2)
