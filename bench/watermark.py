"""What the watermark survives, what breaks it, and whether it is ever seen where it is not.

`python -m bench.watermark` prints the table of docs/marking.md, `--promised --frames 8` only what
is promised there, in a fraction of the time; `--unmarked N` looks for marks in N clips that have
none.  Every clip goes down the encoder of the production line first.
"""

import argparse
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from bench.copies import (
    blurred,
    cropped,
    cropped_and_enlarged,
    decoded,
    grey,
    mirrored,
    mp4,
    re_encoded,
    scaled,
    turned,
)
from bench.films import FRAMES, KINDS, Film, drawn, made_by_the_small_model
from video.detection import WatermarkReading, detect
from video.encoding import MP4_NAME, encode
from video.frames import Frames
from video.watermark import Mark, WatermarkKey, embed

WIDTH, HEIGHT = 360, 640
SMALL_SIZES = ((256, 448), (288, 512), (320, 320), (448, 256))
SMALL_FRAMES = 6
STRANGE_KEYS = 4
BEYOND_EVERY = 5
"""What was never promised is measured on each fifth clip."""

PHOTOGRAPH, FLAT, CLOUDS, NOISE, BARS, GRADIENT = range(len(KINDS))
MIX = (PHOTOGRAPH, FLAT, CLOUDS, PHOTOGRAPH, GRADIENT, PHOTOGRAPH,
       NOISE, PHOTOGRAPH, BARS, CLOUDS, PHOTOGRAPH, FLAT)  # fmt: skip
"""Of twelve drawn clips: five photographs, two flat, two clouds, one of each other kind."""

FIRST_DRAWN = 1000 * len(KINDS)
"""Far from the clips that the tests and the fitting of constants looked at."""

Copy = Callable[[Frames], Frames]
PROMISED: Mapping[str, Copy] = {
    "as made": lambda made: made,
    "crf 23": lambda made: re_encoded(made, crf=23),
    "crf 28": lambda made: re_encoded(made, crf=28),
    "half size, crf 23": lambda made: re_encoded(scaled(made, 0.5), crf=23),
    "10 % cropped, crf 23": lambda made: re_encoded(cropped(made, 0.1), crf=23),
    "10 % cropped, enlarged, crf 23": lambda made: re_encoded(
        cropped_and_enlarged(made, 0.1), crf=23
    ),
}
BEYOND: Mapping[str, Copy] = {
    "mirrored, crf 23": lambda made: re_encoded(mirrored(made), crf=23),
    "grey, crf 23": lambda made: re_encoded(grey(made), crf=23),
    "one frame, JPEG-like (crf 23)": lambda made: re_encoded(made[:1], crf=23),
    "two thirds of the size, crf 28": lambda made: re_encoded(scaled(made, 2 / 3), crf=28),
    "half size, crf 28": lambda made: re_encoded(scaled(made, 0.5), crf=28),
    "0.4 of the size, crf 23": lambda made: re_encoded(scaled(made, 0.4), crf=23),
    "30 % cropped, crf 23": lambda made: re_encoded(cropped(made, 0.3), crf=23),
    "30 % cropped, enlarged, crf 23": lambda made: re_encoded(
        cropped_and_enlarged(made, 0.3), crf=23
    ),
    "60 % cropped, crf 23": lambda made: re_encoded(cropped(made, 0.6), crf=23),
    "blurred by 2 pixels, crf 23": lambda made: re_encoded(blurred(made, 2), crf=23),
    "crf 35": lambda made: re_encoded(made, crf=35),
    "turned by 0.3°, crf 23": lambda made: re_encoded(turned(made, 0.3), crf=23),
    "turned by 2°, crf 23": lambda made: re_encoded(turned(made, 2), crf=23),
}


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.watermark", description=__doc__)
    parser.add_argument(
        "--clips", type=int, default=60, help="of the small model, and as many drawn"
    )
    parser.add_argument("--frames", type=int, default=FRAMES, help="of each clip")
    parser.add_argument("--promised", action="store_true", help="only the copies promised")
    parser.add_argument("--kind", choices=KINDS, help="only drawn clips, of this kind")
    parser.add_argument("--unmarked", type=int, default=0, help="look at this many clips instead")
    parser.add_argument("--estimate", action="store_true", help="attack by averaging instead")
    asked = parser.parse_args()
    if asked.unmarked:
        print_unmarked(asked.unmarked)
    elif asked.estimate:
        print_estimate(asked.clips)
    else:
        films = (
            _of_one_kind(asked.kind, asked.clips, frames=asked.frames)
            if asked.kind
            else _films(asked.clips, frames=asked.frames)
        )
        print_survival(films, is_promised_only=asked.promised)


