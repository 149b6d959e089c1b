"""A small seeded world in which the feed's own ranking chooses, and everything can be known.

Viewers have tastes, clips have subjects and a quality nobody sees; clips arrive while people
watch.  What a viewer makes of a clip is drawn from a probability that the world knows and the
ranking has to find out.  So it can be told what was lost (regret), who got a turn, and how varied
pages are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from feed.ranking.catalogue import PROVENANCES, RESPONSES, TREND_HOURS, Catalogue, Floats, Places
from feed.ranking.parameters import PARAMETERS, Parameters
from feed.ranking.prepared import Flags
from feed.ranking.recommending import recommend
from feed.ranking.viewers import MEETINGS_REMEMBERED, Meeting, Meetings, ViewerState, Wishes

WIDTH = 384
PAGE = 10
HALF = 0.5
START = 1_800_000_000.0
HOUR = 3600.0
INTERESTS, LIKING, INDIFFERENCE = 4, (0.7, 1.0), (0.0, 0.2)
"""How many topics a viewer likes, how much these fit their taste, and how much the others do."""

SMALL_WORLD = 10
"""First impressions for every clip of a world as small as this."""

EXPLORED = 20
FEW_VIEWERS = 400
"""On so many viewers' pages variety and cold clips are measured."""

PRESSED, LEFT_AT_ONCE = 0.2, 0.5
"""Of those who like a clip, who also press like; of the others, who leave within two seconds."""

GOOD_STRENGTH, BAD_STRENGTH = 0.6, -0.3
COLUMN = {name: place for place, name in enumerate(RESPONSES)}
KINDS, KIND_SPREAD, CLIP_SPREAD = 8, 0.7, 0.4
"""A topic has so many kinds of clips; how far they and single clips lie from its direction (1)."""


@dataclass(frozen=True)
class Setting:
    """How large a world is and how long it is watched.

    `pages` pages are asked for, one after the other by viewers in turn; `clips` arrive, the first
    `present` of them before anybody watches; `refresh` pages are made from one snapshot.  The
    log-odds of liking a clip are `base`, up to `fitting` more where it fits the viewer's taste, and
    more or less by its quality, which is spread by `quality_spread`.
    """

    viewers: int = 2000
    topics: int = 12
    clips: int = 400
    present: int = 60
    authors: int = 200
    pages: int = 6000
    refresh: int = 40
    hours: float = 72.0
    base: float = -1.5
    fitting: float = 1.5
    quality_spread: float = 1.5


TASTES = Setting(
    viewers=400,
    clips=3000,
    present=3000,
    authors=600,
    pages=5300,
    base=-2.5,
    fitting=4.0,
    quality_spread=0.5,
)
"""A world in which it is the viewer's taste that counts: for what content and variety are worth."""


@dataclass(frozen=True)
class World:
    """What is true: `tastes` (V, T), from 0 to 1; `topics` (C,) and `quality` (C,) of clips."""

    setting: Setting
    tastes: Floats
    topics: Places
    quality: Floats
    embeddings: Floats
    authors: Places
    arrives: npt.NDArray[np.float64]

    def liking(self, viewer: int, clips: Places) -> Floats:
        """The probability that the viewer likes each of these clips."""
        fits = self.tastes[viewer, self.topics[clips]]
        odds = self.setting.base + self.setting.fitting * fits + self.quality[clips]
        return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


@dataclass(frozen=True)
class Run:
    """What happened: what was lost against the best pages, and how often each clip was shown.

    `regret` is the sum over all places of the difference between the probability of a like on the
    best possible page and on the one that was made; `likes` were drawn.
    `catalogue` and `viewers` are as they were at the end.
    """

    regret: float
    likes: int
    places: int
    impressions: npt.NDArray[np.int64]
    catalogue: Catalogue
    viewers: Sequence[ViewerState]


