"""All the ways to come upon a clip, and whether each shows what the oracle says it should."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from random import Random
from typing import Any
from uuid import uuid4

from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver

from clips.models import Clip
from clips.selectors import clip_for, rendition_for, visible_clips
from common.errors import NotFound
from common.ids import public_id
from common.memory import valkey
from feed.serving.quick import forget_ring
from moderation.models.desk import ReviewItem
from social.selectors.shown import shown_clip
from tests.gate.oracle import VISITOR
from tests.gate.tempting import Temptations
from tests.gate.test_every_route import ARGUMENT, _arguments, _routes
from tests.gate.walk import TAG, Leak, Walk
from tests.people import browser_of, program_of

MARKS = re.compile(rb"zq(\d{6})z")
NAMES_OF_CLIPS = {"clip_id", "video_id", "object_id", "name", "item_id"}
OK, LOGIN = 200, 401
FOUND = {200, 301, 302, 303, 307, 308}
CURSORS_KEPT = 12
PAGES_KEPT = 12
SAID = re.compile(rb"wc(\d{6})z")
PEOPLE = re.compile(rb"\b[a-z]{3}_walks\b")
# Only here a person reads the names of whom they blocked.
OWN_BLOCKS = ("/settings", "/api/v1/me/")

# Lists that nobody asked anybody for, and lists of somebody's own asking.
RECOMMENDED = (
    "/",
    "/latest",
    "/trending",
    "/unprofiled",
    "/api/v1/feed",
    "/api/v1/feed?limit=30",
    "/api/v1/feed?mode=latest",
    "/api/v1/feed?mode=latest&limit=50",
    "/api/v1/feed?mode=trending",
    "/api/v1/feed?mode=trending&limit=30",
    "/api/v1/feed?mode=unprofiled",
    "/api/v1/feed?limit=5",
)
ASKED = (
    "/following",
    "/api/v1/feed?mode=following",
    "/api/v1/feed?mode=following&limit=50",
    "/api/v1/search?q=kites",
    "/api/v1/search?q=walking",
    f"/api/v1/tags/{TAG}/clips",
    f"/api/v1/tags/{TAG}/clips?order=latest",
    "/api/v1/me/saved?limit=50",
    "/search?q=kites",
    f"/tags/{TAG}",
    "/saved",
)

Shows = Callable[[str, int], bool]


class Looks:
    """Looks at the world of a walk, with the eyes of everybody in it."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.oracle = walk.oracle
        # Of its own: what a look meets is not always the same, and the walk is to be.
        self.random = Random(walk.seed)
        self.count: Counter[str] = Counter()
        self._queries: dict[tuple[str, int | None], tuple[str, tuple[Any, ...]]] = {}
        self.browsers = {VISITOR: Client()} | {
            handle: browser_of(user) for handle, user in walk.users.items()
        }
        self.programs = {handle: program_of(user) for handle, user in walk.users.items()}
        self.cursors: dict[str, list[str]] = {handle: [] for handle in self.browsers}
        self.served: dict[str, list[tuple[str, set[int]]]] = {name: [] for name in self.browsers}
        self.temptations = Temptations(self)

    # --- one clip, after every step ---

    def at(self, number: int) -> None:
        """Come upon one clip as it is in the lists of somebody, and now and then in other ways."""
        viewer = self._somebody()
        shown = self._is_in_lists(viewer, number)
        self._compare("visible_clips", viewer, number, shown, self.oracle.is_listed(viewer, number))
        kind = self.random.choices(("", "selector", "http", "tempted"), (17, 5, 4, 9))[0]
        if kind == "selector":
            self._by_selector(viewer, number)
        elif kind == "http":
            self._by_address(viewer, number)
        elif kind == "tempted":
            self.temptations.look()

    def _somebody(self) -> str:
        """Often one for whom something changed just now, who has warm pages."""
        viewers = self.walk.active_viewers()
        stirred = [one for one in self.walk.dealings.stirred if one in viewers]
        if stirred and self.random.random() < 0.4:
            return self.random.choice(stirred)
        return self.random.choice(viewers)

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
        one = [
            f"/clips/{clip.pk}",
            f"/api/v1/clips/{clip.pk}",
            f"/clips/{clip.pk}/files/video.mp4",
            f"/clips/{clip.pk}/files/index.m3u8",
            f"/clips/{clip.pk}/files/poster.webp",
        ]
        kind = self.random.choices(("one", "content", "list"), (4, 1, 7))[0]
        if kind == "one":
            address = self.random.choice(one)
            answer = self._get(viewer, address)
            shown = answer.status_code == OK
            answer.close()
            self._compare(address, viewer, number, shown, self.oracle.is_found(viewer, number))
        elif kind == "content":
            self._content_of_video(viewer, number)
        else:
            self._by_list(viewer, number)

    # --- lists ---

    def _by_list(self, viewer: str, number: int) -> None:
        """One of all lists there are, of which each has its own rule; or one as it was before."""
        look = self.random.choice(
            (self._recommended, self._recommended, self._asked, self._again, self._again,
             self._of_author, self._of_family, self._collected, self._shared, self._said,
             self._said, self._of_guest)
        )  # fmt: skip
        look(viewer, number)

    def _recommended(self, viewer: str, number: int) -> None:
        self.read_list(viewer, self.random.choice(RECOMMENDED), self.oracle.is_recommended)

    def _asked(self, viewer: str, number: int) -> None:
        self.read_list(viewer, self.random.choice(ASKED), self.oracle.is_listed)

    def _again(self, viewer: str, number: int) -> None:
        """A page that was asked for before, perhaps long ago, with the cursor of that time."""
        if self.cursors[viewer]:
            self.read_list(viewer, self.random.choice(self.cursors[viewer]), self.oracle.is_listed)

    def _of_author(self, viewer: str, number: int) -> None:
        author = self.oracle.clips[number].author
        lists = (
            f"/@{author}",
            f"/api/v1/users/{author}/clips?limit=50",
            f"/api/v1/users/{author}/pinned",
        )
        self.read_list(viewer, self.random.choice(lists), self.is_listed_or_own)

    def is_listed_or_own(self, viewer: str, number: int) -> bool:
        """What pages of an author, and families, may show."""
        is_own = viewer == self.oracle.clips[number].author
        return is_own or self.oracle.is_listed(viewer, number)

    def _of_family(self, viewer: str, number: int) -> None:
        """What it was made from, and what was made from it."""
        address = f"/api/v1/clips/{self.walk.clips[number].pk}/remixes"
        self.read_list(viewer, address, self.is_listed_or_own)

    def _collected(self, viewer: str, number: int) -> None:
        collections = self.walk.dealings.collections
        if collections:
            owner = self.random.choice(sorted(collections))
            address = f"/api/v1/collections/{collections[owner].pk}/clips?limit=50"
            answer = self.read_list(viewer, address, self.oracle.is_listed)
            is_there = not (owner in self.oracle.hidden_people(viewer) or self.is_away(owner))
            if not is_there and answer.status_code == OK:
                self.report(f"{address} of {owner}", viewer, set())

    def _shared(self, viewer: str, number: int) -> None:
        links = self.walk.dealings.links
        if links:
            self.follow_link(viewer, *self.random.choice(links))

    def follow_link(self, viewer: str, number: int, token: str) -> None:
        """A share link leads to the clip, for whom it is there."""
        answer = self._get(viewer, f"/s/{token}")
        shown = answer.status_code in FOUND
        answer.close()
        self._compare("/s/…", viewer, number, shown, self.oracle.is_listed(viewer, number))

    def _said(self, viewer: str, number: int) -> None:
        """What is said under a clip, best where somebody spoke whom the viewer may not read."""
        said = [one for one in self.walk.dealings.said[-80:] if one.under in self.walk.live]
        hidden = self.oracle.hidden_people(viewer)
        telling = [one for one in said if one.author in hidden] or said
        lists = ["/api/v1/notifications?limit=50", "/notifications"]
        if telling:
            one = self.random.choice(telling)
            pk = self.walk.clips[one.under].pk
            lists += [f"/api/v1/clips/{pk}/comments?limit=50", f"/clips/{pk}/comments"] * 2
            thread = self.walk.dealings.said[one.thread].pk
            lists += [f"/api/v1/comments/{thread}/replies?limit=50", f"/comments/{thread}/replies"]
        self.read(viewer, self.random.choice(lists))

    def _of_guest(self, viewer: str, number: int) -> None:
        """Its server names every clip there is and was; all that may be shown is, and no other."""
        guest = self.walk.dealings.guest
        if guest is None:
            return
        kind = self.random.choice(("api", "api", "page"))
        if kind == "page":
            self.read_list(viewer, f"/feeds/{guest.pk}", self.oracle.is_recommended)
            return
        address = f"/api/v1/feeds/{guest.pk}/clips?limit=50"
        answer = self.read_list(viewer, address, self.oracle.is_recommended)
        expected = {one for one in self.walk.live if self.oracle.is_recommended(viewer, one)}
        shown = _numbers_in(answer)
        if shown != expected:
            self.report(address, viewer, shown ^ expected)
        self.count["whole pages read"] += 1

    def is_away(self, handle: str) -> bool:
        """Whether somebody is suspended."""
        return not self.oracle.people[handle].is_active

    def read_list(self, viewer: str, address: str, shows: Shows) -> HttpResponseBase:
        """GET a list: every clip of it is one it may show the viewer."""
        answer = self.read(viewer, address)
        numbers = _numbers_in(answer)
        for number in sorted(numbers):
            self.count["clips met in lists"] += 1
            if not shows(viewer, number):
                self.report(address, viewer, {number})
        if address.startswith("/api/v1/feed?") and "following" not in address and numbers:
            self.served[viewer] = [*self.served[viewer][1 - PAGES_KEPT :], (address, numbers)]
        self._remember(viewer, address, answer)
        return answer

    def _remember(self, viewer: str, address: str, answer: HttpResponseBase) -> None:
        if not address.startswith("/api/") or answer.status_code != OK:
            return
        told = json.loads(_content(answer))
        cursor = told["meta"]["next_cursor"] if isinstance(told, dict) and "meta" in told else None
        if cursor is not None and "/users/" not in address:
            plain = re.sub(r"[?&]cursor=.*$", "", address)
            mark = "&" if "?" in plain else "?"
            kept = self.cursors[viewer]
            kept.append(f"{plain}{mark}cursor={cursor}")
            if len(kept) > CURSORS_KEPT:
                kept.pop(self.random.randrange(len(kept)))

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
                self.report("visible_clips", viewer, shown ^ expected)

    def everything(self) -> None:
        """Every address of the site, in turns in the eyes of a visitor and of somebody else."""
        _forgive()
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
        known = dict(_arguments(clip)) | {"handle": [clip.author.handle]} | self._named()
        if not known["name"]:
            known["name"] = ["video.mp4"]
        items = ReviewItem.objects.filter(subject_id=clip.pk).order_by("-pk")
        known["item_id"] = [str(item.pk) for item in items[:1]]
        for address in self._addresses(known, are_of_clip=True):
            answer = self.read(viewer, address)
            is_hidden = not self.oracle.is_found(viewer, number)
            is_own = viewer == self.oracle.clips[number].author
            if is_hidden and not is_own and 200 <= answer.status_code < 300:
                self.report(address, viewer, {number})

    def _arguments_of_people(self) -> Mapping[str, Iterable[str]]:
        clip = Clip.objects.select_related("video", "author").get(
            pk=self.walk.clips[self.random.choice(self.walk.live)].pk
        )
        handles = [self.random.choice(sorted(self.walk.users))]
        return dict(_arguments(clip)) | {"handle": handles} | self._named()

    def _named(self) -> dict[str, list[str]]:
        """What else an address can name, of what there is just now."""
        dealings = self.walk.dealings
        collections = sorted(dealings.collections)
        found = {"tag": [TAG], "word": ["kites"]}
        if dealings.guest is not None:
            found["feed_id"] = [str(dealings.guest.pk)]
        if collections:
            found["collection_id"] = [str(dealings.collections[self.random.choice(collections)].pk)]
        if dealings.said:
            found["comment_id"] = [str(self.random.choice(dealings.said[-30:]).pk)]
        return found

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
        # Visitors share the bytes of a page for two seconds; they are over.
        forget_ring()
        answer = self._get(viewer, address, client=client)
        if answer.status_code >= 500:
            raise Leak(f"{address} answered {answer.status_code} to {viewer or 'a visitor'}")
        for number in _numbers_in(answer):
            is_own = viewer == self.oracle.clips[number].author
            if not is_own and not self.oracle.is_found(viewer, number):
                self.report(address, viewer, {number})
        self._read_of_people(viewer, address, _content(answer))
        self.count["addresses read"] += 1
        return answer

    def _read_of_people(self, viewer: str, address: str, content: bytes) -> None:
        """Nobody reads the name or the words of whom they blocked, or who blocked them."""
        hidden = self.oracle.hidden_people(viewer)
        named = _people_in(content)
        if address.startswith(OWN_BLOCKS):
            hidden = {one for one in hidden if (viewer, one) not in self.oracle.blocks}
        if found := {one for one in named & hidden if one not in address}:
            self.report(f"{address} names {found}", viewer, set())
        for digits in SAID.findall(content):
            self.count["comments read"] += 1
            if not self.walk.dealings.is_readable(viewer, int(digits)):
                told = self.walk.dealings.said[int(digits)]
                self.report(f"{address} tells {told}", viewer, {told.under})

    def people_in(self, answer: HttpResponseBase) -> set[str]:
        """Whom the answer names."""
        return _people_in(_content(answer))

    def _read_whole(self, viewer: str, address: str) -> None:
        """GET the latest clips: all that is public, and recommended, and nothing else."""
        answer = self._get(viewer, address)
        public = {one for one in self.walk.live if self.oracle.is_recommended(viewer, one)}
        shown = _numbers_in(answer)
        if answer.status_code == OK and shown != public:
            self.report(address, viewer, shown ^ public)
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
            _forgive()
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
            self.report(place, viewer, {number})

    def report(self, place: str, viewer: str, numbers: set[int]) -> None:
        """Raise Leak, saying where, for whom and about which clips."""
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


def _forgive() -> None:
    """Let everybody ask again; all else that Valkey holds stays."""
    for key in valkey().scan_iter("limit:*", count=1000):
        valkey().delete(key)


def _content(answer: HttpResponseBase) -> bytes:
    """The whole answer, which can be asked for more than once."""
    if getattr(answer, "streaming", False):
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        answer.streaming_content = [content]  # type: ignore[attr-defined]
        return content
    return bytes(answer.content)  # type: ignore[attr-defined]


def _people_in(content: bytes) -> set[str]:
    return {name.decode() for name in PEOPLE.findall(content)}


def _numbers_in(answer: HttpResponseBase) -> set[int]:
    content = _content(answer)
    answer.close()
    return {int(digits) for digits in MARKS.findall(content)}
