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
from pyroaring import BitMap

from feed.ranking.catalogue import Catalogue, author_key
from feed.ranking.picks import Picks
from feed.ranking.recommending import recommend
from feed.ranking.relevance import Fit
from feed.ranking.trending import trending
from feed.ranking.viewers import ViewerState, Wishes
from feed.selectors.pages import Mode
from feed.serving.catalogues import current_catalogue
from feed.serving.cursors import NAME_BYTES
from feed.serving.entries import clips_in, entries_of, numbers_in
from feed.serving.fits import current_models
from feed.serving.lines import answer_of
from feed.serving.notes import packed
from feed.serving.people import Known
from feed.serving.scripts import ENTRIES, EXTEND, TAIL
from feed.serving.viewers import viewer_state
from feed.serving.wishes import wishes_of

RANKED = frozenset({Mode.FOR_YOU, Mode.UNPROFILED, Mode.TRENDING})
PAGES_AHEAD, PAGES_FAR_AHEAD = 3, 12
"""How far is ranked: far for who has read all that was ready, and did nothing that changes it."""

LIST_SECONDS = 3600
TRIES = 4
VERSION_DIGITS = 16
TOKEN_BYTES = 8
VISITORS: Final = "visitors"


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
            behind, has_more, entries = found
            return clips_in(entries), behind, bool(has_more)
        hex_id = asked.user_id.hex if asked.user_id else ""
        tail = answer_of(
            TAIL, [asked.generation, asked.name.hex(), hex_id, secrets.token_hex(TOKEN_BYTES)]
        )
        answer_of(EXTEND, extension(asked, tail, now=now))
    return [], asked.offset, False


def extension(asked: Asked, tail: Sequence[Any], *, now: datetime) -> list[Any]:
    """Rank what follows in the list: what `extend` is to be told, which heeds only the fastest.

    `tail` is what TAIL answered.  Raises RedisError.
    """
    dirty, (served, version, revision), entries, *kept_of_viewer = tail
    is_used_up = served is not None and version == dirty
    begin = asked.offset if served is None else served
    pages = PAGES_FAR_AHEAD if is_used_up else PAGES_AHEAD
    count = max(0, asked.offset - begin) + pages * asked.limit
    catalogue = current_catalogue()
    state, wishes = _viewer(asked, *kept_of_viewer, now=now)
    models = current_models()
    shown = numbers_in(entries)
    picks = _picks(asked, catalogue, models, state, wishes, shown=shown, count=count, now=now)
    model = models.models.version[:VERSION_DIGITS] if models else ""
    list_of_it = [asked.generation, asked.name.hex(), revision, begin, dirty]
    kept = [int(len(picks) < count), LIST_SECONDS, _noted(asked, wishes), model]
    return [*list_of_it, *kept, entries_of(catalogue, picks.numbers), *packed(picks)]


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
) -> Picks:
    """What follows: the unseen first, and what was seen before, or is one's own, behind it."""
    if asked.mode == Mode.TRENDING:
        return trending(catalogue, wishes, shown=shown, count=count)
    told: dict[str, Any] = {"now": now.timestamp(), "random": np.random.default_rng()}
    own = frozenset({author_key(asked.user_id)}) if asked.user_id else frozenset[int]()
    unseen = replace(state, seen=state.seen | shown)
    of_others = replace(wishes, hidden_authors=wishes.hidden_authors | own)
    picks = recommend(catalogue, models, unseen, of_others, count=count, **told)
    if len(picks) < count and (state.seen or own):
        again = replace(state, seen=shown | BitMap(picks.numbers))
        left = count - len(picks)
        seen = recommend(catalogue, models, again, wishes, count=left, **told)
        picks = picks.followed_by(seen)
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