def world(setting: Setting, *, seed: int) -> World:
    """A world; the same seed, the same world."""
    random = np.random.default_rng(seed)
    directions = _unit(random.standard_normal((setting.topics, WIDTH)))
    topics = random.integers(0, setting.topics, setting.clips)
    kinds = _unit(random.standard_normal((setting.topics, KINDS, WIDTH)).reshape(-1, WIDTH))
    kind = kinds[topics * KINDS + random.integers(0, KINDS, setting.clips)] * KIND_SPREAD
    noise = random.standard_normal((setting.clips, WIDTH)) * CLIP_SPREAD / np.sqrt(WIDTH)
    late = random.uniform(0, setting.hours * HOUR * 0.7, setting.clips)
    late[: setting.present] = -random.uniform(0, setting.hours * HOUR, setting.present)
    return World(
        setting=setting,
        tastes=_tastes(setting, random),
        topics=topics,
        quality=(random.standard_normal(setting.clips) * setting.quality_spread).astype(np.float32),
        embeddings=_unit(directions[topics] + kind + noise),
        authors=random.integers(0, setting.authors, setting.clips),
        arrives=START + np.sort(late),
    )


def _tastes(setting: Setting, random: np.random.Generator) -> Floats:
    """(V, T): every viewer likes INTERESTS topics, about equally, and the others little."""
    tastes = random.uniform(*INDIFFERENCE, (setting.viewers, setting.topics))
    for taste in tastes:
        mine = random.choice(setting.topics, INTERESTS, replace=False)
        taste[mine] = random.uniform(*LIKING, INTERESTS)
    return tastes.astype(np.float32)


def run(true: World, *, seed: int, parameters: Parameters = PARAMETERS) -> Run:
    """Let the feed's ranking serve the world's viewers, and count what came of it."""
    return _Play(true, seed, parameters).played()


class _Play:
    """A run in the making."""

    def __init__(self, true: World, seed: int, parameters: Parameters) -> None:
        setting = true.setting
        self._world, self._parameters = true, parameters
        self._random = np.random.default_rng(seed)
        self._responses = np.zeros((setting.clips, len(RESPONSES)), np.float32)
        self._trends = np.zeros((setting.clips, len(TREND_HOURS)), np.float32)
        self._viewers = [ViewerState() for _ in range(setting.viewers)]
        self._regret, self._likes, self._places = 0.0, 0, 0

    def played(self) -> Run:
        setting = self._world.setting
        step = setting.hours * HOUR / setting.pages
        decay = 0.5 ** (step * setting.refresh / (np.array(TREND_HOURS) * HOUR))
        snapshot = self._snapshot(START)
        for page in range(setting.pages):
            now = START + page * step
            if page % setting.refresh == 0:
                self._trends *= decay.astype(np.float32)
                snapshot = self._snapshot(now)
            viewer = int(self._random.integers(setting.viewers))
            self._serve(viewer, snapshot, now=now)
        return Run(
            regret=self._regret,
            likes=self._likes,
            places=self._places,
            impressions=self._responses[:, 0].astype(np.int64),
            catalogue=snapshot,
            viewers=self._viewers,
        )

    def _chance(self, shown: Places, share: float) -> Flags:
        return np.asarray(self._random.random(len(shown)) < share)

    def _snapshot(self, now: float) -> Catalogue:
        here = np.flatnonzero(self._world.arrives <= now)
        return catalogue_of(self._world, here, self._responses[here], self._trends[here])

    def _serve(self, viewer: int, snapshot: Catalogue, *, now: float) -> None:
        state = self._viewers[viewer]
        picks = recommend(
            snapshot,
            None,
            state,
            Wishes(),
            count=PAGE,
            now=now,
            random=self._random,
            parameters=self._parameters,
        )
        shown = np.array([pick.number for pick in picks], np.int64)
        chances = self._world.liking(viewer, shown)
        self._regret += best_page(self._world, viewer, state.seen, snapshot) - float(chances.sum())
        liked = self._random.random(len(shown)) < chances
        self._likes += int(liked.sum())
        self._places += len(shown)
        self._responses[shown, 0] += 1
        self._responses[shown, COLUMN["completions"]] += liked
        self._responses[shown, COLUMN["likes"]] += liked & self._chance(shown, PRESSED)
        self._responses[shown, COLUMN["skips"]] += ~liked & self._chance(shown, LEFT_AT_ONCE)
        self._trends[shown[liked]] += 1
        self._viewers[viewer] = after(state, shown, liked, now=now)


