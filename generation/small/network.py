"""The denoising network: a transformer over a place and its objects, a tower for their tracks.

See `generation.small.layers` for what is decoded from what it makes.  The transformer's tokens
are the place as patches, each object's loop as patches, and what the prompt says, one for each
kind of word.  A track is few numbers and depends on its own words alone, so the tracks have a
tower of their own, which sees each by itself.  What is already given stands beside what is noise,
with a mask: frames that the clip begins or ends with, as further channels of the place (the manner
of Wan's image-to-video models), and boxes as further channels of the tracks.
"""

import math
from dataclasses import dataclass
from typing import cast

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

TIME_FREQUENCIES = 64
FLATTEST_NORM = 1e-6
GIVEN_FRAMES = 4
WORDS_OF_ACTOR = 5
GUIDE_CHANNELS = 5
HEAD_WIDTH = 64
TOWER_WIDTH = 384
TOWER_FLOORS = 3


@dataclass(frozen=True)
class Clips:
    """Clips as numbers, noisy or clean.

    `place` is (batch, patches, numbers), `loops` (batch, actors, patches, numbers), `tracks`
    (batch, actors, numbers).
    """

    place: Tensor
    loops: Tensor
    tracks: Tensor

    def parts(self) -> tuple[Tensor, Tensor, Tensor]:
        """The three, in their order."""
        return self.place, self.loops, self.tracks

    def mixed(self, other: "Clips", share: Tensor) -> "Clips":
        """This clip and `share` (batch,) of the other."""
        return Clips(
            *(_mix(own, new, share) for own, new in zip(self.parts(), other.parts(), strict=True))
        )


@dataclass(frozen=True)
class Given:
    """What is known of clips before they are made.

    `place_words` is (batch, text_channels) and `actor_words` (batch, actors, 5, text_channels):
    object, motion, colour, size, speed; rows of zeros are left open.  `views` is (batch,), which
    view of the place it is, by number; 0 is left open.  `frames` is (batch, 4,
    patches, numbers): at the moments -4, -1, 0 and 47; `has_frames` (batch, 4) tells
    which are known.  `guides` is (batch, actors, 48, 5): x, y, side and stretch of the track, and
    how firmly they are meant, 0 where nothing is known.
    """

    place_words: Tensor
    views: Tensor
    actor_words: Tensor
    frames: Tensor
    has_frames: Tensor
    guides: Tensor


