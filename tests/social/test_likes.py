"""Likes: idempotent, exact under concurrency, and only for what one may see."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Role
from clips.models import Clip
from clips.selectors import visible_clip_sql, visible_clips
from social.counting import add_waiting_counts
from social.models.counting import CountDelta
from social.models.likes import Like
from social.models.people import Block, Follow
from social.services.liking import like, unlike
from tests.people import browser_of, make_clip, make_user


def url(clip: Clip) -> str:
    return f"/api/v1/clips/{clip.pk}/like"


@pytest.mark.django_db
def test_liking_twice_is_one_like_and_the_liker_sees_it_at_once() -> None:
    clip = make_clip(make_user())
    browser = browser_of(make_user())

    for _ in range(2):
        assert browser.put(url(clip)).json() == {"liked": True, "likes": 1}
    assert CountDelta.objects.count() == 1
    assert browser.get(f"/api/v1/clips/{clip.pk}").json()["viewer"]["liked"]

    for _ in range(2):
        assert browser.delete(url(clip)).json() == {"liked": False, "likes": 0}
    assert CountDelta.objects.count() == 2
    assert Like.objects.count() == 0


@pytest.mark.django_db
def test_only_who_may_see_a_clip_may_like_it() -> None:
    author = make_user()
    stranger = browser_of(make_user())
    hidden = [
        make_clip(author, privacy="only_me"),
        make_clip(author, privacy="followers"),
        make_clip(author, published=False),
    ]
    for clip in hidden:
        assert stranger.put(url(clip)).status_code == 404
        assert stranger.delete(url(clip)).status_code == 404
    assert stranger.put(f"/api/v1/clips/{uuid4()}/like").status_code == 404
    assert stranger.put("/api/v1/clips/none/like").status_code == 404
    assert Client().put(url(make_clip(author))).status_code == 401
    assert Like.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_counters_are_exact_after_many_at_once_and_several_adders() -> None:
    clips = [make_clip(make_user()) for _ in range(2)]
    people = [make_user() for _ in range(8)]

    def busy(number: int) -> None:
        try:
            for _ in range(6):
                for clip in clips:
                    like(people[number], clip.pk)
                add_waiting_counts()
                for clip in clips:
                    unlike(people[number], clip.pk)
            if number % 2:
                like(people[number], clips[0].pk)
            like(people[number], clips[1].pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(busy, range(8)))
    while add_waiting_counts():
        pass

    counts = [Clip.objects.get(pk=clip.pk).like_count for clip in clips]
    assert counts == [4, 8]
    assert [Like.objects.filter(clip=clip).count() for clip in clips] == counts
    assert not CountDelta.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_like_waits_for_no_lock_on_the_clip() -> None:
    clip, user = make_clip(make_user()), make_user()

    def like_elsewhere() -> None:
        try:
            like(user, clip.pk)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as thread:
        Clip.objects.filter(pk=clip.pk).update(like_count=0)
        thread.submit(like_elsewhere).result(timeout=10)
    assert Like.objects.filter(clip=clip).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_adder_that_dies_adds_nothing_and_loses_nothing() -> None:
    clip = make_clip(make_user())
    like(make_user(), clip.pk)

    with pytest.raises(RuntimeError), transaction.atomic():
        assert add_waiting_counts() == 1
        raise RuntimeError

    assert Clip.objects.get(pk=clip.pk).like_count == 0
    assert add_waiting_counts() == 1
    assert add_waiting_counts() == 0
    assert Clip.objects.get(pk=clip.pk).like_count == 1


@pytest.mark.django_db
@pytest.mark.parametrize("birth_year", [None, 1980, timezone.now().year - 15])
@pytest.mark.parametrize("role", [Role.CREATOR, Role.MODERATOR, Role.ADMIN])
def test_who_may_like_is_asked_as_visible_clips_says(birth_year: int | None, role: Role) -> None:
    viewer = make_user(role=role, birth_year=birth_year)
    friend, blocked, blocker, author = (make_user() for _ in range(4))
    Follow.objects.create(follower=viewer, followee=author)
    Follow.objects.create(follower=viewer, followee=friend)
    Follow.objects.create(follower=friend, followee=viewer)
    Block.objects.create(blocker=viewer, blocked=blocked)
    Block.objects.create(blocker=blocker, blocked=viewer)
    clips = [
        make_clip(whose, privacy=privacy)
        for whose in (viewer, friend, blocked, blocker, author, make_user())
        for privacy in ("public", "followers", "mutuals", "only_me")
    ]
    clips += [make_clip(author), make_clip(author), make_clip(viewer), make_clip(viewer)]
    Clip.objects.filter(pk__in=[clips[-1].pk, clips[-3].pk]).update(limits=["age_gate"])
    Clip.objects.filter(pk__in=[clips[-2].pk, clips[-4].pk]).update(is_kept_from_minors=True)

    for _ in range(2):
        may = set(visible_clips(viewer).values_list("pk", flat=True))
        assert 0 < len(may) < len(clips)
        for clip in clips:
            statement, values = visible_clip_sql(viewer, clip.pk)
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                assert (cursor.fetchone() is not None) == (clip.pk in may)
            expected = visible_clips(viewer).filter(pk=clip.pk).values("pk")
            assert (statement, tuple(values)) == expected.query.sql_with_params()
        viewer = make_user(role=role, birth_year=birth_year)