def catalogue_of(true: World, rows: Places, responses: Floats, trends: Floats) -> Catalogue:
    """The catalogue of some of the world's clips; a clip's number is its row in the world."""
    size = len(rows)
    return Catalogue(
        version="",
        numbers=rows.astype(np.uint32),
        ids=[UUID(int=int(row)) for row in rows],
        authors=true.authors[rows],
        published_at=true.arrives[rows],
        durations=np.full(size, 10, np.float32),
        provenances=np.full(size, PROVENANCES.index("generated"), np.uint8),
        is_for_minors=np.ones(size, np.bool_),
        embeddings=true.embeddings[rows].astype(np.float16),
        responses=responses.copy(),
        trends=trends.copy(),
        hashtags=[frozenset()] * size,
        words=[""] * size,
    )


def after(
    state: ViewerState, shown: Places, liked: npt.NDArray[np.bool_], *, now: float
) -> ViewerState:
    """The viewer's state once they have met what was shown."""
    met = tuple(
        Meeting(int(number), now, GOOD_STRENGTH if is_liked else BAD_STRENGTH)
        for number, is_liked in zip(shown, liked, strict=True)
    )
    return replace(
        state,
        meetings=Meetings.of((*state.meetings, *met)[-MEETINGS_REMEMBERED:]),
        seen=state.seen | BitMap(shown.astype(np.uint32)),
    )


