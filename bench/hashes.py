"""Which copies of a banned clip the hash bank finds, what it takes for one, and what it costs.

`python -m bench.hashes` prints the tables of docs/hash-bank.md.  Every clip is labelled and goes
down the encoder of the production line first; every copy is encoded again by a stranger's program.
"""

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from statistics import median
from uuid import UUID

import numpy as np

from bench.copies import cropped as cropped_off_centre
from bench.copies import decoded, grey, mirrored, mp4, resized, scaled, turned
from bench.films import FRAMES, Film, drawn, made_by_the_small_model
from bench.rows import Reading, Row
from moderation.classifiers.hashing import (
    FrameHash,
    hash_frames,
    hashed,
    index_frames,
    picture_of,
)
from moderation.classifiers.matching import (
    CERTAIN_SHARE,
    Banned,
    HashIndex,
    Match,
    as_hashes,
    hashes_of,
    near,
)
from moderation.classifiers.nudity import nudity_detector
from moderation.classifiers.pdq import HASH_BYTES
from video.encoding import MP4_NAME, encode
from video.frames import Frames, fit_frames
from video.labels import draw_label
from video.sampling import sample_frames

WIDTH, HEIGHT = 360, 640
RANDOM_HASHES = 1_000_000
BANK_SIZE = 100_000
ROUNDS = 9
BEYOND_EVERY = 4
SEED = 20261122
# Where there is something to recognise; the other kinds of drawn films are noise and lattices.
DRAWN_KINDS = ("photograph", "flat", "clouds")
ALL_KINDS = 6

READING = Reading(
    title="The hash bank",
    how=(
        f"A clip of {FRAMES} frames of {WIDTH} by {HEIGHT} in one process. *Search* is that of "
        f"its {FRAMES} hashes among {BANK_SIZE:,} random ones; *16 hashes* is from decoded frames; "
        "*frame screen* is decoding and the shipped nudity detector on 8 frames; *indexing* reads "
        f"the clip and makes all mirrored and cropped hashes. {ROUNDS} rounds in turns, medians."
    ),
    means="Whether looking a clip up is cheap beside what is done to it anyway.",
    means_not=(
        "A ban is some 300 hashes, so 100,000 are about 300 banned clips; the search grows with "
        "their number. Nothing is said here of which copies are found: see docs/hash-bank.md."
    ),
)

Copy = Callable[[Frames], Frames]


