"""Ready lists: ranked ahead, served in one round trip, ranked anew when the viewer has changed.

A list belongs to a viewer (by the generation of their record) and has a random name; a cursor says
name and offset.  What was served stays as it was, so that a page can be asked for again.  What was
not is ranked anew as soon as anything about the viewer changed.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson
from pyroaring import BitMap

from feed.ranking.catalogue import Catalogue, author_key, words_mark
from feed.ranking.picks import Pick
from feed.ranking.recommending import recommend
from feed.ranking.relevance import Fit
from feed.ranking.trending import trending
from feed.ranking.viewers import ViewerState, Wishes
from feed.selectors.pages import Mode
from feed.serving.catalogues import current_catalogue
from feed.serving.cursors import NAME_BYTES
from feed.serving.fits import current_models
from feed.serving.fragments import build_fragments
from feed.serving.lines import answer_of
from feed.serving.people import Known, author_digits
from feed.serving.scripts import ENTRIES, EXTEND, TAIL
from feed.serving.viewers import viewer_state
from feed.serving.wishes import wishes_of

RANKED = frozenset({Mode.FOR_YOU, Mode.UNPROFILED, Mode.TRENDING})
PAGES_AHEAD, PAGES_FAR_AHEAD = 3, 12
"""How far is ranked: far for who has read all that was ready, and did nothing that changes it."""

LIST_SECONDS = 3600
TRIES = 4
VERSION_DIGITS = 16
VISITORS: Final = "visitors"
CLIP = slice(0, 32)
NUMBER = slice(48, 56)
WORDS = slice(56, 64)


@dataclass(frozen=True, slots=True)
class Asked:
    """A part of a list: `limit` clips behind `offset`; `who` is None for visitors."""

    who: Known | None
    mode: Mode
    name: bytes
    offset: int
    limit: int

    @property
    def generation(self) -> str:
        """Whose lists these are."""
        return VISITORS if self.who is None else self.who.generation.decode()

    @property
    def user_id(self) -> UUID | None:
        """Who reads them, if anybody who is known."""
        return None if self.who is None else self.who.user_id


def new_name() -> bytes:
    """A name for a list that begins."""
    return secrets.token_bytes(NAME_BYTES)


def ready_clips(
    asked: Asked, *, request: UUID, now: datetime
) -> tuple[list[tuple[UUID, str]], int, bool]:
    """The clips asked for with the marks of their words, the offset behind, and if more may follow.

    None of them is checked: who may see them is asked of the tables.  Raises RedisError.
    """
    uid = str(asked.user_id or "")
    for _ in range(TRIES):
        status, *found = answer_of(
            ENTRIES,
            [
                asked.generation,
                asked.name.hex(),
                asked.offset,
                asked.limit,
                LIST_SECONDS,
                uid,
                request.hex,
                now.timestamp(),
            ],
        )
        if status == b"ok":
            behind, has_more, *entries = found
            return [_clip(entry.decode()) for entry in entries], behind, bool(has_more)
        extend(asked, now=now)
    return [], asked.offset, False


def _clip(entry: str) -> tuple[UUID, str]:
    return UUID(entry[CLIP]), entry[WORDS]


def extend(asked: Asked, *, now: datetime, tail: Any = None) -> bool:
    """Rank what follows in the list, and say whether it was written: not if another was faster.

    `tail` is what TAIL answers, where it was just read.  Raises RedisError.
    """
    hex_id = asked.user_id.hex if asked.user_id else ""
    dirty, (base, served, version, revision), entries, *kept_of_viewer = tail or answer_of(
        TAIL, [asked.generation, asked.name.hex(), hex_id, secrets.token_hex(8)]
    )
    begin = asked.offset if base is None else int(base)
    end = begin + len(entries)
    if version != dirty:
        end = min(end, int(served or begin))
    shown = BitMap(int(entry[NUMBER], 16) for entry in entries[: end - begin])
    is_used_up = version == dirty and bool(entries)
    pages = PAGES_FAR_AHEAD if is_used_up else PAGES_AHEAD
    count = max(0, asked.offset - end) + pages * asked.limit
    catalogue = current_catalogue()
    state, wishes = _viewer(asked, *kept_of_viewer, now=now)
    models = current_models()
    picks = _picks(asked, catalogue, models, state, wishes, shown=shown, count=count, now=now)
    version = models.models.version[:VERSION_DIGITS] if models else ""
    head = [asked.generation, asked.name.hex(), revision or b"", end, begin, dirty]
    kept = [int(len(picks) < count), LIST_SECONDS, len(picks), _noted(asked, wishes), version]
    chosen = _entries(catalogue, picks)
    missing = answer_of(EXTEND, [*head, *kept, *chosen, *map(_told, picks)])
    if missing:
        build_fragments(UUID(one.decode()) for one in missing)
    return missing is not None


def _noted(asked: Asked, wishes: Wishes) -> str:
    """Who is noted as having been served: nobody who is not profiled, and no visitor at all."""
    if asked.user_id is None:
        return ""
    return f'"{asked.user_id.hex}"' if wishes.is_profiled else "null"


def _picks(
    asked: Asked,
    catalogue: Catalogue,
    models: Fit | None,
    state: ViewerState,
    wishes: Wishes,
    *,
    shown: BitMap,
    count: int,
    now: datetime,
) -> list[Pick]:
    """What follows: the unseen first, and what was seen before, or is one's own, behind it."""
    if asked.mode == Mode.TRENDING:
        return trending(catalogue, wishes, shown=shown, count=count)
    told: dict[str, Any] = {"now": now.timestamp(), "random": np.random.default_rng()}
    own = frozenset({author_key(asked.user_id)}) if asked.user_id else frozenset[int]()
    unseen = replace(state, seen=state.seen | shown)
    of_others = replace(wishes, hidden_authors=wishes.hidden_authors | own)
    picks = recommend(catalogue, models, unseen, of_others, count=count, **told)
    if len(picks) < count and (state.seen or own):
        again = replace(state, seen=shown | BitMap(pick.number for pick in picks))
        picks += recommend(catalogue, models, again, wishes, count=count - len(picks), **told)
    return picks


def _viewer(
    asked: Asked, kept_wishes: Sequence[Any], kept_state: Sequence[Any], *, now: datetime
) -> tuple[ViewerState, Wishes]:
    if asked.who is None:
        return ViewerState(), Wishes(is_profiled=False)
    user = asked.who.user()
    wishes = wishes_of(user, now=now, kept=kept_wishes)
    # Of who is not profiled nothing counts, so nothing is looked up.
    state = ViewerState()
    if wishes.is_profiled:
        state = viewer_state(user, now=now, is_profiled=True, kept=kept_state)
    return state, replace(
        wishes,
        is_profiled=wishes.is_profiled and asked.mode != Mode.UNPROFILED,
        is_minor=wishes.is_minor or asked.who.is_minor,
        hidden_authors=wishes.hidden_authors | asked.who.blocked,
    )


def _entries(catalogue: Catalogue, picks: Sequence[Pick]) -> list[str]:
    rows = catalogue.places(np.array([pick.number for pick in picks], np.uint32))
    found = zip(rows.tolist(), catalogue.authors[rows].tolist(), picks, strict=True)
    return [
        f"{catalogue.ids[row].hex}{author_digits(author)}{pick.number:08x}"
        f"{words_mark(catalogue.words[row])}"
        for row, author, pick in found
    ]


def _told(pick: Pick) -> bytes:
    """A pick as the log of what was served wants it, but for its position."""
    number, score, sources, factors, propensity, is_exploration = pick
    return orjson.dumps((number, score, propensity, is_exploration, sources, factors))