def best_page(true: World, viewer: int, seen: BitMap, snapshot: Catalogue) -> float:
    """The sum of probabilities of a like on the best page that could be made."""
    numbers = snapshot.numbers.astype(np.int64)
    chances = true.liking(viewer, numbers)
    chances[snapshot.places(np.array((BitMap(snapshot.numbers) & seen).to_array(), np.uint32))] = 0
    return float(np.sort(chances)[-PAGE:].sum())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two figures of the same pages: of the feed, and of what it is compared with."""

    ours: float
    reference: float

    @property
    def ratio(self) -> float:
        """Ours to the reference."""
        return self.ours / self.reference


def without_chance(parameters: Parameters) -> Parameters:
    """The same ranking that keeps no place for chance."""
    return replace(parameters, exploring_places=0, first_places=0)


def without_reranking(parameters: Parameters) -> Parameters:
    """The same ranking that puts the clips into the order of their scores."""
    return replace(parameters, diversity_theta=1.0, author_decay=1.0, author_cap=PAGE)


def regret(true: World, *, seed: int, parameters: Parameters) -> tuple[Run, Comparison]:
    """The regret of a place beside that of the same ranking without chance; and our run."""
    ours = run(true, seed=seed, parameters=parameters)
    greedy = run(
        true, seed=seed, parameters=replace(without_chance(parameters), first_impressions=0)
    )
    return ours, Comparison(ours.regret / ours.places, greedy.regret / greedy.places)


def variety(true: World, end: Run, *, seed: int) -> tuple[Comparison, Comparison]:
    """How far apart the clips of a page lie, and its NDCG, both beside those without reranking.

    The gain of a clip is the probability that the viewer likes it, against the best page possible.
    """
    settled = without_chance(PARAMETERS)
    figures = []
    for parameters in (settled, without_reranking(settled)):
        pages = [
            _page(end.catalogue, state, seed=seed, parameters=parameters)
            for state in end.viewers[:FEW_VIEWERS]
        ]
        spread = [spread_of(true.embeddings[page]) for page in pages]
        gains = [
            gain_of(true.liking(viewer, page), _ideal(true, viewer, end))
            for viewer, page in enumerate(pages)
        ]
        figures.append((float(np.mean(spread)), float(np.mean(gains))))
    (our_spread, our_gain), (plain_spread, plain_gain) = figures
    return Comparison(our_spread, plain_spread), Comparison(our_gain, plain_gain)


def cold(true: World, end: Run, *, seed: int) -> Comparison:
    """NDCG of a page of clips that nobody has seen, beside that of a page of random ones.

    Half of the world's clips are taken for new: nothing is known of them but what they are about,
    and all the others were seen by everybody.  A clip is right if it is about the subject that the
    viewer likes best; viewers who have liked nothing yet are left out.
    """
    random = np.random.default_rng(seed)
    clips = end.catalogue
    is_new = random.random(len(clips)) < HALF
    unseen = replace(
        clips,
        responses=clips.responses * ~is_new[:, np.newaxis],
        trends=clips.trends * ~is_new[:, np.newaxis],
    )
    new = clips.numbers[is_new].astype(np.int64)
    old = BitMap(clips.numbers[~is_new])
    ours, chance = [], []
    for viewer, state in enumerate(end.viewers[:FEW_VIEWERS]):
        known = Meetings.of(one for one in state.meetings if one.number in old)
        right = (true.topics[new] == int(np.argmax(true.tastes[viewer]))).astype(np.float32)
        if not right.any() or not np.any(known.strengths > 0):
            continue
        page = _page(
            unseen,
            ViewerState(meetings=known, seen=old),
            seed=seed,
            parameters=without_chance(PARAMETERS),
        )
        ideal = np.sort(right)[::-1][:PAGE]
        ours.append(gain_of(right[np.searchsorted(new, page)], ideal))
        chance.append(gain_of(random.permutation(right)[:PAGE], ideal))
    return Comparison(float(np.mean(ours)), float(np.mean(chance)))


def spread_of(embeddings: Floats) -> float:
    """The mean distance (1 - cosine) between the clips of a page, (n, d) of length 1."""
    pairs = len(embeddings) * (len(embeddings) - 1)
    likeness = embeddings @ embeddings.T
    return float(1 - (likeness.sum() - np.trace(likeness)) / pairs) if pairs else 0.0


def gain_of(gains: Floats, ideal: Floats) -> float:
    """The NDCG of a page by its clips' gains, in order, against the best page's."""
    discounts = 1 / np.log2(np.arange(2, max(len(ideal), len(gains)) + 2))
    best = float((ideal * discounts[: len(ideal)]).sum())
    return float((gains * discounts[: len(gains)]).sum()) / best


def _page(clips: Catalogue, state: ViewerState, *, seed: int, parameters: Parameters) -> Places:
    picks = recommend(
        clips,
        None,
        state,
        Wishes(),
        count=PAGE,
        now=float(clips.published_at.max()),
        random=np.random.default_rng(seed),
        parameters=parameters,
    )
    return np.array([pick.number for pick in picks], np.int64)


def _ideal(true: World, viewer: int, end: Run) -> Floats:
    left = BitMap(end.catalogue.numbers) - end.viewers[viewer].seen
    chances = true.liking(viewer, np.array(left.to_array(), np.int64))
    return np.sort(chances)[::-1][:PAGE]


def _unit(vectors: npt.NDArray[np.floating]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


@dataclass(frozen=True)
class Simulated:
    """What a seed's two worlds say: that of unknown quality, and that of strong tastes."""

    seed: int
    guaranteed: int
    least_impressions: int
    regret: Comparison
    variety: Comparison
    gain: Comparison
    cold: Comparison

    def as_json(self) -> dict[str, Any]:
        """What `manage.py simulate_feed` prints."""
        compared = {
            "regret_beside_greedy": self.regret,
            "distance_beside_unreranked": self.variety,
            "ndcg_beside_unreranked": self.gain,
            "cold_ndcg_beside_random": self.cold,
        }
        return {
            "seed": self.seed,
            "impressions_guaranteed": self.guaranteed,
            "impressions_of_the_clip_shown_least": self.least_impressions,
            **{
                name: {
                    "ours": round(one.ours, 4),
                    "reference": round(one.reference, 4),
                    "ratio": round(one.ratio, 3),
                }
                for name, one in compared.items()
            },
        }


def simulated(seed: int) -> Simulated:
    """Both worlds of this seed, served by the feed's ranking; about half a minute.

    The parameters are the feed's own, but that a clip is judged after SMALL_WORLD impressions and
    known after EXPLORED times as many: a world of some thousand pages has no more to give.
    """
    small = replace(
        PARAMETERS, first_impressions=SMALL_WORLD, exploring_until=EXPLORED * SMALL_WORLD
    )
    unknown = world(Setting(), seed=seed)
    ours, lost = regret(unknown, seed=seed, parameters=small)
    liked = world(TASTES, seed=seed)
    # Everything is known to be as good as anything here: taste alone decides.
    end = run(liked, seed=seed, parameters=replace(without_chance(small), first_impressions=0))
    spread, gain = variety(liked, end, seed=seed)
    return Simulated(
        seed=seed,
        guaranteed=SMALL_WORLD,
        least_impressions=int(ours.impressions.min()),
        regret=lost,
        variety=spread,
        gain=gain,
        cold=cold(liked, end, seed=seed),
    )
