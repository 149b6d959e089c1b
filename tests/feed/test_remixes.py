"""Remixes over HTTP: who may make one, what it keeps, and what is shown of its family."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from clips.models import Clip
from clips.services import withdraw_clip
from common.ids import public_id
from generation.models import Job
from social.models.people import Block
from tests.people import browser_of, make_clip, make_user, program_of

pytestmark = pytest.mark.django_db


def remix(client: Client, clip: Clip, *, prefix: str = "clip", **body: Any) -> Any:
    known = clip.pk if prefix == "clip" else clip.video_id
    return client.post(
        f"/v1/videos/{public_id(prefix, known)}/remix",
        {"prompt": "a red fox in the rain", **body},
        content_type="application/json",
    )


def child_of(parent: Clip, author: User, caption: str, **more: Any) -> Clip:
    clip = make_clip(author, caption=caption, **more)
    clip.video.parent_id = parent.video_id
    clip.video.save(update_fields=["parent"])
    return clip


def named(card: Any) -> str | None:
    return card["caption"] if card else None


def family(client: Client, clip: Clip) -> tuple[list[str | None], list[tuple[str | None, int]]]:
    answer = client.get(f"/api/v1/clips/{clip.pk}/remixes")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    ancestors = [named(one) for one in told["ancestors"]]
    return ancestors, [(named(one["clip"]), one["depth"]) for one in told["remixes"]]


def test_a_remix_keeps_its_parent_from_the_job_on() -> None:
    clip, viewer = make_clip(make_user()), make_user()
    for prefix in ("clip", "video"):
        answer = remix(program_of(viewer), clip, prefix=prefix)
        assert answer.status_code == 200, answer.content
        made = answer.json()
        assert made["remixed_from_video_id"] == public_id("video", clip.video_id)
        assert made["prompt"] == "a red fox in the rain"
    assert set(Job.objects.values_list("parent", flat=True)) == {clip.video_id}
    plain = program_of(viewer).post(
        "/v1/videos", {"prompt": "a red fox"}, content_type="application/json"
    )
    assert plain.json()["remixed_from_video_id"] is None


def test_only_what_one_may_see_and_its_author_allows_is_remixed() -> None:
    author, viewer = make_user(), make_user()
    clip = make_clip(author)
    mine, theirs = program_of(viewer), program_of(author)
    assert Client().post(f"/v1/videos/{public_id('clip', clip.pk)}/remix").status_code == 401
    path = f"/api/v1/clips/{clip.pk}"
    changed = theirs.patch(path, {"allows_remixes": False}, content_type="application/json")
    assert changed.json()["allows_remixes"] is False
    assert changed.json()["state"] == "published"
    refused = remix(mine, clip)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "remix_not_allowed")
    assert remix(theirs, clip).status_code == 200
    theirs.patch(path, {"allows_remixes": True}, content_type="application/json")
    assert mine.patch(
        path, {"allows_remixes": False}, content_type="application/json"
    ).status_code in {403, 404}

    for columns in ({"privacy": "followers"}, {"privacy": "public", "limits": ["age_gate"]}):
        Clip.objects.filter(pk=clip.pk).update(**columns)
        for prefix in ("clip", "video"):
            assert remix(mine, clip, prefix=prefix).status_code == 404
    Clip.objects.filter(pk=clip.pk).update(limits=[])
    Block.objects.create(blocker=author, blocked=viewer)
    for prefix in ("clip", "video"):
        assert remix(mine, clip, prefix=prefix).status_code == 404
    Block.objects.all().delete()
    Clip.objects.filter(pk=clip.pk).update(limits=[])
    assert remix(mine, clip, prefix="video").status_code == 200
    clip.refresh_from_db()
    withdraw_clip(clip, reason="gone", now=timezone.now())
    assert remix(mine, clip, prefix="video").status_code == 404
    assert remix(mine, clip, prefix="nonsense").status_code == 404


def test_a_refused_prompt_and_an_uploaded_clip_are_no_remix() -> None:
    clip = make_clip(make_user())
    mine = program_of(make_user())
    assert remix(mine, clip, prompt="").json()["error"]["code"] == "empty_prompt"
    video = clip.video
    video.origin, video.seed, video.engine, video.prompt = "uploaded", None, "", ""
    video.save()
    assert remix(mine, clip).json()["error"]["code"] == "nothing_to_remix"
    assert not Job.objects.exists()


def test_the_family_is_shown_as_far_as_it_may_be_seen() -> None:
    first, second, third, viewer = (make_user() for _ in range(4))
    old = make_clip(first, caption="old")
    middle = child_of(old, second, "middle")
    young = child_of(middle, third, "young")
    child_of(old, third, "sister")
    seen = Client()
    assert family(seen, young) == (["middle", "old"], [])
    assert family(seen, old) == ([], [("middle", 1), ("young", 2), ("sister", 1)])

    Clip.objects.filter(pk=middle.pk).update(privacy="only_me")
    assert family(seen, young) == ([None, "old"], [])
    assert family(seen, old) == ([], [(None, 1), ("young", 2), ("sister", 1)])
    assert family(program_of(second), young) == (["middle", "old"], [])
    assert seen.get(f"/api/v1/clips/{middle.pk}/remixes").status_code == 404
    Block.objects.create(blocker=third, blocked=viewer)
    assert family(program_of(viewer), old) == ([], [])


def test_the_family_costs_few_queries(django_assert_max_num_queries: Any) -> None:
    root = make_clip(make_user(), caption="root")
    below = root
    for number in range(8):
        below = child_of(below, make_user(), str(number))
        child_of(root, below.author, f"side {number}")
    with django_assert_max_num_queries(6):
        family(Client(), root)


def test_three_clips_are_pinned_in_order_and_by_their_author_only() -> None:
    author, other = make_user(), make_user()
    clips = [make_clip(author, caption=str(number)) for number in range(4)]
    mine = program_of(author)

    def pin(clip: Clip, client: Client = mine) -> int:
        return client.put(f"/api/v1/clips/{clip.pk}/pin").status_code

    def shown(client: Client | None = None) -> list[str]:
        cards = (client or Client()).get(f"/api/v1/users/{author.handle}/pinned").json()["data"]
        return [card["caption"] for card in cards]

    assert [pin(clip) for clip in clips] == [204, 204, 204, 409]
    assert pin(clips[0]) == 204
    assert pin(clips[0], program_of(other)) == 403
    assert pin(clips[0], Client()) == 401
    assert pin(make_clip(author, published=False)) == 409
    assert shown() == ["0", "1", "2"]
    assert mine.delete(f"/api/v1/clips/{clips[0].pk}/pin").status_code == 204
    assert pin(clips[3]) == 204
    assert shown() == ["1", "2", "3"]
    Clip.objects.filter(pk=clips[2].pk).update(privacy="only_me")
    assert shown() == ["1", "3"]
    assert shown(browser_of(author)) == ["1", "2", "3"]
    clips[1].refresh_from_db()
    withdraw_clip(clips[1], reason="gone", now=timezone.now())
    assert pin(clips[0]) == 204
    assert shown() == ["3", "0"]
