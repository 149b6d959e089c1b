"""What authors learn of how their clips are received, and what they do not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.models import Clip
from feed.models.events import FeedEvent
from social.models.people import Follow
from social.services.watching import note_view
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


def analytics(client: Client, path: str = "me/analytics", **query: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def happened(clip: Clip, action: str, viewer: User | None, **columns: Any) -> None:
    now = timezone.now()
    FeedEvent.objects.create(
        day=now.date(), id=uuid4(), viewer=viewer, clip=clip, author_id=clip.author_id,
        action=action, at=now, **columns,
    )  # fmt: skip


def watched(clip: Clip, viewer: User, *, seconds: float = 2.0, days_ago: int = 0) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    note_view(viewer, clip.pk, watched_seconds=seconds, completed=seconds >= 2, now=at)


def test_sums_are_told_and_small_numbers_are_not() -> None:
    author, people = make_user(), [make_user() for _ in range(6)]
    clip, other = make_clip(author), make_clip(author)
    for person in people:
        watched(clip, person)
        watched(clip, person, seconds=0.5)
        happened(clip, "impression", person)
        happened(clip, "watch", person, request=uuid4())
        happened(clip, "like", person)
    happened(clip, "unlike", people[0])
    for person in people[:4]:
        watched(other, person)
        happened(other, "save", person)
    for person in people:
        Follow.objects.create(follower=person, followee=author)
    told = analytics(program_of(author))
    assert told["new_followers"] == 6
    assert told["total"] == {
        "reach": 6, "impressions": 6, "views": 16, "completion": 0.62, "likes": 5, "comments": 0,
        "shares": 0, "saves": None, "remixes": 0,
    }  # fmt: skip
    by_clip = {row["clip_id"]: row["figures"] for row in told["clips"]}
    assert by_clip[str(clip.pk)]["completion"] == 0.5
    few = by_clip[str(other.pk)]
    assert (few["reach"], few["views"], few["completion"], few["saves"]) == (None,) * 4
    assert told["places"] == [{"name": "feed", "count": 6}]
    assert told["by_day"][-1]["views"] == 16
    text = str(told)
    assert not any(person.handle in text or str(person.pk) in text for person in people)


def test_the_span_is_seven_or_twenty_eight_days() -> None:
    author, people = make_user(), [make_user() for _ in range(5)]
    clip = make_clip(author, age=timedelta(days=30))
    for person in people:
        watched(clip, person, days_ago=10)
        watched(clip, person, days_ago=29)
    mine = program_of(author)
    assert analytics(mine)["total"]["views"] == 0
    month = analytics(mine, days=28)
    assert (month["total"]["views"], len(month["by_day"])) == (5, 28)
    for days in ("1", "365", "seven", "-7", "1e1"):
        assert mine.get("/api/v1/me/analytics", {"days": days}).status_code == 400


def test_only_the_author_is_told() -> None:
    author, other = make_user(), make_user()
    clip = make_clip(author)
    path = f"clips/{clip.pk}/analytics"
    assert analytics(program_of(author), path)["clips"][0]["clip_id"] == str(clip.pk)
    assert program_of(other).get(f"/api/v1/{path}").status_code == 404
    assert Client().get(f"/api/v1/{path}").status_code == 401
    assert Client().get("/api/v1/me/analytics").status_code == 401
    assert analytics(program_of(other))["clips"] == []


def test_remixes_and_where_visitors_came_from_are_counted() -> None:
    author = make_user()
    clip = make_clip(author, hashtags=["snow"])
    for _ in range(5):
        made = make_clip(make_user())
        made.video.parent_id = clip.video_id
        made.video.save()
    page = f"/clips/{clip.pk}"
    for referer, times in (
        ("http://testserver/search?q=fox", 6),
        ("http://testserver/tags/snow", 5),
        (f"http://testserver/@{author.handle}", 7),
        ("http://testserver/latest", 4),
        ("https://elsewhere.example/x", 8),
        (None, 9),
    ):
        for _ in range(times):
            headers = {"user-agent": "Mozilla/5.0"} | ({"referer": referer} if referer else {})
            assert Client().get(page, headers=headers).status_code == 200
    Client().get(page, headers={"user-agent": "Googlebot/2.1"})
    Client().head(page, headers={"user-agent": "Mozilla/5.0"})
    browser_of(author).get(page, headers={"user-agent": "Mozilla/5.0"})
    told = analytics(program_of(author))
    assert told["total"]["remixes"] == 5
    assert {one["name"]: one["count"] for one in told["places"]} == {
        "search": 6, "tag": 5, "profile": 7, "feed": None, "elsewhere": 8, "direct": 9,
    }  # fmt: skip


def test_the_price_does_not_grow_with_the_clips(django_assert_max_num_queries: Any) -> None:
    author = make_user()
    for _ in range(20):
        watched(make_clip(author), make_user())
    client = program_of(author)
    analytics(client)
    with django_assert_max_num_queries(12):
        analytics(client)
