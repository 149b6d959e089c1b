"""Views: reported by anybody, believed within reason."""

from typing import Any

import pytest
from django.test import Client

from clips.models import Clip
from social.counting import add_waiting_counts
from social.models.views import ActiveMonth, View
from tests.people import browser_of, make_clip, make_user

pytestmark = pytest.mark.django_db


def report(
    client: Client, clip: Clip, watched_seconds: object, *, completed: object = False
) -> Any:
    body = {"watched_seconds": watched_seconds, "completed": completed}
    url = f"/api/v1/clips/{clip.pk}/views"
    return client.post(url, body, content_type="application/json")


def test_visitors_and_people_are_counted() -> None:
    clip, viewer = make_clip(make_user()), make_user()
    assert report(Client(), clip, 1.0).status_code == 201
    assert report(browser_of(viewer), clip, 2.0, completed=True).status_code == 201
    add_waiting_counts()
    clip.refresh_from_db()
    assert (clip.view_count, clip.completion_count) == (2, 1)
    # The counter is all it is for: whose they are is not kept, only who was here this month.
    assert set(View.objects.values_list("viewer", flat=True)) == {None}
    assert ActiveMonth.objects.get().user == viewer


@pytest.mark.parametrize(
    ("watched", "completed", "kept", "is_complete"),
    [
        (1.0, False, 1.0, False),
        (0.0, True, 0.0, False),
        (1.0, True, 1.0, False),
        (1.8, True, 1.8, True),
        (4.0, True, 4.0, True),
        (86_400, True, 40.0, True),
    ],
)
def test_nobody_watches_endlessly_or_to_the_end_at_once(
    *, watched: float, completed: bool, kept: float, is_complete: bool
) -> None:
    clip = make_clip(make_user())  # of two seconds
    answer = report(Client(), clip, watched, completed=completed).json()
    assert answer == {"watched_seconds": kept, "completed": is_complete}


@pytest.mark.parametrize("watched", [-1, "x", None, 1e300, [1], "NaN", "Infinity"])
def test_what_is_no_duration_is_refused(watched: object) -> None:
    assert report(Client(), make_clip(make_user()), watched).status_code == 400
    assert not View.objects.exists()


def test_what_is_not_shown_is_not_watched() -> None:
    clip = make_clip(make_user(), published=False)
    assert report(Client(), clip, 1.0).status_code == 404


def test_one_person_does_not_make_a_clip_popular() -> None:
    clip, other = make_clip(make_user()), make_clip(make_user())
    visitor = Client()
    statuses = [report(visitor, clip, 1.0).status_code for _ in range(7)]
    assert statuses == [201] * 6 + [429]
    spoofed = Client(headers={"x-forwarded-for": "203.0.113.9"})
    refused = report(spoofed, clip, 1.0)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert report(visitor, other, 1.0).status_code == 201