class ReverieSmallNetwork(ModelMixin, ConfigMixin):
    """Estimates clean clips from noisy ones, the noise level and what is given.

    Clips are mixed as (1 - sigma) * clean + sigma * noise and scaled to unit power before they
    enter (the input scale of Karras et al. 2022, arXiv:2206.00364, written for this mixing).
    """

    config_name = "config.json"

    @register_to_config
    def __init__(  # noqa: PLR0913 - the sizes that a folder keeps
        self,
        *,
        place_patches: int = 144,
        place_numbers: int = 256,
        loop_patches: int = 64,
        loop_numbers: int = 384,
        track_numbers: int = 48,
        moments: int = 48,
        most_actors: int = 2,
        width: int = 256,
        depth: int = 5,
        text_channels: int = 384,
        views: int = 84,
        view_numbers: int = 32,
    ) -> None:
        """Promise a network for clips of one size; the sizes are those of the weights."""
        super().__init__()
        self.time = nn.Sequential(
            nn.Linear(2 * TIME_FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.place_word = nn.Linear(text_channels, width)
        self.actor_word = nn.ModuleList(
            nn.Linear(text_channels, width) for _ in range(WORDS_OF_ACTOR)
        )
        self.view = nn.Embedding(1 + views, width)
        nn.init.normal_(self.view.weight, std=0.5)
        self.view_grid = nn.Embedding(1 + views, place_patches * view_numbers)
        nn.init.normal_(self.view_grid.weight, std=0.5)
        self.view_stem = nn.Linear(view_numbers, width)
        self.view_head = nn.Linear(view_numbers, width)
        self.word_place = nn.Parameter(torch.randn(1 + WORDS_OF_ACTOR, width) * 0.1)
        self.actor_place = nn.Parameter(torch.randn(most_actors, width) * 0.1)
        self.place_stem = nn.Linear((1 + GIVEN_FRAMES) * place_numbers + GIVEN_FRAMES, width)
        self.place_grid = nn.Parameter(torch.randn(place_patches, width) * 0.1)
        self.loop_stem = nn.Linear(loop_numbers, width)
        self.loop_grid = nn.Parameter(torch.randn(loop_patches, width) * 0.1)
        self.track_tower = TrackTower(track_numbers, moments * GUIDE_CHANNELS, text_channels)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.place_head = Head(width, 3 * width, place_numbers)
        self.loop_head = Head(width, 4 * width, loop_numbers)

    def forward(self, clips: Clips, sigma: Tensor, given: Given) -> Clips:
        """Return the estimated clean clips; `sigma` is (batch,) in 0..1."""
        dtype = self.place_grid.dtype
        level = sigma.float()
        scale = ((1 - level).square() + level.square()).rsqrt()
        place, loops, tracks = ((part * _like(scale, part)).to(dtype) for part in clips.parts())
        time = self.time(waves(sigma).to(dtype))
        words, seen = self._words(given), self._seen(given)
        actors = loops.shape[1]
        tokens = torch.cat(
            [
                self._place_tokens(place, seen, given),
                (self.loop_stem(loops) + self.loop_grid + self.actor_place[:actors, None]).flatten(
                    1, 2
                ),
                words,
            ],
            dim=1,
        )
        sizes = (
            place.shape[1],
            *[loops.shape[2]] * actors,
            1,
            *[WORDS_OF_ACTOR] * actors,
        )
        steering = self._steering(time, words, actors)
        for block in self.blocks:
            tokens = block(tokens, steering, sizes)
        estimated = self._read(normal(tokens), seen, loops.shape)
        return Clips(*estimated, self.track_tower(tracks, sigma, given))

    def _place_tokens(self, place: Tensor, seen: Tensor, given: Given) -> Tensor:
        known = given.has_frames.to(place.dtype)
        frames = (given.frames.to(place.dtype) * known[:, :, None, None]).transpose(1, 2).flatten(2)
        mask = known[:, None].expand(-1, place.shape[1], -1)
        noisy = self.place_stem(torch.cat([place, frames, mask], -1))
        return noisy + self.place_grid + self.view_stem(seen)

    def _seen(self, given: Given) -> Tensor:
        """Return (batch, patches, numbers): what the view shows where, as it was learned."""
        return cast("Tensor", self.view_grid(given.views)).unflatten(
            1, (-1, self.config["view_numbers"])
        )

    def _words(self, given: Given) -> Tensor:
        """Return (batch, 1 + 5 actors, width): the place first."""
        dtype = self.place_grid.dtype
        place = self.place_word(given.place_words.to(dtype)) + self.word_place[0]
        place = place + self.view(given.views)
        actors = given.actor_words.to(dtype)
        said = torch.stack(
            [layer(actors[:, :, kind]) for kind, layer in enumerate(self.actor_word)], dim=2
        )
        said = said + self.word_place[1:] + self.actor_place[: actors.shape[1], None]
        return torch.cat([place[:, None], said.flatten(1, 2)], 1)

    def _steering(self, time: Tensor, words: Tensor, actors: int) -> Tensor:
        """Return one condition for each group of tokens, (batch, groups, width)."""
        place, said = words[:, :1], words[:, 1:].unflatten(1, (actors, WORDS_OF_ACTOR))
        looks, does = said[:, :, 0] + said[:, :, 2], said.sum(2)
        groups = torch.cat([place, looks, place, does], 1)
        return functional.silu(groups + time[:, None])

    def _read(self, tokens: Tensor, seen: Tensor, loops: torch.Size) -> tuple[Tensor, Tensor]:
        place, actors, patches = seen.shape[1], loops[1], loops[2]
        of_place, of_loops = tokens[:, : place + actors * patches].split(
            (place, actors * patches), 1
        )
        return (
            self.place_head(of_place + self.view_head(seen)).float(),
            self.loop_head(of_loops).float().unflatten(1, (actors, patches)),
        )


class TrackTower(nn.Module):
    """Estimates clean tracks from noisy ones, each by what is said and drawn of its own object."""

    def __init__(self, numbers: int, guides: int, text_channels: int) -> None:
        """Promise a tower over tracks of `numbers`."""
        super().__init__()
        asked = numbers + guides + WORDS_OF_ACTOR * text_channels + 2 * TIME_FREQUENCIES
        self.stem = nn.Linear(asked, TOWER_WIDTH)
        self.floors = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(TOWER_WIDTH), nn.Linear(TOWER_WIDTH, 2 * TOWER_WIDTH), nn.GELU(),
                nn.Linear(2 * TOWER_WIDTH, TOWER_WIDTH),
            )
            for _ in range(TOWER_FLOORS)
        )  # fmt: skip
        self.out = nn.Linear(TOWER_WIDTH, numbers)

    def forward(self, tracks: Tensor, sigma: Tensor, given: Given) -> Tensor:
        """Return (batch, actors, numbers); `tracks` is the same, scaled to unit power."""
        dtype, actors = tracks.dtype, tracks.shape[1]
        time = waves(sigma).to(dtype)[:, None].expand(-1, actors, -1)
        asked = (tracks, given.guides.to(dtype).flatten(2), given.actor_words.to(dtype).flatten(2))
        seen = self.stem(torch.cat([*asked, time], -1))
        for floor in self.floors:
            seen = seen + floor(seen)
        return cast("Tensor", self.out(seen)).float()


