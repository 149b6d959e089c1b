"""What a clip was made from, and what was made from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from accounts.permissions import Viewer
from clips.selectors import clip_for, visible_clips
from feed.cards import ClipCard, cards_of

MOST_ANCESTORS = 20
MOST_GENERATIONS = 6
MOST_DESCENDANTS = 100

ANCESTORS = """
WITH RECURSIVE up AS (
    SELECT parent_id AS id, 1 AS steps FROM clips_video WHERE id = %s AND parent_id IS NOT NULL
    UNION ALL
    SELECT video.parent_id, up.steps + 1
    FROM up JOIN clips_video AS video ON video.id = up.id
    WHERE video.parent_id IS NOT NULL AND up.steps < %s
)
SELECT up.id, clip.id FROM up LEFT JOIN clips_clip AS clip ON clip.video_id = up.id
ORDER BY up.steps
"""
# Breadth first: the walk stops when it has found enough.
DESCENDANTS = """
WITH RECURSIVE down AS (
    SELECT id, parent_id, 1 AS steps FROM clips_video WHERE parent_id = %s
    UNION ALL
    SELECT video.id, video.parent_id, down.steps + 1
    FROM down JOIN clips_video AS video ON video.parent_id = down.id
    WHERE down.steps < %s
)
SELECT down.id, down.parent_id, clip.id
FROM (SELECT * FROM down LIMIT %s) AS down
LEFT JOIN clips_clip AS clip ON clip.video_id = down.id
ORDER BY down.id
"""


@dataclass(frozen=True)
class Remix:
    """A clip below another, `depth` generations down; `card` is None for one that is not shown."""

    card: ClipCard | None
    depth: int


@dataclass(frozen=True)
class Family:
    """Where a clip comes from, nearest first, and its remixes, each before what came of it.

    None stands for what the viewer may not see: it may be deleted, private or never posted.
    """

    ancestors: Sequence[ClipCard | None]
    remixes: Sequence[Remix]


def family_of(clip_id: UUID, *, viewer: Viewer) -> Family:
    """The remix tree around a clip, at most 20 up, 6 down and 100 wide.  Raises NotFound.

    Whoever may not see the clip itself learns nothing; four queries, whatever its size.
    """
    clip = clip_for(viewer, clip_id)
    with connection.cursor() as cursor:
        cursor.execute(ANCESTORS, [clip.video_id, MOST_ANCESTORS])
        up: list[tuple[UUID, UUID | None]] = cursor.fetchall()
        cursor.execute(DESCENDANTS, [clip.video_id, MOST_GENERATIONS, MOST_DESCENDANTS])
        down: list[tuple[UUID, UUID, UUID | None]] = cursor.fetchall()
    cards = _cards([one for *_, one in (*up, *down) if one is not None], viewer=viewer)
    ancestors = [cards.get(found) if found else None for _, found in up]
    return Family(ancestors, _below(clip.video_id, down, cards))


def _cards(ids: Iterable[UUID], *, viewer: Viewer) -> dict[UUID, ClipCard]:
    cards = cards_of(visible_clips(viewer).filter(pk__in=list(ids)), viewer=viewer)
    return {card["id"]: card for card in cards}


def _below(
    video_id: UUID,
    rows: Sequence[tuple[UUID, UUID, UUID | None]],
    cards: Mapping[UUID, ClipCard],
    *,
    depth: int = 1,
) -> list[Remix]:
    """The remixes of a video; one that is not shown stays only where something shown came of it."""
    found = list[Remix]()
    for video, parent, clip_id in rows:
        if parent != video_id:
            continue
        card = cards.get(clip_id) if clip_id else None
        further = _below(video, rows, cards, depth=depth + 1)
        if card is not None or further:
            found += [Remix(card, depth), *further]
    return found
