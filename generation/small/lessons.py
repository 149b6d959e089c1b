"""What the network is taught: scenes as numbers, with parts of them given."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from generation.small import vocabulary, world
from generation.small.codec import PatchCodec, TrackCodec
from generation.small.layers import Actor as Layer
from generation.small.network import GUIDE_CHANNELS, Clips, Given
from generation.small.tracks import MOMENTS, SIDE, STRETCH, X, Y
from language.minilm import minilm

GIVEN_MOMENTS = (-4, -1, 0, MOMENTS - 1)
TWO_ACTORS_SHARE = 0.2
EMPTY_SHARE = 0.08
UNSAID_SHARE = 0.08
UNSAID_BESIDE_GIVEN_SHARE = 0.5
FRAMES_SHARE = 0.25
GUIDES_SHARE = 0.20
EVERY_BOX_SHARE = 0.3
SOFT = 0.5
SOFT_SPREAD = 0.03
# Which of the given moments a clip begins with: it goes on, is begun, is begun and ended.
GIVEN_WAYS = ((0, 1), (1,), (2,), (2, 3), (3,))
GUIDE_CENTRE = np.array([0.5, 0.5, 0.33, 0.0], np.float32)
GUIDE_SCALE = np.array([4.0, 4.0, 6.0, 4.0], np.float32)
WORD_NUMBERS = 384
WORD_SCALE = WORD_NUMBERS**0.5


@dataclass(frozen=True)
class Codecs:
    """How places, loops and tracks become numbers."""

    place: PatchCodec
    loop: PatchCodec
    track: TrackCodec

    def parts(self) -> tuple[PatchCodec, PatchCodec, TrackCodec]:
        """The three, in their order."""
        return self.place, self.loop, self.track


def new_codecs() -> Codecs:
    """Codecs of the sizes the network has, not yet fitted."""
    return Codecs(
        PatchCodec(channels=3, height=256, width=144, patch=24, stride=16, numbers=256),
        PatchCodec(channels=64, height=64, width=64, patch=12, stride=8, numbers=384),
        TrackCodec(size=world.TRACK_SIZE, numbers=48),
    )


def fit_codecs(bank: world.Bank, *, seed: int) -> Codecs:
    """Codecs fitted to the bank and to tracks drawn from `seed`."""
    codecs = new_codecs()
    codecs.place.fit(_pictures(bank.places[:, :24].reshape(-1, *bank.places.shape[2:])))
    codecs.loop.fit(multiplied(bank.loops))
    codecs.track.fit(_many_tracks(bank, seed), torch.from_numpy(world.weights_of_flat()))
    return codecs


def multiplied(loops: np.ndarray) -> Tensor:
    """Loops (count, 16, 64, 64, 4) as the loop codec takes them: (count, 64, 64, 64).

    Colours are multiplied by opacity, and phases stand beside each other as channels.
    """
    colours = loops[..., :3] * loops[..., 3:]
    both = np.concatenate([colours, loops[..., 3:]], -1)
    return torch.from_numpy(both).permute(0, 1, 4, 2, 3).flatten(1, 2).contiguous()


def _pictures(places: np.ndarray) -> Tensor:
    return torch.from_numpy(places).permute(0, 3, 1, 2).float() / 127.5 - 1


def _many_tracks(bank: world.Bank, seed: int) -> Tensor:
    rng, luck = np.random.default_rng(seed), random.Random(seed)
    flats: list[np.ndarray] = []
    while len(flats) < 6000:  # noqa: PLR2004 - many times what is fitted
        scene = vocabulary.random_scene(luck, held_out=False, actors=luck.choice((1, 2)))
        staged = world.stage(scene, bank, rng, is_anywhere=luck.random() < FRAMES_SHARE)
        flats += [world.flat(layer) for layer in staged.layers]
    return torch.from_numpy(np.stack(flats))


@dataclass(frozen=True)
class School:
    """Everything lessons are drawn from, as numbers.

    `places` is (places, painted, patches, numbers), `loops` (objects, patches, numbers).
    """

    bank: world.Bank
    codecs: Codecs
    places: Tensor
    loops: Tensor

    @classmethod
    def of(cls, bank: world.Bank, codecs: Codecs) -> "School":
        """A school over the bank."""
        with torch.inference_mode():
            places = [codecs.place.encode(_pictures(variants)) for variants in bank.places]
            loops = codecs.loop.encode(multiplied(bank.loops))
        return cls(bank, codecs, torch.stack(places).half(), loops)


def word_features(names: Sequence[str]) -> Tensor:
    """What the names mean, (names, 384), entries of about 1; an empty name is all zeros."""
    said = [name for name in names if name]
    found = torch.zeros(len(names), WORD_NUMBERS)
    if said:
        rows = torch.from_numpy(minilm().embed(said)) * WORD_SCALE
        found[[place for place, name in enumerate(names) if name]] = rows
    return found


class Words:
    """The features of every name the model knows, looked up by kind and name."""

    def __init__(self) -> None:
        known = vocabulary.concepts()
        rows = word_features([concept.name for concept in known])
        self._rows = {
            (concept.kind, concept.name): row for concept, row in zip(known, rows, strict=True)
        }
        self._nothing = torch.zeros(WORD_NUMBERS)

    def of_place(self, place: str | None) -> Tensor:
        """(384,) for a place's name; zeros where it is not said."""
        return self._row(vocabulary.PLACE, place)

    def of_actor(self, actor: vocabulary.Actor, *, without: frozenset[str] = frozenset()) -> Tensor:
        """(5, WORD_NUMBERS): object, motion, colour, size, speed; zeros for what is not said."""
        said = (
            (vocabulary.OBJECT, actor.object), (vocabulary.MOTION, actor.motion),
            (vocabulary.COLOUR, actor.colour), (vocabulary.SIZE, actor.size),
            (vocabulary.SPEED, actor.speed),
        )  # fmt: skip
        return torch.stack(
            [self._row(kind, None if kind in without else name) for kind, name in said]
        )

    def _row(self, kind: str, name: str | None) -> Tensor:
        return self._rows[kind, name] if name else self._nothing