class Block(nn.Module):
    """A transformer block whose norms are steered, group by group."""

    def __init__(self, width: int) -> None:
        """Promise a block over tokens of `width` channels."""
        super().__init__()
        self.heads = width // HEAD_WIDTH
        self.steer = nn.Linear(width, 5 * width)
        self.own = nn.Linear(width, 3 * width)
        self.own_out = nn.Linear(width, width)
        self.rise = nn.Linear(width, 4 * width)
        self.fall = nn.Linear(4 * width, width)
        for layer in (self.own_out, self.fall):
            nn.init.zeros_(layer.weight)

    def forward(self, tokens: Tensor, steering: Tensor, sizes: tuple[int, ...]) -> Tensor:
        """Return the tokens, changed; `steering` is (batch, groups, width), `sizes` the groups'."""
        counts = torch.tensor(sizes, device=tokens.device)
        steered = self.steer(steering).repeat_interleave(counts, 1, output_size=tokens.shape[1])
        scale, shift, rescale, reshift, gate = steered.chunk(5, -1)
        asked, offered, carried = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.own(torch.addcmul(shift, normal(tokens), 1 + scale)).chunk(3, -1)
        )
        # Written out: on a CPU the fused attention of bfloat16 takes three times as long.
        fit = (asked @ offered.transpose(-1, -2) * HEAD_WIDTH**-0.5).softmax(-1)
        mixed = fit @ carried
        tokens = tokens + self.own_out(mixed.transpose(1, 2).flatten(2))
        inner = functional.gelu(self.rise(torch.addcmul(reshift, normal(tokens), 1 + rescale)))
        return torch.addcmul(tokens, 1 + gate, self.fall(inner))


class Head(nn.Module):
    """Reads numbers from tokens."""

    def __init__(self, width: int, inner: int, numbers: int) -> None:
        """Promise a reader with one hidden layer."""
        super().__init__()
        self.inner = nn.Linear(width, inner)
        self.out = nn.Linear(inner, numbers)
        nn.init.zeros_(self.out.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (…, numbers)."""
        return cast("Tensor", self.out(functional.gelu(self.inner(tokens))))


def normal(tokens: Tensor) -> Tensor:
    """Return the tokens, each centred and scaled."""
    return functional.layer_norm(tokens, tokens.shape[-1:], eps=FLATTEST_NORM)


def waves(sigma: Tensor) -> Tensor:
    """Return (batch, 128) sines and cosines of the noise level."""
    steps = torch.arange(TIME_FREQUENCIES, device=sigma.device, dtype=torch.float32)
    speeds = torch.exp(steps * (math.log(100.0) / TIME_FREQUENCIES))
    angles = sigma.float()[:, None] * speeds * math.pi
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _like(values: Tensor, part: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (part.ndim - 1))


def _mix(own: Tensor, new: Tensor, share: Tensor) -> Tensor:
    level = _like(share, own)
    return (1 - level) * own + level * new
