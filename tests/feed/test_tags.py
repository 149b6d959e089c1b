"""Hashtags over HTTP: their clips, their counts, and which are trending."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.models import Clip
from clips.services import edit_clip, withdraw_clip
from feed.distribution.tags import count_tags
from feed.models.events import FeedEvent
from feed.models.searching import Tag, TagUse
from social.models.people import Block
from tests.people import make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


def get(path: str, *, client: Client | None = None, **query: Any) -> Any:
    answer = (client or Client()).get(f"/api/v1/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def captions(tag: str, *, client: Client | None = None, **query: Any) -> list[str]:
    return [clip["caption"] for clip in get(f"tags/{tag}/clips", client=client, **query)["data"]]


def trending() -> list[str]:
    count_tags(now=timezone.now())
    return [tag["name"] for tag in get("tags")["data"]]


def liked(clip: Clip, by: User) -> None:
    now = timezone.now()
    FeedEvent.objects.create(
        day=now.date(), id=uuid4(), viewer=by, clip=clip, author_id=clip.author_id,
        action="like", at=now,
    )  # fmt: skip


def test_a_hashtag_lists_its_clips_newest_first_or_the_most_liked() -> None:
    author = make_user()
    for number in range(12):
        clip = make_clip(
            author, caption=str(number), hashtags=["Snow"], age=timedelta(hours=number)
        )
        Clip.objects.filter(pk=clip.pk).update(like_count=number % 5)
    make_clip(author, caption="another", hashtags=["rain"])
    first = get("tags/snow/clips")
    rest = captions("SNOW", cursor=first["meta"]["next_cursor"])
    assert [clip["caption"] for clip in first["data"]] + rest == [str(n) for n in range(12)]
    assert captions("snow", order="top")[:2] == ["4", "9"]
    for path in (
        "tags/never_used",
        "tags/never_used/clips",
        "tags/not a tag/clips",
        "tags/" + "x" * 61,
        "tags/a&b",
    ):
        assert Client().get(f"/api/v1/{path}").status_code == 404
    assert Client().get("/api/v1/tags/snow/clips", {"order": "worst"}).status_code == 400


def test_its_list_and_its_counts_follow_what_may_be_seen() -> None:
    author, viewer = make_user(), make_user()
    clip = make_clip(author, caption="one", hashtags=["snow"])
    other = make_clip(make_user(), caption="two", hashtags=["snow"])
    count_tags(now=timezone.now())
    assert get("tags/snow")["clips"] == 2

    block = Block.objects.create(blocker=author, blocked=viewer)
    assert captions("snow", client=program_of(viewer)) == ["two"]
    block.delete()
    Clip.objects.filter(pk=clip.pk).update(limits=["no_recommendation"])
    assert captions("snow") == ["two"]
    count_tags(now=timezone.now())
    assert get("tags/snow") | {"is_trending": False} == {
        "name": "snow", "clips": 1, "authors": 1, "is_trending": False,
    }  # fmt: skip

    edit_clip(other.author, other.pk, hashtags=["rain"], now=timezone.now())
    clip.refresh_from_db()
    withdraw_clip(clip, reason="gone", now=timezone.now())
    for tag in ("snow", "rain"):
        assert Client().get(f"/api/v1/tags/{tag}/clips").status_code == 404
    assert not TagUse.objects.exists()
    count_tags(now=timezone.now())
    assert Client().get("/api/v1/tags/snow").status_code == 404
    assert not Tag.objects.exists()


def test_one_author_makes_no_trend_however_much_they_post() -> None:
    spammer, others = make_user(), [make_user() for _ in range(3)]
    for _ in range(30):
        make_clip(spammer, hashtags=["buy"])
    for one in others[:2]:
        make_clip(one, hashtags=["snow"])
    assert trending() == ["snow"]
    clip = make_clip(others[2], hashtags=["buy"])
    assert trending() == ["buy", "snow"] or trending() == ["snow", "buy"]
    scores = dict(Tag.objects.values_list("name", "heat"))
    assert scores["buy"] == pytest.approx(scores["snow"], rel=0.01)
    for _ in range(3):
        liked(clip, make_user())
    liked(clip, clip.author)
    count_tags(now=timezone.now())
    assert Tag.objects.get(name="buy").heat == pytest.approx(2 + 3 * 0.25, rel=0.01)


def test_trends_cool_down_and_nothing_limited_or_hidden_is_one() -> None:
    people = [make_user() for _ in range(4)]
    make_clip(people[0], hashtags=["old"], age=timedelta(days=1))
    make_clip(people[1], hashtags=["old"], age=timedelta(days=2))
    for one in people[:2]:
        make_clip(one, hashtags=["ancient"], age=timedelta(days=4))
        make_clip(one, hashtags=["private"], privacy="followers")
        limited = make_clip(one, hashtags=["limited"])
        Clip.objects.filter(pk=limited.pk).update(limits=["no_recommendation"])
        grown = make_clip(one, hashtags=["grown"])
        Clip.objects.filter(pk=grown.pk).update(is_kept_from_minors=True)
        make_clip(one, hashtags=["fresh"])
    assert trending() == ["fresh", "old"]
    assert Tag.objects.get(name="old").heat == pytest.approx(0.5 + 0.25, rel=0.01)
    people[1].is_active = False
    people[1].save()
    assert trending() == []


def test_hashtags_are_found_by_their_beginning_and_in_spite_of_a_mistake() -> None:
    author = make_user()
    for tag in ("snow", "snowy_day", "rainyday"):
        make_clip(author, hashtags=[tag])
    count_tags(now=timezone.now())

    def found(query: str) -> list[str]:
        return [tag["name"] for tag in get("search", q=query, kind="tags")["data"]]

    assert found("snow") == found("#snow") == ["snow", "snowy_day"]
    assert found("snowy day")[0] == found("snowy_dya")[0] == "snowy_day"
    assert found("rainy day")[0] == "rainyday"
    assert found("zebra") == []


def test_a_page_of_a_hashtag_costs_few_queries(django_assert_max_num_queries: Any) -> None:
    author, client = make_user(), program_of(make_user())
    for _ in range(30):
        make_clip(author, hashtags=["snow"])
    for order in ("newest", "top"):
        with django_assert_max_num_queries(6):
            get("tags/snow/clips", client=client, order=order, limit=20)
