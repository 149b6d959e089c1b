"""What a watermark's chips say: 48 bits and their check as 1,024 signs, and back.

The tile of a watermark is 32 by 32 chips.  Each chip is the sum of a sign that never changes (the
sync, by which the tile is found) and a sign of the code.  The code takes the 64 bits of id and
check as four words of 16 bits, and spreads each over 256 chips by a random linear code; the word
that fits best is found among all 65,536 at once by a Walsh-Hadamard transform, which is maximum
likelihood decoding.  All of it is drawn from the key's secret.
"""

import hashlib
from binascii import crc_hqx
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

SIDE = 32
CHIPS = SIDE * SIDE
ID_BITS, WORD_BITS, WORDS = 48, 16, 4
SPREAD = CHIPS // WORDS
CODEWORDS = 1 << WORD_BITS
SYNC_SHARE = 0.25
"""The part of the power that goes into finding the tile; the rest carries the id."""

CRC_START = 0xFFFF


@dataclass(frozen=True)
class Code:
    """One key's way of turning bits into signs.

    `sync` and `scramble` are (1024,) of ±1, `places` is a permutation of the chips, `generator`
    is (4, 256) uint16: chip c of word w is the parity of `word & generator[w, c]`.
    """

    sync: Floats
    scramble: Floats
    places: NDArray[np.intp]
    generator: NDArray[np.uint16]


@dataclass(frozen=True)
class Word:
    """What 1,024 noisy chips say: an id, whether its check agrees, and how well it fits them.

    `agreement` is the correlation of the chips with those of the id, 0 to 1; chips that carry
    nothing reach 0.28, and seldom 0.3, by the choice among so many words.
    """

    number: int
    is_whole: bool
    agreement: float


@lru_cache(maxsize=64)
def code_of(secret: bytes) -> Code:
    """The code that `secret` stands for."""
    sign_bytes, place_bytes = CHIPS // 8, CHIPS * 8
    drawn = hashlib.shake_256(b"reverie spread spectrum 1\0" + secret).digest(
        2 * sign_bytes + place_bytes + 2 * CHIPS
    )
    bits = np.unpackbits(np.frombuffer(drawn[: 2 * sign_bytes], np.uint8))
    signs = bits.astype(np.float32) * 2 - 1
    ranks = np.frombuffer(drawn[2 * sign_bytes :][:place_bytes], "<u8")
    columns = np.frombuffer(drawn[2 * sign_bytes + place_bytes :], "<u2")
    return Code(
        sync=signs[:CHIPS],
        scramble=signs[CHIPS:],
        places=np.argsort(ranks, kind="stable"),
        generator=columns.astype(np.uint16).reshape(WORDS, SPREAD),
    )


def chips_for(code: Code, number: int) -> Floats:
    """The (1024,) chips of an id of 48 bits, of power 1."""
    spread = np.empty(CHIPS, np.float32)
    for index, word in enumerate(_words(number)):
        parity = np.bitwise_count(code.generator[index] & np.uint16(word)) & 1
        spread[_places(code, index)] = 1 - 2 * parity.astype(np.float32)
    mixed = np.sqrt(SYNC_SHARE) * code.sync + np.sqrt(1 - SYNC_SHARE) * spread * code.scramble
    return np.asarray(mixed, np.float32)


def read_chips(code: Code, chips: Floats) -> Word:
    """The id that fits noisy `chips`, (1024,) of any scale, best."""
    plain = chips * code.scramble
    plain /= max(float(np.sqrt((plain**2).mean())), 1e-12)
    whole, fit = 0, 0.0
    for index in range(WORDS):
        heard = np.bincount(
            code.generator[index], weights=plain[_places(code, index)], minlength=CODEWORDS
        )
        scores = _walsh_hadamard(heard.astype(np.float32))
        best = int(np.argmax(scores))
        whole, fit = whole << WORD_BITS | best, fit + float(scores[best]) / CHIPS
    number = whole >> WORD_BITS
    return Word(number, is_whole=_check(number) == whole & (CODEWORDS - 1), agreement=fit)


def _words(number: int) -> list[int]:
    whole = number << WORD_BITS | _check(number)
    return [whole >> WORD_BITS * place & CODEWORDS - 1 for place in reversed(range(WORDS))]


def _check(number: int) -> int:
    return crc_hqx(number.to_bytes(ID_BITS // 8, "big"), CRC_START)


def _places(code: Code, index: int) -> NDArray[np.intp]:
    return code.places[index * SPREAD : (index + 1) * SPREAD]


def _walsh_hadamard(values: Floats) -> Floats:
    length = len(values)
    for half in (1 << bit for bit in range(WORD_BITS)):
        pairs = values.reshape(length // (2 * half), 2, half)
        values = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1)
    return values.reshape(length)
