"""A clip whose frame check timed out is nowhere: every address of the site is walked.

The walk takes its addresses from the URL configuration itself.  A new route with an argument this
file does not know fails the test until somebody says what to put there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from uuid import uuid4

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from clips.models import Clip
from common.ids import public_id
from generation.orders import Order, Posting
from generation.rendering.rendering import render_next
from generation.services import request_generation
from moderation.models.desk import ReviewItem
from moderation.policy.rules import Outcome
from moderation.screening import screen_clip
from tests.moderation.reviewing import reviewed
from tests.people import browser_of, make_user, program_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CAPTION = "Only its author reads this caption"
PROMPT = "a purple eggplant spinning in the snow"
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^()]*\)")


@pytest.fixture
def author(db: None) -> User:
    return make_user("author_of_it")


@pytest.fixture
def clip(author: User, settings: Settings) -> Clip:
    """A clip of a real video whose frame check never answered."""
    settings.FRAME_DETECTORS = ["tests.moderation.detectors.Hanging"]
    settings.FRAME_CHECK_SECONDS = 0.5
    posting = Posting(caption=CAPTION, hashtags=["unseen"])
    order = Order(prompt=PROMPT, size="360x640", inference_steps=2, posting=posting)
    request_generation(author, order, now=timezone.now())
    render_next()
    screen_clip(Clip.objects.get().pk, clock=timezone.now)
    return Clip.objects.select_related("video").get()


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).removeprefix("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from _routes(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def _arguments(clip: Clip) -> Mapping[str, Iterable[str]]:
    """What to put into a route: the held clip wherever a clip could be named."""
    items = ReviewItem.objects.filter(subject_id=clip.pk).values_list("pk", flat=True)
    return {
        "clip_id": [str(clip.pk)],
        "video_id": [public_id("video", clip.video_id)],
        "name": list(clip.video.renditions.values_list("name", flat=True)),
        "handle": ["author_of_it"],
        "tag": ["unseen"],
        "object_id": [str(clip.pk)],
        "comment_id": [str(uuid4())],
        "collection_id": [str(uuid4())],
        "token": ["a-token-of-none"],
        "item_id": [str(item) for item in items] or [str(uuid4())],
        "key_id": [str(uuid4())],
        "policy_id": [str(uuid4())],
        "statement_id": [str(uuid4())],
        "notice_id": [str(uuid4())],
        "feed_id": [str(uuid4())],
        "upload_id": [str(clip.video_id)],
        "model_id": ["reverie-small-2"],
        "app_label": ["clips", "moderation"],
        "content_type_id": ["1"],
        "url": ["clips/clip/"],
        "key": ["a-key"],
        "chip_id": [str(uuid4())],
        "topic_id": [str(uuid4())],
        "word": ["rain"],
        "uidb36": ["1"],
    }


def _addresses(clip: Clip) -> list[str]:
    known = _arguments(clip)
    found = []
    for route in _routes(get_resolver()):
        names = [plain or regex for plain, regex in ARGUMENT.findall(route)]
        if unknown := set(names) - set(known):
            pytest.fail(f"/{route} takes {unknown}: say in _arguments what that may be.")
        for values in product(*(known[name] for name in names)):
            fill = iter(values)
            found.append("/" + ARGUMENT.sub(lambda _: next(fill), route))  # noqa: B023
    return found


def _content(answer: HttpResponseBase) -> bytes:
    if getattr(answer, "streaming", False):
        return b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return bytes(answer.content)  # type: ignore[attr-defined]


def _traces(clip: Clip) -> list[bytes]:
    """What a page or an API would show of the clip, and what its files begin with."""
    digests = clip.video.renditions.values_list("digest", flat=True)
    shown = [CAPTION, PROMPT, clip.pk.hex, str(clip.pk), clip.video_id.hex, "unseen", *digests]
    return [text.encode() for text in shown] + [b"ftyp", b"#EXTM3U", b"WEBP", b"JFIF"]


def _leaks(client: Client, clip: Clip, *, methods: Iterable[str]) -> list[str]:
    traces = _traces(clip)
    leaks = []
    for address in _addresses(clip):
        # A refusal may repeat the address it was asked for, and nothing more.
        named = [trace for trace in traces if trace in address.encode()]
        for method in methods:
            answer = getattr(client, method)(address)
            found = [t for t in traces if t not in named and t in _content(answer)]
            names_the_clip = bool(named)
            if found or (
                names_the_clip and 200 <= answer.status_code < 300 and method != "options"
            ):
                leaks.append(f"{method} {address}: {answer.status_code} {found}")
            assert answer.status_code < 500, f"{method} {address}"
    return leaks


def test_the_check_that_timed_out_holds_the_clip_and_tells_its_author(clip: Clip) -> None:
    assert clip.state == "held"
    assert clip.reason


def test_no_visitor_finds_a_trace_of_it_by_any_method(clip: Clip) -> None:
    assert _leaks(Client(), clip, methods=METHODS) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CREATOR])
def test_no_other_person_finds_a_trace_of_it_by_any_method(clip: Clip, role: Role) -> None:
    person = make_user(role=role)
    for client in (browser_of(person), program_of(person)):
        assert _leaks(client, clip, methods=METHODS) == []


def test_a_follower_finds_no_trace_of_it(clip: Clip, author: User) -> None:
    follower = make_user()
    assert program_of(follower).put(f"/api/v1/users/{author.handle}/follow").status_code < 300
    assert _leaks(program_of(follower), clip, methods=["get"]) == []


def test_its_author_and_a_moderator_find_its_page_and_its_files(clip: Clip, author: User) -> None:
    for person in (author, make_user(role=Role.MODERATOR)):
        browser = browser_of(person)
        assert CAPTION in browser.get(f"/clips/{clip.pk}").content.decode()
        for name in clip.video.renditions.values_list("name", flat=True):
            assert _content(browser.get(f"/clips/{clip.pk}/files/{name}"))
        shown = program_of(person).get(f"/api/v1/clips/{clip.pk}").json()
        assert (shown["state"], shown["caption"]) == ("held", CAPTION)


def test_the_walk_would_see_it_once_it_is_published(clip: Clip) -> None:
    moderator = make_user(role=Role.MODERATOR)
    reviewed(moderator, clip, Outcome.ALLOW, now=timezone.now())
    leaks = "\n".join(_leaks(Client(), clip, methods=["get"]))
    for address in ("get /latest", "get /api/v1/feed", f"get /clips/{clip.pk}/files/video.mp4"):
        assert address in leaks