@dataclass
class Survival:
    """What has been measured so far."""

    read: defaultdict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    kinds: Counter[str] = field(default_factory=Counter)
    quality: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def print_survival(films: Iterable[Film], *, is_promised_only: bool) -> None:
    """In how many of `films` the id is read, by kind of copy; Ctrl-C ends it early."""
    key = WatermarkKey("bench", b"a secret that is only for measuring")
    survival = Survival()
    with suppress(KeyboardInterrupt):
        for number, film in enumerate(films):
            beyond = {} if is_promised_only or number % BEYOND_EVERY else BEYOND
            _measure(survival, film, Mark(secrets.randbits(48), key), beyond=beyond)
            print(f"{number + 1} clips", file=sys.stderr, flush=True)
    print(f"{len(survival.quality)} clips of {WIDTH} by {HEIGHT}:")
    print(", ".join(f"{name} {number}" for name, number in survival.kinds.items()))
    print(
        f"PSNR: least {min(survival.quality):.1f}, median "
        f"{statistics.median(survival.quality):.1f} dB; embedding: median "
        f"{statistics.median(survival.seconds) * 1000:.1f} ms a frame."
    )
    print("| copy | read | of |\n| :-- | --: | --: |")
    for name, readings in survival.read.items():
        print(f"| {name} | {sum(readings) / len(readings):.1%} | {len(readings)} |")


def _measure(survival: Survival, film: Film, mark: Mark, *, beyond: Mapping[str, Copy]) -> None:
    survival.kinds[film.name] += 1
    started = time.process_time()
    marked = np.stack([embed(frame, mark) for frame in film.frames])
    survival.seconds.append((time.process_time() - started) / len(marked))
    survival.quality.append(_peak_signal_to_noise(film.frames, marked))
    made = _produced(marked)
    for name, copy in chain(PROMISED.items(), beyond.items()):
        found = detect(copy(made), [mark.key])
        survival.read[name].append(_is(found, mark))
        if not survival.read[name][-1] and (found is not None or name in PROMISED):
            print(f"{film.name}, {name}: {found}", file=sys.stderr)


def print_unmarked(count: int) -> None:
    """How often a mark is read where there is none, with four keys tried on each clip."""
    keys = [WatermarkKey(f"k{one}", bytes([one]) * 32) for one in range(STRANGE_KEYS)]
    false = 0
    for number in range(count):
        width, height = SMALL_SIZES[number % len(SMALL_SIZES)]
        film = drawn(100_000 + number, width=width, height=height, frames=SMALL_FRAMES)
        found = detect(decoded(mp4(film.frames, crf=23, preset="veryfast")), keys)
        if found is not None:
            false += 1
            print(f"FALSE: {film.name} {number}: {found}", file=sys.stderr)
    print(f"{false} false readings in {count} unmarked clips, {STRANGE_KEYS} keys tried on each.")


def print_estimate(count: int) -> None:
    """Average `count` marked clips, subtract the average from another, and look for its mark."""
    key = WatermarkKey("bench", b"a secret that is only for measuring")
    total = np.zeros((HEIGHT, WIDTH), np.float64)
    for number in range(count):
        frame = drawn(number, width=WIDTH, height=HEIGHT, frames=1).frames[0]
        change = embed(frame, Mark(secrets.randbits(48), key)).astype(float) - frame
        total += change.mean(axis=-1)
    estimate = total / count
    estimate *= 1.3 / max(float(estimate.std()), 1e-9)
    victim, mark = drawn(3, width=WIDTH, height=HEIGHT), Mark(secrets.randbits(48), key)
    marked = np.stack([embed(frame, mark) for frame in victim.frames])
    attacked = np.clip(marked - estimate[None, ..., None], 0, 255).astype(np.uint8)
    survived = _is(detect(re_encoded(attacked, crf=23), [key]), mark)
    print(
        f"After averaging the pure marks of {count} clips: {'still read' if survived else 'gone'}."
    )


def _films(count: int, *, frames: int) -> Iterator[Film]:
    made = made_by_the_small_model(count, width=WIDTH, height=HEIGHT, seed=5)
    for index, film in enumerate(made):
        yield Film(film.name, film.frames[:frames])
        place = FIRST_DRAWN + len(KINDS) * index + MIX[index % len(MIX)]
        yield drawn(place, width=WIDTH, height=HEIGHT, frames=frames)


def _of_one_kind(kind: str, count: int, *, frames: int) -> Iterator[Film]:
    for index in range(count):
        place = FIRST_DRAWN + len(KINDS) * index + KINDS.index(kind)
        yield drawn(place, width=WIDTH, height=HEIGHT, frames=frames)


def _produced(frames: Frames) -> Frames:
    with tempfile.TemporaryDirectory() as folder:
        encode(
            frames,
            frames_per_second=8,
            width=frames.shape[2],
            height=frames.shape[1],
            folder=Path(folder),
        )
        return decoded((Path(folder) / MP4_NAME).read_bytes())


def _is(found: WatermarkReading | None, mark: Mark) -> bool:
    return found is not None and found.number == mark.number


def _peak_signal_to_noise(plain: Frames, marked: Frames) -> float:
    error = float(np.mean((plain.astype(np.float32) - marked) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


if __name__ == "__main__":
    main()
