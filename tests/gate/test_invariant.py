"""Whatever happens, in whatever order: nothing unjudged or refused is served, by any route.

A random walk of 5,000 steps, each compared with an oracle that is told only what was done, with
looks on purpose at what must be hidden from somebody.  Every run takes the same walk:
REVERIE_WALK_SEED names another, REVERIE_WALK_STEPS says how far to go.
"""

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import BooleanField, Q, QuerySet, Value
from django.utils import timezone
from pytest_django import Settings

from clips import selectors, services
from clips.models import Clip
from feed import candidates, receivers
from feed.distribution import invalidating
from feed.selectors import analytics, pins, remixes, saved, searching
from feed.serving import guests
from feed.views import analytics as views
from moderation.classifiers.isolation import stop_idle
from social.models.saving import CollectedClip, Collection, SavedClip
from social.selectors import comments, people, sharing
from tests.gate.films import Film, make_film
from tests.gate.looks import Looks
from tests.gate.walk import Leak, Walk
from tests.guests import guest_server

STEPS = int(os.environ.get("REVERIE_WALK_STEPS", "5000"))
SEED = int(os.environ.get("REVERIE_WALK_SEED", "947273"))
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.timeout(3000 + STEPS),
]
LISTS_EVERY, EVERYTHING_EVERY, SWEEP_UP_EVERY = 50, 500, 2000
FILMS = 6
STEPS_TO_FIND_A_LEAK = 4000
"""Some ten times what it takes most often: so chance does not fail the test."""
TOLD = 120

MakeWalk = Callable[[int], Walk]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Film]:
    return [
        make_film(f"film{seed}", seed=seed, folder=tmp_path_factory.mktemp("film"))
        for seed in range(FILMS)
    ]


@pytest.fixture
def make_walk(
    films: list[Film], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeWalk]:
    monkeypatch.setenv("MOODY_FILE", str(tmp_path / "mood"))
    settings.FRAME_DETECTORS = []
    settings.DESK_SEVERE_PER_HOUR = settings.DESK_SEVERE_PER_DAY = 1_000_000
    settings.OUTGOING_LOOPBACK = True
    # It is about noon, so that the feed rests for nobody.
    ahead = 12 - timezone.now().hour
    settings.FEED_TIME_ZONE = f"Etc/GMT{-ahead:+d}" if ahead else "UTC"
    settings.VISITOR_RATE = settings.PERSON_RATE = "100000000/min"
    # Refusals and bad luck by the thousand are what is wanted here.
    logging.disable(logging.CRITICAL)
    with guest_server({}) as server:
        yield lambda seed: Walk(films, seed=seed, settings=settings, folder=tmp_path, guest=server)
    logging.disable(logging.NOTSET)
    stop_idle()
    gc.enable()


def go(walk: Walk, *, steps: int, is_tempted: bool = False) -> Looks:
    """Take the steps, and look after each; `is_tempted`, also where something is to be hidden."""
    looks = Looks(walk)
    # The walk's own garbage is looked for rarely, and never in what was there before.
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        while walk.number < steps:
            number = walk.step()
            looks.at(number or walk.random.choice(walk.live))
            if is_tempted:
                looks.temptations.look()
            if walk.number % LISTS_EVERY == 0:
                looks.all_lists()
            if walk.number % EVERYTHING_EVERY == 0:
                looks.everything()
            if walk.number % SWEEP_UP_EVERY == 0:
                gc.collect()
    except BaseException as error:
        error.add_note(f"REVERIE_WALK_SEED={walk.seed}, step {walk.number}")
        raise
    return looks


def test_no_route_ever_serves_what_is_unjudged_or_refused(make_walk: MakeWalk) -> None:
    walk = make_walk(SEED)
    looks = go(walk, steps=STEPS)
    sys.stdout.write(f"\nREVERIE_WALK_SEED={SEED}, {walk.number} steps\n")
    for name, count in sorted((walk.done + looks.count).items()):
        sys.stdout.write(f"{count:8} {name}\n")
    assert walk.number >= STEPS
    assert {name for name in walk.acts if not walk.done[name]} == set()
    # Neither side was empty: much was hidden, and much was to be seen and was seen.
    assert looks.count["hidden"] > STEPS / 4
    assert looks.count["shown"] > STEPS / 10


# --- the walk finds what it is there for ---


def _show_private_clips(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selectors, "_open_to", lambda _viewer: Q())


def _show_minors_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selectors, "_of_age", lambda _viewer: Q())


def _show_held_clips(patch: pytest.MonkeyPatch) -> None:
    """To who knows the address."""
    clip_for = selectors.clip_for

    def careless(viewer: Any, clip_id: Any) -> Clip:
        held = Clip.objects.filter(pk=clip_id, state="held").select_related("video", "author")
        return held.first() or clip_for(viewer, clip_id)

    patch.setattr(selectors, "clip_for", careless)