def cropped(frames: Frames, share: float) -> Frames:
    """Without a `share` of each side's length, half of it at each end."""
    _, height, width, _ = frames.shape
    down, across = (round(side * share / 2) for side in (height, width))
    inner = frames[:, down : height - down, across : width - across]
    even = inner[:, : inner.shape[1] // 2 * 2, : inner.shape[2] // 2 * 2]
    return np.ascontiguousarray(even)


def letterboxed(frames: Frames) -> Frames:
    """In another aspect, as this site brings uploads to size: over a blurred fill."""
    return fit_frames(frames, width=HEIGHT, height=HEIGHT)


def _crop(share: float) -> Copy:
    return lambda made: cropped(made, share)


PROMISED: Mapping[str, tuple[Copy, int]] = {
    "crf 28": (lambda made: made, 28),
    "half size, crf 28": (lambda made: scaled(made, 0.5), 28),
    "mirrored": (mirrored, 23),
    **{f"{share:.2%} cropped": (_crop(share), 23) for share in
       (0.0125, 0.025, 0.05, 0.0625, 0.075, 0.1, 0.1375, 0.15, 0.1875, 0.2)},
    "first half only": (lambda made: made[: len(made) // 2], 23),
    "second half only": (lambda made: made[len(made) // 2 :], 23),
    "a quarter from the middle": (lambda made: made[3 * len(made) // 8 : 5 * len(made) // 8], 23),
    "mirrored, 10 % cropped, half size, trimmed, crf 28": (
        lambda made: scaled(cropped(mirrored(made), 0.1), 0.5)[3:], 28
    ),
}  # fmt: skip
BEYOND: Mapping[str, tuple[Copy, int]] = {
    "10 % cropped at the right and below": (lambda made: cropped_off_centre(made, 0.1), 23),
    "20 % cropped at the right and below": (lambda made: cropped_off_centre(made, 0.2), 23),
    "25 % cropped": (_crop(0.25), 23),
    "30 % cropped": (_crop(0.3), 23),
    "squeezed to a square": (lambda made: resized(made, width=360, height=360), 23),
    "grey, crf 35": (grey, 35),
    "turned by 2°": (lambda made: turned(made, 2), 23),
    "turned by 5°": (lambda made: turned(made, 5), 23),
    "upside down": (lambda made: made[:, ::-1], 23),
    "over its own blur, in the other aspect": (letterboxed, 23),
}


@dataclass(frozen=True)
class Made:
    """A clip as it was stored, and what a ban of it puts in the bank."""

    film: Film
    banned: Banned
    mp4: bytes
    frames: Frames
    index: list[FrameHash]


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.hashes", description=__doc__)
    parser.add_argument("--clips", type=int, default=32, help="banned clips of the small model")
    parser.add_argument("--drawn", type=int, default=12, help="banned clips that are drawn")
    parser.add_argument("--strangers", type=int, default=80, help="of the small model, not banned")
    asked = parser.parse_args()
    films = _films(asked.clips, drawn_ones=asked.drawn, seed=SEED)
    made = [_made(film, number) for number, film in enumerate(films)]
    bank = bank_of(made)
    print(f"{len(made)} banned clips, {len(bank.hashes)} hashes, "
          f"{len(bank.hashes) / len(made):.0f} a clip\n")  # fmt: skip
    _print_random(bank)
    _print_costs(made)
    _print_mistakes(bank, _strangers(asked.strangers, first_drawn=asked.drawn))
    _print_found(made, bank)


def _films(count: int, *, drawn_ones: int, seed: int) -> Iterator[Film]:
    """`count` of the small model, and drawn ones of the kinds with something in them."""
    numbers = filter(_is_wanted, range(1 << 20))
    drawings = (drawn(n, width=WIDTH, height=HEIGHT) for n in islice(numbers, drawn_ones))
    return chain(made_by_the_small_model(count, width=WIDTH, height=HEIGHT, seed=seed), drawings)


def _is_wanted(number: int) -> bool:
    return number % ALL_KINDS < len(DRAWN_KINDS)


def _strangers(count: int, *, first_drawn: int) -> Iterator[Film]:
    """Other clips, drawn ones of every kind among them: flat, grainy and striped ones as well."""
    numbers = range(first_drawn * ALL_KINDS, first_drawn * ALL_KINDS + count)
    drawings = (drawn(n, width=WIDTH, height=HEIGHT) for n in numbers)
    made = made_by_the_small_model(count, width=WIDTH, height=HEIGHT, seed=SEED + 1)
    return chain(made, drawings)


def _made(film: Film, number: int) -> Made:
    with tempfile.TemporaryDirectory() as folder:
        encode(
            draw_label(film.frames),
            frames_per_second=8,
            width=WIDTH,
            height=HEIGHT,
            folder=Path(folder),
        )
        video = Path(folder) / MP4_NAME
        content = video.read_bytes()
        index = index_frames(video)
    return Made(film, Banned(UUID(int=number), "any"), content, decoded(content), index)


def bank_of(made: Sequence[Made]) -> HashIndex:
    """All of them banned."""
    return HashIndex(
        hashes=hashes_of([found.value for one in made for found in one.index]),
        owners=np.array([place for place, one in enumerate(made) for _ in one.index], np.int64),
        bans=tuple(one.banned for one in made),
    )


def _hashed(content: bytes) -> list[FrameHash]:
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(content)
        file.flush()
        return hash_frames(Path(file.name))


def _matches(content: bytes, bank: HashIndex) -> list[Match]:
    return bank.matches(_hashed(content), digest="0" * 64)


def _print_found(made: Sequence[Made], bank: HashIndex) -> None:
    for title, copies in (("Promised", PROMISED), ("Beyond", BEYOND)):
        print(f"| {title} | blocked | blocked or held | of the small model blocked | N |")
        print("| :-- | --: | --: | --: | --: |")
        total: Counter[str] = Counter()
        for name, (change, crf) in copies.items():
            found = Counter[str]()
            for one in made if title == "Promised" else made[::BEYOND_EVERY]:
                copy = mp4(np.ascontiguousarray(change(one.frames)), crf=crf, preset="veryfast")
                score = max(
                    (m.score for m in _matches(copy, bank) if m.banned is one.banned), default=0.0
                )
                is_small = one.film.name == "small model"
                found.update({"N": 1, "small": is_small, "held": score > 0,
                              "blocked": score >= CERTAIN_SHARE,
                              "small blocked": is_small and score >= CERTAIN_SHARE})  # fmt: skip
            total.update(found)
            print(_line(name, found), flush=True)
        print(_line("**all**", total), "\n")


def _line(name: str, found: Counter[str]) -> str:
    return (
        f"| {name} | {found['blocked'] / found['N']:.1%} | {found['held'] / found['N']:.1%} "
        f"| {found['small blocked'] / max(1, found['small']):.1%} | {found['N']} |"
    )


def _print_mistakes(bank: HashIndex, strangers: Iterator[Film]) -> None:
    """Clips that are no copies, labelled like the banned ones.

    Photographs are left out: there are two, and all pan over them.
    """
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for film in strangers:
        if film.name == "photograph":
            continue
        scores = [
            match.score
            for match in _matches(mp4(draw_label(film.frames), crf=23, preset="veryfast"), bank)
        ]
        best = max(scores, default=0.0)
        seen[film.name].update(
            N=1, held=int(0 < best < CERTAIN_SHARE), blocked=int(best >= CERTAIN_SHARE)
        )
    for name, found in seen.items():
        print(f"no copies, {name}: {found['blocked']} blocked and {found['held']} held of "
              f"{found['N']}, each against {len(bank.bans)} bans")  # fmt: skip


def _print_random(bank: HashIndex) -> None:
    values = np.random.default_rng(SEED).integers(
        0, 1 << 64, (RANDOM_HASHES, 4), dtype=np.uint64, endpoint=False
    )
    hits = sum(1 for _ in near(values, bank.hashes))
    print(f"{RANDOM_HASHES} random hashes against {len(bank.hashes)}: {hits} matches")


def measure() -> list[Row]:
    """What looking a clip up costs, beside decoding it and beside the frame screen."""
    film = drawn(DRAWN_KINDS.index("clouds"), width=WIDTH, height=HEIGHT)
    seconds = _seconds(mp4(draw_label(film.frames), crf=23, preset="veryfast"))
    decoding = seconds["decode"]
    screen = decoding + seconds["detect"]
    return [
        Row("search ÷ decoding the clip", seconds["search"], decoding, "s"),
        Row("16 hashes ÷ decoding the clip", seconds["hash"], decoding, "s"),
        Row("both ÷ frame screen", seconds["search"] + seconds["hash"], screen, "s"),
        Row("indexing for a ban ÷ decoding the clip", seconds["index"], decoding, "s"),
    ]


def _print_costs(made: Sequence[Made]) -> None:
    seconds = _seconds(made[0].mp4)
    for name, took in seconds.items():
        print(f"{name}: {took * 1000:.1f} ms, {took / seconds['decode']:.2f} of decoding")


def _seconds(content: bytes) -> dict[str, float]:
    """The median of each stage; the stages take turns."""
    large = as_hashes(np.random.default_rng(SEED).bytes(BANK_SIZE * HASH_BYTES))
    asked = hashes_of([one.value for one in _hashed(content)])
    detector = nudity_detector()
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(content)
        file.flush()
        video = Path(file.name)
        eight = [one.frame for one in sample_frames(video, count=8)]
        sixteen = [one.frame for one in sample_frames(video, count=16)]
        stages: dict[str, Callable[[], object]] = {
            "decode": lambda: list(sample_frames(video, count=16)),
            "search": lambda: list(near(asked, large)),
            "hash": lambda: [hashed(picture_of(one), 0.0) for one in sixteen],
            "detect": lambda: detector.judge(eight),
            "index": lambda: index_frames(video),
        }
        taken = [{name: _timed(run) for name, run in stages.items()} for _ in range(ROUNDS)]
    return {name: median(one[name] for one in taken) for name in stages}


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