@dataclass(frozen=True)
class Lesson:
    """A batch: what the clips are, and what is given of them."""

    clean: Clips
    given: Given


class Lessons(IterableDataset[Lesson]):
    """Endless batches of lessons; each loading process draws its own."""

    def __init__(self, school: School, *, batch: int, seed: int) -> None:
        """Promise lessons of `batch` clips."""
        self.school, self.batch, self.seed = school, batch, seed
        self.words = Words()

    def __iter__(self) -> Iterator[Lesson]:
        """Yield batches without end."""
        worker = torch.utils.data.get_worker_info()
        seed = self.seed + (1 + worker.id if worker else 0)
        luck = random.Random(seed)
        rng = np.random.default_rng(seed)
        while True:
            actors = 2 if luck.random() < TWO_ACTORS_SHARE else 1
            yield _together([self._drawn(luck, rng, actors) for _ in range(self.batch)])

    @torch.inference_mode()
    def _drawn(self, luck: random.Random, rng: np.random.Generator, actors: int) -> Lesson:
        scene = vocabulary.random_scene(luck, held_out=False, actors=actors)
        ways = luck.choice(GIVEN_WAYS) if luck.random() < FRAMES_SHARE else ()
        guided = luck.random() < GUIDES_SHARE
        # Any picture may be given; without one, a place is one of the views it is known by.
        views = None if ways else world.VIEWS
        staged = world.stage(scene, self.school.bank, rng, is_anywhere=bool(ways), views=views)
        place, words = self._said(scene, luck, is_begun=bool(ways), is_guided=guided)
        is_said = bool(place.any()) and not ways
        view = world.view_number(scene.place, staged.variant) if is_said else 0
        return Lesson(
            self._clean(staged),
            Given(
                place,
                torch.tensor(view),
                words,
                *self._frames(staged, ways),
                torch.stack([guide_of(layer, rng, is_given=guided) for layer in staged.layers]),
            ),
        )

    def _clean(self, staged: world.Staged) -> Clips:
        school = self.school
        place = vocabulary.PLACE_NAMES.index(staged.scene.place)
        things = [school.bank.names.index(actor.object) for actor in staged.scene.actors]
        flats = torch.from_numpy(np.stack([world.flat(layer) for layer in staged.layers]))
        return Clips(
            school.places[place, staged.variant].float(),
            school.loops[things],
            school.codecs.track.encode(flats),
        )

    def _said(
        self, scene: vocabulary.Scene, luck: random.Random, *, is_begun: bool, is_guided: bool
    ) -> tuple[Tensor, Tensor]:
        if luck.random() < EMPTY_SHARE:
            return torch.zeros(WORD_NUMBERS), torch.zeros(len(scene.actors), 5, WORD_NUMBERS)
        place = self.words.of_place(None if luck.random() < _unsaid(is_begun) else scene.place)
        is_open = luck.random() < _unsaid(is_guided)
        without = frozenset({vocabulary.MOTION}) if is_open else frozenset()
        return place, torch.stack(
            [self.words.of_actor(actor, without=without) for actor in scene.actors]
        )

    def _frames(self, staged: world.Staged, ways: Sequence[int]) -> tuple[Tensor, Tensor]:
        grid = self.school.places.shape[2:]
        frames, known = torch.zeros(len(GIVEN_MOMENTS), *grid), torch.zeros(len(GIVEN_MOMENTS))
        if ways:
            shown = np.stack([world.frame_at(staged, GIVEN_MOMENTS[way]) for way in ways])
            frames[list(ways)] = self.school.codecs.place.encode(_pictures(shown))
            known[list(ways)] = 1
        return frames, known