def _keep_new_words_up(patch: pytest.MonkeyPatch) -> None:
    """New words stay where the old ones were allowed."""

    def careless(clip: Clip, **changes: Any) -> None:
        words = {name: changes[name] for name in ("caption", "hashtags") if name in changes}
        Clip.objects.filter(pk=clip.pk).update(**words)

    patch.setattr(services, "_resubmit", careless)


def _take_the_databases_word_away(patch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clips_clip DROP CONSTRAINT clip_published_only_as_allowed")


def _show_the_blocked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selectors, "_blocked", lambda _viewer: Q(pk__in=[]))


def _believe_guests(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guests, "wanted_clips", lambda _viewer: Clip.objects.filter(state="published"))


def _published(_viewer: Any) -> QuerySet[Clip]:
    return Clip.objects.filter(state="published")


def _nobody(_viewer: Any, _who: str = "pk") -> Q:
    return Q(Value(value=False, output_field=BooleanField()))


def _nothing(*_: Any) -> None:
    """What was to be forgotten is not."""


def _let_the_blocked_be_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(comments, "unwelcome_to", _nobody)
    patch.setattr(comments, "hidden_from", _nobody)


def _let_threads_join_who_is_apart(patch: pytest.MonkeyPatch) -> None:
    """Words stay under a clip whose author and whose own are kept apart."""
    patch.setattr(comments, "hidden_from", _nobody)


def _list_collections_without_looking(patch: pytest.MonkeyPatch) -> None:
    def careless(collection: Collection, **_: Any) -> QuerySet[CollectedClip]:
        return CollectedClip.objects.filter(collection=collection)

    patch.setattr(saved, "collected_clips", careless)
    patch.setattr(saved, "visible_clips", _published)


def _list_what_is_saved_without_looking(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(saved, "saved_clips", lambda owner: SavedClip.objects.filter(user=owner))
    patch.setattr(saved, "visible_clips", _published)


def _follow_links_without_looking(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sharing, "visible_clips", _published)


def _keep_fragments(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(invalidating, "drop_fragments", _nothing)


def _keep_records_of_viewers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(invalidating, "forget_people", _nothing)
    patch.setattr(receivers, "forget_wishes", _nothing)


def _find_the_blocked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(searching, "hidden_from", _nobody)


def _name_the_blocked_among_followers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(people, "hidden_from", _nobody)


def _search_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(searching, "visible_clips", _published)


def _show_whole_families(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(remixes, "visible_clips", _published)


def _show_every_pin(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pins, "visible_clips", _published)


def _show_followers_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(candidates, "visible_clips", _published)


def _tell_anybody_the_figures(patch: pytest.MonkeyPatch) -> None:
    analytics_of = analytics.analytics_of

    def careless(_user: Any, *, clip_id: Any = None, **told: Any) -> Any:
        author = Clip.objects.get(pk=clip_id).author if clip_id else _user
        return analytics_of(author, clip_id=clip_id, **told)

    patch.setattr(views, "analytics_of", careless)


@pytest.fixture
def _constraint_comes_back() -> Iterator[None]:
    yield
    constraint = next(
        one for one in Clip._meta.constraints if one.name == "clip_published_only_as_allowed"
    )
    Clip.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.remove_constraint(Clip, constraint) if _has(constraint.name) else None
        editor.add_constraint(Clip, constraint)


def _has(constraint: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_constraint WHERE conname = %s", [constraint])
        return cursor.fetchone() is not None


@pytest.mark.usefixtures("_constraint_comes_back")
@pytest.mark.parametrize(
    "mistake",
    [
        _show_private_clips,
        _show_minors_everything,
        _show_held_clips,
        _keep_new_words_up,
        _take_the_databases_word_away,
        _show_the_blocked,
        _believe_guests,
        _let_the_blocked_be_read,
        _let_threads_join_who_is_apart,
        _list_collections_without_looking,
        _list_what_is_saved_without_looking,
        _follow_links_without_looking,
        _keep_fragments,
        _keep_records_of_viewers,
        _find_the_blocked,
        _name_the_blocked_among_followers,
        _search_everything,
        _show_whole_families,
        _show_every_pin,
        _show_followers_everything,
        _tell_anybody_the_figures,
    ],
)
def test_the_walk_finds_a_leak(
    mistake: Callable[[pytest.MonkeyPatch], None],
    make_walk: MakeWalk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walk = make_walk(1)
    mistake(monkeypatch)
    with pytest.raises(Leak) as found:
        go(walk, steps=STEPS_TO_FIND_A_LEAK, is_tempted=True)
    sys.stdout.write(
        f"\n{mistake.__name__}: found after {walk.number} steps: {str(found.value)[:TOLD]}\n"
    )
