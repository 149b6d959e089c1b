"""Looks on purpose at places where something lies that somebody must not see.

What each is to find came about by chance, as everything in a walk; that somebody then looks at
the very place, and with the very eyes, chance would bring about too rarely.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from tests.gate.oracle import VISITOR, State

if TYPE_CHECKING:
    from tests.gate.dealings import Said
    from tests.gate.looks import Looks

OK = 200
LETTERS = 3
LATELY_SAID = 60
WARMED = 0.25
WARM_PAGES = (
    "/api/v1/feed?limit=5",
    "/api/v1/feed?limit=30",
    "/api/v1/feed?mode=trending&limit=30",
)
TAGGED = (
    "/api/v1/tags/walking/clips?limit=50",
    "/api/v1/tags/walking/clips?order=latest&limit=50",
    "/api/v1/search?q=walking&limit=50",
    "/api/v1/search?q=kites&limit=50",
    "/tags/walking",
    "/search?q=kites",
)


class Temptations:
    """The kinds of place, each a method that looks there, unless there is nothing to be hidden."""

    def __init__(self, looks: "Looks") -> None:
        self.looks = looks
        self.walk = looks.walk
        self.oracle = looks.oracle
        self.dealings = looks.walk.dealings
        self.random = looks.random
        self.kinds: dict[str, Callable[[], bool]] = {
            "words": self._words,
            "notifications": self._notifications,
            "collections": self._collections,
            "saved": self._saved,
            "links": self._links,
            "pages served before": self._served,
            "people": self._people,
            "followers": self._followers,
            "families": self._families,
            "pins": self._pins,
            "hashtags": self._hashtags,
            "the followed": self._followed,
            "figures": self._figures,
        }

    def look(self) -> None:
        """Be tempted by one of the kinds that have something to hide; or have a page made warm."""
        if self.random.random() < WARMED:
            self._warm()
            return
        for kind in self.random.sample(sorted(self.kinds), len(self.kinds)):
            if self.kinds[kind]():
                self.looks.count[f"tempted: {kind}"] += 1
                return

    # --- words and people ---

    def _words(self) -> bool:
        said = [one for one in self.dealings.said[-LATELY_SAID:] if one.under in self.walk.live]
        found: dict[str, list[tuple[str, Said]]] = {}
        for viewer in filter(None, self._viewers()):
            for one in said:
                why = self.dealings.why_unreadable(viewer, one.number)
                if why and self.oracle.is_listed(viewer, one.under):
                    found.setdefault(why, []).append((viewer, one))
        if not found:
            return False
        # Each kind as often as the others, though most of what is hidden was taken away.
        viewer, one = self.random.choice(found[self.random.choice(sorted(found))])
        clip, thread = self.walk.clips[one.under].pk, self.dealings.said[one.thread].pk
        places = [
            f"/api/v1/clips/{clip}/comments?limit=50",
            f"/clips/{clip}/comments",
            f"/api/v1/comments/{thread}/replies?limit=50",
            f"/comments/{thread}/replies",
            "/api/v1/notifications?limit=50",
        ]
        self.looks.read(viewer, self.random.choice(places))
        return True

    def _notifications(self) -> bool:
        viewers = [viewer for viewer, people in self._hidden().items() if people]
        places = ("/api/v1/notifications?limit=50", "/notifications")
        return bool(viewers) and self._read(self.random.choice(viewers), places)

    def _people(self) -> bool:
        """Nobody finds whom they must not know of, nor anybody who is away."""
        away = {one for one in self.oracle.people if self.looks.is_away(one)}
        found = [(who, one) for who, some in self._hidden().items() for one in some | away]
        if not found:
            return False
        viewer, handle = self.random.choice(sorted(found))
        address = f"/api/v1/search?q={handle[:LETTERS]}&kind=people"
        answer = self.looks.read(viewer, address)
        if named := self.looks.people_in(answer) & away:
            self.looks.report(f"{address} names {named}, who are away", viewer, set())
        return True

    def _followers(self) -> bool:
        found = [
            (viewer, side, of)
            for viewer, people in self._hidden().items()
            for one, other in self.oracle.follows
            for side, hidden, of in (("followers", one, other), ("following", other, one))
            if hidden in people and of not in people and not self.looks.is_away(of)
        ]
        if not found:
            return False
        viewer, side, of = self.random.choice(sorted(found))
        return self._read(viewer, (f"/api/v1/users/{of}/{side}?limit=50", f"/@{of}/{side}"))

    # --- clips in lists of somebody's making ---

    def _collections(self) -> bool:
        found = [
            (viewer, owner)
            for owner, numbers in self.dealings.collected.items()
            for viewer in self._viewers()
            if self._is_any_hidden(viewer, numbers)
        ]
        if not found:
            return False
        viewer, owner = self.random.choice(found)
        pk = self.dealings.collections[owner].pk
        places = (f"/api/v1/collections/{pk}/clips?limit=50", f"/collections/{pk}")
        return self._list(viewer, places, self.oracle.is_listed)

    def _saved(self) -> bool:
        found = [
            handle
            for handle, numbers in self.dealings.saved.items()
            if not self.looks.is_away(handle) and self._is_any_hidden(handle, numbers)
        ]
        if not found:
            return False
        places = ("/api/v1/me/saved?limit=50", "/saved")
        return self._list(self.random.choice(found), places, self.oracle.is_listed)

    def _links(self) -> bool:
        found = [
            (viewer, number, token)
            for number, token in self.dealings.links
            for viewer in self._viewers()
            if self._is_hidden(viewer, number)
        ]
        if not found:
            return False
        viewer, number, token = self.random.choice(found)
        self.looks.follow_link(viewer, number, token)
        return True

    def _families(self) -> bool:
        pairs = [pair for pair in self.walk.parents.items() if pair[0] in self.walk.live]
        found = [
            (viewer, one)
            for pair in pairs
            for one, other in (pair, pair[::-1])
            for viewer in self._viewers()
            if self._is_hidden(viewer, other) and self.oracle.is_found(viewer, one)
        ]
        if not found:
            return False
        viewer, number = self.random.choice(found)
        pk = self.walk.clips[number].pk
        return self._list(viewer, (f"/api/v1/clips/{pk}/remixes",), self.looks.is_listed_or_own)

    def _pins(self) -> bool:
        found = [
            (viewer, number)
            for number in self.dealings.pinned
            for viewer in self._viewers()
            if self._is_hidden(viewer, number)
            and viewer != self.oracle.clips[number].author
            and self.oracle.clips[number].author not in self.oracle.hidden_people(viewer)
        ]
        if not found:
            return False
        viewer, number = self.random.choice(sorted(found))
        author = self.oracle.clips[number].author
        places = (f"/api/v1/users/{author}/pinned", f"/@{author}")
        return self._list(viewer, places, self.oracle.is_listed)

    def _figures(self) -> bool:
        """How a clip is received is told to its author alone."""
        number, viewer = self.random.choice(self.walk.live), self.random.choice(self._viewers())
        if not viewer:
            return False
        address = f"/api/v1/clips/{self.walk.clips[number].pk}/analytics"
        answer = self.looks.read(viewer, address)
        if (answer.status_code == OK) is not (viewer == self.oracle.clips[number].author):
            self.looks.report(f"{address} ({answer.status_code})", viewer, {number})
        return True

    # --- pages of everybody's ---

    def _hashtags(self) -> bool:
        return self._list(self._stirred_or_any(), TAGGED, self.oracle.is_searched)

    def _followed(self) -> bool:
        found = [
            follower
            for follower, author in self.oracle.follows
            if not self.looks.is_away(follower)
            and self._is_any_hidden(follower, self._clips_of(author))
        ]
        if not found:
            return False
        places = ("/api/v1/feed?mode=following&limit=50", "/following")
        return self._list(self.random.choice(sorted(found)), places, self.oracle.is_listed)

    def _served(self) -> bool:
        """A page of the feed that showed what must not be shown any more, asked for again."""
        found = [
            (viewer, address)
            for viewer in self._viewers()
            for address, numbers in self.looks.served[viewer]
            if self._is_any_hidden(viewer, numbers)
        ]
        if not found:
            return False
        viewer, address = self.random.choice(found)
        shows = self.oracle.is_listed if "cursor=" in address else self.oracle.is_recommended
        return self._list(viewer, (address,), shows)

    def _warm(self) -> None:
        """Have pages ready for somebody, the first and the next: they may become wrong."""
        viewer = self.random.choice(self._viewers())
        self._list(viewer, (self.random.choice(WARM_PAGES),), self.oracle.is_recommended)
        if cursors := [one for one in self.looks.cursors[viewer] if "/feed?" in one]:
            self._list(viewer, (cursors[-1],), self.oracle.is_listed)

    # --- how it is done ---

    def _hidden(self) -> dict[str, set[str]]:
        return {viewer: self.oracle.hidden_people(viewer) for viewer in self._viewers() if viewer}

    def _viewers(self) -> list[str]:
        return self.walk.active_viewers()

    def _stirred_or_any(self) -> str:
        stirred = [one for one in self.dealings.stirred if not self.looks.is_away(one)]
        return self.random.choice(stirred or [VISITOR, *self._viewers()])

    def _clips_of(self, author: str) -> list[int]:
        return [one for one in self.walk.live if self.oracle.clips[one].author == author]

    def _is_hidden(self, viewer: str, number: int) -> bool:
        is_gone = self.oracle.clips[number].state is State.DELETED
        return not is_gone and not self.oracle.is_listed(viewer, number)

    def _is_any_hidden(self, viewer: str, numbers: Iterable[int]) -> bool:
        return any(self._is_hidden(viewer, number) for number in numbers)

    def _read(self, viewer: str, places: Sequence[str]) -> bool:
        self.looks.read(viewer, self.random.choice(places))
        return True

    def _list(self, viewer: str, places: Sequence[str], shows: Callable[[str, int], bool]) -> bool:
        self.looks.read_list(viewer, self.random.choice(places), shows)
        return True
