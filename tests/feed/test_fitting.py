"""From what viewers did to what every process ranks with."""

from datetime import timedelta

import numpy as np
import pytest
import redis
from django.utils import timezone

from accounts.models import User
from clips.models import Clip
from feed.distribution.fitting import (
    AT_IT,
    HOURLY,
    fit_models,
    fit_models_when_due,
    is_due,
    liked_lately,
)
from feed.models.serving import Artefact
from feed.models.wishes import FeedSettings
from feed.ranking.item_models import fit_item_models
from feed.ranking.relevance import SOURCES, Fit
from feed.ranking.usual import usual_gate
from feed.serving.artefacts import forget_loaded
from feed.serving.fits import NAME, current_models, loaded_fit, packed, unpacked
from tests.feed.events import event, send
from tests.feed.test_learning import chain
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_loaded() -> None:
    forget_loaded()


def number(clip: Clip) -> int:
    return clip.entry.number


def watched(viewer: User, *clips: Clip, action: str = "watch") -> None:
    for clip in clips:
        assert send(browser_of(viewer), event(clip, action)).json()["refused"] == []


def test_what_viewers_watched_is_learned_and_known_to_every_process() -> None:
    clips = [make_clip(make_user()) for _ in range(4)]
    for _ in range(3):
        watched(make_user(), *clips[:3])
    assert current_models() is None

    fit_models(now=timezone.now())
    forget_loaded()  # as in a process that has just begun

    models = current_models()
    assert models is not None
    assert models.models.numbers.tolist() == [number(clip) for clip in clips[:3]]
    assert models.gate.weights.shape == usual_gate().weights.shape
    assert models.models.version == Artefact.objects.get(pk=NAME).digest


def test_without_anything_liked_nothing_is_learned_and_nothing_breaks() -> None:
    watched(make_user(), make_clip(make_user()), action="skip")
    assert fit_models(now=timezone.now()) is None
    assert not Artefact.objects.filter(pk=NAME).exists()
    assert current_models() is None


def test_only_likings_of_people_who_are_profiled_count_and_each_once() -> None:
    clip, other = make_clip(make_user()), make_clip(make_user())
    viewer, unprofiled = make_user(), make_user()
    FeedSettings.objects.create(user=unprofiled, is_profiled=False)
    watched(unprofiled, clip)
    watched(viewer, clip, clip)
    watched(viewer, other, action="skip")

    liked = liked_lately(now=timezone.now())

    assert liked.items.tolist() == [number(clip)]
    assert len(liked_lately(now=timezone.now() + timedelta(days=91))) == 0


def test_a_newer_fit_takes_the_place_of_the_one_in_use() -> None:
    clip, other = make_clip(make_user()), make_clip(make_user())
    watched(make_user(), clip)
    now = timezone.now()
    assert is_due(now=now)
    fit_models(now=now)
    assert not is_due(now=now + timedelta(minutes=59))
    assert is_due(now=now + HOURLY)
    first = current_models()

    watched(make_user(), other)
    fit_models(now=now + HOURLY)
    second = loaded_fit().look()

    assert first is not None
    assert second is not None
    assert first.models.numbers.tolist() == [number(clip)]
    assert second.models.numbers.tolist() == [number(clip), number(other)]
    assert current_models() is second


def test_while_somebody_is_at_it_nobody_begins_again(valkey_server: redis.Redis) -> None:
    watched(make_user(), make_clip(make_user()))
    valkey_server.set(AT_IT, 1)
    assert fit_models_when_due(now=timezone.now()) is None
    assert not Artefact.objects.filter(pk=NAME).exists()

    valkey_server.delete(AT_IT)
    assert fit_models_when_due(now=timezone.now()) is not None
    assert not valkey_server.exists(AT_IT)
    assert fit_models_when_due(now=timezone.now()) is None


def test_a_file_holds_all_that_was_learned() -> None:
    learned = Fit(fit_item_models(chain(), now=5.0), usual_gate())
    read = unpacked(packed(learned), "digest")
    assert read is not None
    assert read.models.fitted_at == 5.0
    assert read.models.version == "digest"
    assert np.array_equal(read.gate.weights, learned.gate.weights)
    assert np.array_equal(read.models.numbers, learned.models.numbers)
    for name in ("likeness", "sequence", "together"):
        ours, theirs = getattr(learned.models, name), getattr(read.models, name)
        assert np.array_equal(ours.columns, theirs.columns)
        assert np.allclose(ours.weights, theirs.weights, rtol=1e-3, atol=1e-6)


def test_a_file_of_a_ranking_with_other_sources_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = packed(Fit(fit_item_models(chain(), now=5.0), usual_gate()))
    monkeypatch.setattr("feed.serving.fits.MEANING", "\n".join((*SOURCES[1:], "other")))
    assert unpacked(data, "digest") is None
