"""Search: clips by words and by meaning, people by name in spite of a typing mistake, hashtags.

Each costs a number of queries that does not depend on what is found.
"""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection, transaction
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from pgvector import HalfVector
from pgvector.django import CosineDistance

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip, Limit
from clips.selectors import visible_clips
from common.pagination import Page, PageRequest
from feed.cards import ClipCard, cards_of
from feed.models.entries import Entry
from feed.models.searching import PersonWords, Tag
from feed.models.wishes import HiddenCreator
from feed.policy.asking import Asked
from feed.ranking.fusing import fused
from feed.ranking.spelling import likeness
from feed.selectors.listing import page_of
from feed.selectors.unwanted import unwanted_by
from language.minilm import minilm
from social.models.people import Follow
from social.selectors.hiding import hidden_from, muted_by

MOST_BY_WORDS = 400
"""So many of the newest clips with the words are put in order."""
MOST_BY_MEANING = 100
MOST_PEOPLE = MOST_TAGS = 200
FARTHEST = 0.6
"""What is farther from the query than this (1 - cosine) does not mean the same."""


@dataclass(frozen=True)
class FoundPerson:
    """A person, and what they are to the viewer."""

    user: User
    is_followed: bool
    is_viewer: bool


def searchable_clips(viewer: Viewer) -> QuerySet[Clip]:
    """What lists of somebody's own asking may name: visible, not limited, of nobody unwelcome."""
    clips = visible_clips(viewer).exclude(limits__contains=[Limit.NO_RECOMMENDATION])
    if not isinstance(viewer, User):
        return clips
    hidden = HiddenCreator.objects.filter(user=viewer, creator=OuterRef("author_id"))
    return clips.exclude(muted_by(viewer, "author_id")).exclude(Exists(hidden))


def found_clips(asked: Asked, *, viewer: Viewer, page: PageRequest) -> Page[ClipCard]:
    """The clips that say or mean what is asked for, best first.  Raises UnableToReadCursor."""
    by_words = _by_words(asked, viewer=viewer)
    order = fused([by_words, _by_meaning(asked, viewer=viewer)])
    ids = page_of(order, scope="search", asked=page, key=lambda one: one.hex, about=asked.text)
    return Page(wanted_cards(ids.items, viewer=viewer), ids.next_cursor)


def wanted_cards(ids: list[UUID], *, viewer: Viewer) -> list[ClipCard]:
    """The cards of clips, in this order, without what the viewer may not see or does not want."""
    cards = cards_of(searchable_clips(viewer).filter(pk__in=ids), viewer=viewer)
    by_id, unwanted = {card["id"]: card for card in cards}, unwanted_by(viewer)
    shown = [by_id[one] for one in ids if one in by_id]
    return [card for card in shown if not unwanted.names(card)]


def _by_words(asked: Asked, *, viewer: Viewer) -> list[UUID]:
    said = Func(Value(asked.text), function="feed_searchable")
    # As it is written or by its English stem: the two ways the words were put down.
    query = SearchQuery(said, search_type="websearch", config="simple")
    query |= SearchQuery(said, search_type="websearch", config="english")
    rows = (
        searchable_clips(viewer)
        .filter(searched__words=query)
        .order_by("-pk")
        .annotate(rank=SearchRank(F("searched__words"), query, cover_density=True))
        .values_list("pk", "rank", "like_count")[:MOST_BY_WORDS]
    )
    best = sorted(rows, key=lambda row: (-round(row[1], 3), -row[2]))
    return [clip_id for clip_id, _, _ in best]


def _by_meaning(asked: Asked, *, viewer: Viewer) -> list[UUID]:
    if not asked.words:
        return []
    vector = HalfVector(minilm().embed([asked.meaning])[0])
    nearest = (
        Entry.objects.filter(embedding__isnull=False)
        .annotate(distance=CosineDistance("embedding", vector))
        .order_by("distance")
        .values_list("clip_id", "distance")[:MOST_BY_MEANING]
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # The index looks at so many neighbours, and gives no more of them.
        cursor.execute(f"SET LOCAL hnsw.ef_search = {MOST_BY_MEANING}")
        ids = [clip_id for clip_id, distance in nearest if distance <= FARTHEST]
    visible = set(searchable_clips(viewer).filter(pk__in=ids).values_list("pk", flat=True))
    return [clip_id for clip_id in ids if clip_id in visible]


def found_people(asked: Asked, *, viewer: Viewer, page: PageRequest) -> Page[FoundPerson]:
    """The people whose handle, name or words are like what is asked for, most alike first."""
    rows = (
        PersonWords.objects.filter(_named(asked), user__is_active=True)
        .exclude(hidden_from(viewer, "user_id"))
        .annotate(is_followed=_follows(viewer))
        .select_related("user")
        # Cast, so that matches are found by their indexes and not by a walk along all people.
        .order_by(Cast("user_id", TextField()).desc())[:MOST_PEOPLE]
    )
    people = [FoundPerson(row.user, row.is_followed, row.user == viewer) for row in rows]
    people.sort(key=lambda one: (-_alike(asked, one.user), not one.is_followed, one.user.handle))
    return page_of(
        people, scope="search_people", asked=page, key=lambda one: one.user.handle, about=asked.text
    )


def _named(asked: Asked) -> Q:
    near = Q(near__overlap=RawSQL("feed_near(%s)", (asked.name,)))
    if not asked.words:
        return near
    # Words only, so nothing in them is an operator; the last may be unfinished.
    text = " & ".join(f"'{word}'" for word in asked.words) + ":*"
    said = Func(Value(text), function="feed_searchable")
    query = SearchQuery(said, search_type="raw", config="simple")
    return near | Q(words=query)


def _follows(viewer: Viewer) -> Exists | Value:
    if not isinstance(viewer, User):
        return Value(value=False, output_field=BooleanField())
    return Exists(Follow.objects.filter(follower=viewer, followee=OuterRef("user_id")))


def _alike(asked: Asked, user: User) -> float:
    name = user.display_name.lower()
    parts = (user.handle, name, *user.handle.split("_"), *name.split())
    whole = max(likeness(asked.name, user.handle), likeness(asked.name, name))
    return max(whole, 0.9 * max(likeness(asked.name, part) for part in parts))


def found_tags(asked: Asked, *, page: PageRequest) -> Page[Tag]:
    """The hashtags that are like what is asked for, most alike and most used first."""
    spelled = ["".join(asked.words), "_".join(asked.words), *asked.words]
    named = Q(near__overlap=RawSQL("feed_near(%s)", (" ".join(spelled),)))
    for one in dict.fromkeys(filter(None, spelled)):
        named |= Q(name__startswith=one)
    rows = list(Tag.objects.filter(named).order_by("-clip_count", "name")[:MOST_TAGS])
    rows.sort(key=lambda tag: -max((likeness(one, tag.name) for one in spelled), default=0.0))
    return page_of(
        rows, scope="search_tags", asked=page, key=lambda tag: tag.name, about=asked.text
    )