def _unsaid(is_given: bool) -> float:  # noqa: FBT001 - a table of two
    return UNSAID_BESIDE_GIVEN_SHARE if is_given else UNSAID_SHARE


def guide_of(layer: Layer, rng: np.random.Generator, *, is_given: bool) -> Tensor:
    """A guide (48, 5) over the layer's track: a few keyframes, or all, or none."""
    guide = np.zeros((MOMENTS, GUIDE_CHANNELS), np.float32)
    if is_given:
        count = MOMENTS if rng.random() < EVERY_BOX_SHARE else int(rng.integers(2, 7))
        chosen = np.unique([0, *rng.choice(MOMENTS, count - 1, replace=False)])
        firmness = 1.0 if rng.random() < 0.6 else SOFT  # noqa: PLR2004 - most are firm
        values = layer.track[chosen][:, [X, Y, SIDE, STRETCH]]
        if firmness == SOFT:
            values = values + rng.normal(0, SOFT_SPREAD, values.shape)
        guide[chosen] = guide_rows(values, firmness)
    return torch.from_numpy(guide)


def guide_rows(values: np.ndarray, firmness: float) -> np.ndarray:
    """Rows (count, 5) of a guide from x, y, side, stretch (count, 4) and how firm they are."""
    scaled = (values - GUIDE_CENTRE) * GUIDE_SCALE
    return np.concatenate([scaled, np.full((len(values), 1), firmness)], 1).astype(np.float32)


def _together(lessons: Sequence[Lesson]) -> Lesson:
    return Lesson(
        Clips(
            *(
                torch.stack(parts)
                for parts in zip(*(one.clean.parts() for one in lessons), strict=True)
            )
        ),
        Given(
            *(
                torch.stack([getattr(one.given, name) for one in lessons])
                for name in Given.__dataclass_fields__
            )
        ),
    )


def opened_school(assets: Path, run: Path, seed: int) -> School:
    """The school of a run, made at the first call and kept in its folder."""
    kept = run / "school.pt"
    if not kept.exists():
        run.mkdir(parents=True, exist_ok=True)
        _keep(_made_school(assets, seed), kept)
    return _kept_school(kept)


def _made_school(assets: Path, seed: int) -> School:
    bank = world.make_bank(assets, seed)
    return School.of(bank, fit_codecs(bank, seed=seed))


def _keep(school: School, path: Path) -> None:
    partial = path.with_suffix(".part")
    torch.save(
        {
            "bank": [torch.from_numpy(school.bank.loops), torch.from_numpy(school.bank.places)],
            "codecs": [codec.state_dict() for codec in school.codecs.parts()],
            "numbers": [school.places, school.loops],
        },
        partial,
    )
    partial.replace(path)


def _kept_school(path: Path) -> School:
    saved = torch.load(path, weights_only=True, mmap=True)
    codecs = new_codecs()
    parts: tuple[nn.Module, ...] = codecs.parts()
    for codec, state in zip(parts, saved["codecs"], strict=True):
        codec.load_state_dict(state)
    loops, places = (part.numpy() for part in saved["bank"])
    return School(world.Bank(loops, places), codecs, *saved["numbers"])
