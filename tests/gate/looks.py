"""All the ways to come upon a clip, and whether each shows what the oracle says it should."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver

from clips.models import Clip, Limit
from clips.selectors import clip_for, rendition_for, visible_clips
from common.errors import NotFound
from common.ids import public_id
from moderation.models.desk import ReviewItem
from social.selectors.shown import shown_clip
from tests.gate.oracle import VISITOR
from tests.gate.test_every_route import ARGUMENT, _arguments, _routes
from tests.gate.walk import Leak, Walk
from tests.people import browser_of, program_of

MARKS = re.compile(rb"zq(\d{6})z")
NAMES_OF_CLIPS = {"clip_id", "video_id", "object_id", "name", "item_id"}
OK, LOGIN = 200, 401
PAGES = ("/", "/latest", "/following", "/api/v1/feed", "/api/v1/feed?mode=following")

Shows = Callable[[str, int], bool]


class Looks:
    """Looks at the world of a walk, with the eyes of everybody in it."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.oracle = walk.oracle
        self.random = walk.random
        self.count: Counter[str] = Counter()
        self._queries: dict[tuple[str, int | None], tuple[str, tuple[Any, ...]]] = {}
        self.browsers = {VISITOR: Client()} | {
            handle: browser_of(user) for handle, user in walk.users.items()
        }
        self.programs = {handle: program_of(user) for handle, user in walk.users.items()}

    # --- one clip, after every step ---

    def at(self, number: int) -> None:
        """Come upon one clip as it is in the lists of somebody, and now and then in other ways."""
        viewer = self.random.choice(self.walk.active_viewers())
        shown = self._is_in_lists(viewer, number)
        self._compare("visible_clips", viewer, number, shown, self.oracle.is_listed(viewer, number))
        kind = self.random.choices(("", "selector", "http"), (26, 5, 1))[0]
        if kind == "selector":
            self._by_selector(viewer, number)
        elif kind == "http":
            self._by_address(viewer, number)

    def _is_in_lists(self, viewer: str, number: int) -> bool:
        """The product's own query for lists, written out once for every viewer of an age."""
        user = self.walk.viewer(viewer)
        key = (viewer, getattr(user, "birth_year", None))
        if key not in self._queries:
            sql, values = visible_clips(user).values("pk").query.sql_with_params()
            self._queries[key] = (f"SELECT EXISTS ({sql} AND clips_clip.id = %s)", values)
        query, values = self._queries[key]
        with connection.cursor() as cursor:
            cursor.execute(query, (*values, self.walk.clips[number].pk))
            return bool(cursor.fetchone()[0])

    def _by_selector(self, viewer: str, number: int) -> None:
        name, shows, is_for_lists = self.random.choice(
            (
                ("visible_clips", self._is_listed, True),
                ("clip_for", self._is_found, False),
                ("rendition_for", self._has_file, False),
                ("shown_clip", self._is_shown, True),
            )
        )
        expects = self.oracle.is_listed if is_for_lists else self.oracle.is_found
        self._compare(name, viewer, number, shows(viewer, number), expects(viewer, number))

    def _is_listed(self, viewer: str, number: int) -> bool:
        pk = self.walk.clips[number].pk
        return visible_clips(self.walk.viewer(viewer)).filter(pk=pk).exists()

    def _is_found(self, viewer: str, number: int) -> bool:
        return _found(lambda: clip_for(self.walk.viewer(viewer), self.walk.clips[number].pk))

    def _is_shown(self, viewer: str, number: int) -> bool:
        return _found(lambda: shown_clip(self.walk.viewer(viewer), self.walk.clips[number].pk))

    def _has_file(self, viewer: str, number: int) -> bool:
        pk = self.walk.clips[number].pk
        return _found(lambda: rendition_for(self.walk.viewer(viewer), pk, "video.mp4"))

    def _by_address(self, viewer: str, number: int) -> None:
        clip = self.walk.clips[number]
        author = self.oracle.clips[number].author
        one = [
            f"/clips/{clip.pk}",
            f"/api/v1/clips/{clip.pk}",
            f"/clips/{clip.pk}/files/video.mp4",
            f"/clips/{clip.pk}/files/index.m3u8",
            f"/clips/{clip.pk}/files/poster.webp",
        ]
        lists = [*PAGES, f"/@{author}", f"/api/v1/users/{author}/clips?limit=50"]
        if self.random.random() < 0.6:
            address = self.random.choice(one)
            answer = self._get(viewer, address)
            shown = answer.status_code == OK
            answer.close()
            self._compare(address, viewer, number, shown, self.oracle.is_found(viewer, number))
        elif self.random.random() < 0.3:
            self._content_of_video(viewer, number)
        else:
            self.read(viewer, self.random.choice(lists))

    def _content_of_video(self, viewer: str, number: int) -> None:
        video = public_id("video", self.walk.clips[number].video_id)
        answer = self._get(viewer, f"/v1/videos/{video}/content", as_program=True)
        answer.close()
        is_owner = viewer == self.oracle.clips[number].author
        expected = is_owner and self.walk.jobs[number] is not None
        place = f"/v1/videos/…/content ({answer.status_code})"
        self._compare(place, viewer, number, answer.status_code == OK, expected)

    # --- everything ---

    def all_lists(self) -> None:
        """What the selector gives each person is exactly what the oracle says, no clip missing."""
        self._queries.clear()
        numbers = {clip.pk: number for number, clip in self.walk.clips.items()}
        for viewer in self.walk.active_viewers():
            found = visible_clips(self.walk.viewer(viewer)).values_list("pk", flat=True)
            shown, expected = {numbers[pk] for pk in found}, self.oracle.listed(viewer)
            self.count["whole lists compared"] += 1
            if shown != expected:
                self._report("visible_clips", viewer, shown ^ expected)

    def everything(self) -> None:
        """Every address of the site, in turns in the eyes of a visitor and of somebody else."""
        cache.clear()
        self.count["walks through every address"] += 1
        is_visitors_turn = self.count["walks through every address"] % 2
        viewer = VISITOR if is_visitors_turn else self.random.choice(self.walk.active_viewers())
        for address in self._addresses(self._arguments_of_people()):
            self.read(viewer, address)
        self._read_whole(viewer, "/api/v1/feed?mode=latest&limit=50")
        for number in self._some_clips(viewer):
            self._every_address_of(viewer, number)
        self._away()

    def _some_clips(self, viewer: str) -> list[int]:
        """Of the clips that were touched last, one the viewer may not find; or one they may."""
        numbers = [*self.walk.recent, *self.walk.live]
        is_hidden = self.random.random() < 0.8
        return [one for one in numbers if is_hidden is not self.oracle.is_found(viewer, one)][:1]

    def _every_address_of(self, viewer: str, number: int) -> None:
        clip = Clip.objects.select_related("video", "author").get(pk=self.walk.clips[number].pk)
        known = dict(_arguments(clip)) | {"handle": [clip.author.handle]}
        if not known["name"]:
            known["name"] = ["video.mp4"]
        items = ReviewItem.objects.filter(subject_id=clip.pk).order_by("-pk")
        known["item_id"] = [str(item.pk) for item in items[:1]]
        for address in self._addresses(known, are_of_clip=True):
            answer = self.read(viewer, address)
            is_hidden = not self.oracle.is_found(viewer, number)
            is_own = viewer == self.oracle.clips[number].author
            if is_hidden and not is_own and 200 <= answer.status_code < 300:
                self._report(address, viewer, {number})

    def _arguments_of_people(self) -> Mapping[str, Iterable[str]]:
        clip = Clip.objects.select_related("video", "author").get(
            pk=self.walk.clips[self.random.choice(self.walk.live)].pk
        )
        handles = [self.random.choice(sorted(self.walk.users))]
        return dict(_arguments(clip)) | {"handle": handles}

    def _addresses(
        self, known: Mapping[str, Iterable[str]], *, are_of_clip: bool = False
    ) -> list[str]:
        """The addresses without an argument that names a clip, or those with one."""
        found = []
        for route in _routes(get_resolver()):
            names = [plain or regex for plain, regex in ARGUMENT.findall(route)]
            if bool(NAMES_OF_CLIPS & set(names)) is not are_of_clip:
                continue
            # tests.gate.test_every_route fails for a name it does not know; here it is nobody's.
            for values in product(*(known.get(name, [str(uuid4())]) for name in names)):
                fill = iter(values)
                found.append("/" + ARGUMENT.sub(lambda _: next(fill), route))  # noqa: B023
        return found

    def _away(self) -> None:
        """Who was suspended comes as a visitor, and their programs not at all."""
        away = [handle for handle, one in self.oracle.people.items() if not one.is_active]
        for handle in away[:1]:
            self.read(VISITOR, "/latest", client=self.browsers[handle])
            answer = self.programs[handle].get("/api/v1/feed")
            if answer.status_code != LOGIN:
                raise Leak(f"a program of {handle}, who is suspended, got {answer.status_code}")

    # --- reading ---

    def read(self, viewer: str, address: str, *, client: Client | None = None) -> HttpResponseBase:
        """GET the address: whatever clip its answer speaks of must be one the viewer may find."""
        answer = self._get(viewer, address, client=client)
        if answer.status_code >= 500:
            raise Leak(f"{address} answered {answer.status_code} to {viewer or 'a visitor'}")
        for number in _numbers_in(answer):
            is_own = viewer == self.oracle.clips[number].author
            if not is_own and not self.oracle.is_found(viewer, number):
                self._report(address, viewer, {number})
        self.count["addresses read"] += 1
        return answer

    def _read_whole(self, viewer: str, address: str) -> None:
        """GET the latest clips: all that is public, and recommended, and nothing else."""
        answer = self._get(viewer, address)
        public = {
            number
            for number in self.oracle.listed(viewer)
            if self.oracle.clips[number].privacy == "public"
            and Limit.NO_RECOMMENDATION not in self.oracle.clips[number].limits
        }
        shown = _numbers_in(answer)
        if shown != public:
            self._report(address, viewer, shown ^ public)
        self.count["whole pages read"] += 1

    def _get(
        self, viewer: str, address: str, *, client: Client | None = None, as_program: bool = False
    ) -> HttpResponseBase:
        # Pages know sessions only; what is below the two API roots knows keys too.
        is_api = address.startswith(("/api/", "/v1/"))
        if client is None and viewer and is_api and (as_program or self.random.random() < 0.5):
            client = self.programs[viewer]
        client = client or self.browsers[viewer]
        answer = client.get(address)
        if answer.status_code == 429:
            cache.clear()
            answer = client.get(address)
        return answer

    def _compare(
        self,
        place: str,
        viewer: str,
        number: int,
        shown: bool,  # noqa: FBT001
        expected: bool,  # noqa: FBT001
    ) -> None:
        self.count["shown" if expected else "hidden"] += 1
        if shown is not expected:
            self._report(place, viewer, {number})

    def _report(self, place: str, viewer: str, numbers: set[int]) -> None:
        told = " | ".join(self.walk.history(number) for number in sorted(numbers)[:3])
        raise Leak(
            f"after step {self.walk.number}, {place} for {viewer or 'a visitor'}"
            f" is wrong about {told}"
        )


def _found(look: Callable[[], Any]) -> bool:
    try:
        look()
    except NotFound:
        return False
    return True


def _numbers_in(answer: HttpResponseBase) -> set[int]:
    if getattr(answer, "streaming", False):
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    else:
        content = answer.content  # type: ignore[attr-defined]
    answer.close()
    return {int(digits) for digits in MARKS.findall(content)}
