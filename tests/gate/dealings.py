"""What people do to each other, and with clips, that changes what they are shown.

The oracle is told what each act was to do; after bad luck the act was done, or it was not.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import Role as AccountRole
from accounts.models import User
from common.errors import NotFound, ReverieError
from feed.distribution import acts, cataloguing, entering, invalidating, responding, served, tags
from feed.models.guests import GuestFeed
from feed.models.wishes import HiddenCreator, MutedWord
from feed.ranking.actions import Action, Event
from feed.ranking.sending import SentEvent
from feed.services.events import record_events
from feed.services.pinning import pin_clip, unpin_clip
from feed.services.wishes import (
    change_settings,
    hide_creator,
    mute_word,
    show_creator,
    unmute_word,
)
from feed.serving.catalogues import loaded_catalogue
from social.models.people import Block, Mute
from social.models.saving import SavedClip
from social.services.blocking import block, mute, unblock, unmute
from social.services.commenting import add_comment, remove_comment
from social.services.saving import collect_clip, make_collection, save_clip, unsave_clip
from social.services.sharing import share_clip
from tests.gate.oracle import Role, State
from tests.guests import GuestServer, skeleton
from tests.people import make_user

if TYPE_CHECKING:
    from social.models.saving import Collection
    from tests.gate.walk import Walk

WORDS = ("kites", "fox", "window", "paris")
SAID = "wc%06dz"
STIRRED = 4
LATELY_SAID = 10

Act = Callable[[], int | None]


@dataclass(frozen=True)
class Said:
    """A comment: `under` is the number of the clip, `thread` the comment it hangs on, or itself."""

    number: int
    pk: UUID
    under: int
    author: str
    thread: int


class Dealings:
    """The acts, each a method that returns the number of the clip it was about, if any."""

    def __init__(self, walk: "Walk") -> None:
        self.walk = walk
        self.random = walk.random
        self.oracle = walk.oracle
        self.said: list[Said] = []
        self.unsaid: set[int] = set()
        self.stirred: list[str] = []
        self.collections: dict[str, Collection] = {}
        self.collected: dict[str, set[int]] = {}
        self.saved: dict[str, set[int]] = {}
        self.pinned: set[int] = set()
        self.links: list[tuple[int, str]] = []
        self.guest: GuestFeed | None = None

    def acts(self) -> dict[str, tuple[int, Act]]:
        """How often each is done, and what it is."""
        return {
            "block": (40, self.block),
            "unblock": (34, self.unblock),
            "mute": (14, self.mute),
            "unmute": (14, self.unmute),
            "hide a creator": (8, self.hide_creator),
            "show a creator": (9, self.show_creator),
            "mute a word": (4, self.mute_word),
            "unmute a word": (5, self.unmute_word),
            "set the feed": (4, self.set_feed),
            "save": (24, self.save),
            "unsave": (3, self.unsave),
            "collect": (26, self.collect),
            "share": (16, self.share),
            "pin": (12, self.pin),
            "say": (36, self.say),
            "answer": (24, self.answer),
            "remove what was said": (8, self.unsay),
            "tell what happened": (20, self.tell_events),
            "let the feed's workers work": (30, self.work),
        }

    # --- people ---

    def stir(self, *handles: str) -> None:
        """Remember for whom something changed just now: where stale pages would be."""
        self.stirred = [*handles, *self.stirred][:STIRRED]

    def block(self) -> int | None:
        one, other = self._who_fall_out()
        self.stir(one, other)
        self._changed(lambda: block(self.walk.users[one], other))
        if self._is_in(Block, blocker=one, blocked=other):
            self.oracle.blocked(one, other)
        return None

    def _who_fall_out(self) -> tuple[str, str]:
        """Often who spoke lately under a clip, and its author: so there are words to hide."""
        talks = [
            (one.author, self.oracle.clips[one.under].author)
            for one in self.said[-LATELY_SAID:]
            if one.under in self.walk.live
        ]
        found = [two for two in talks if two[0] != two[1] and self.walk._are_active(*two)]
        if not found or self.random.random() < 0.5:
            return self.walk._two()
        one, other = self.random.choice(found)
        return (one, other) if self.random.random() < 0.5 else (other, one)

    def unblock(self) -> int | None:
        pair = self._pair(self.oracle.blocks)
        if pair is not None:
            self.stir(*pair)
            self._changed(lambda: unblock(self.walk.users[pair[0]], pair[1]))
            if not self._is_in(Block, blocker=pair[0], blocked=pair[1]):
                self.oracle.blocks.discard(pair)
        return None

    def mute(self) -> int | None:
        one, other = self.walk._two()
        self.stir(one)
        self._changed(lambda: mute(self.walk.users[one], other))
        if self._is_in(Mute, muter=one, muted=other):
            self.oracle.mutes.add((one, other))
        return None

    def unmute(self) -> int | None:
        pair = self._pair(self.oracle.mutes)
        if pair is not None:
            self._changed(lambda: unmute(self.walk.users[pair[0]], pair[1]))
            if not self._is_in(Mute, muter=pair[0], muted=pair[1]):
                self.oracle.mutes.discard(pair)
        return None

    def hide_creator(self) -> int | None:
        one, other = self.walk._two()
        is_known = other not in self.oracle.hidden_people(one)
        refused = None if is_known else NotFound
        user = self.walk.users[one]
        self._changed(lambda: hide_creator(user, other, now=self._wall()), refused=refused)
        if self._is_in(HiddenCreator, user=one, creator=other):
            self.oracle.hidden.add((one, other))
        return None

    def show_creator(self) -> int | None:
        pair = self._pair(self.oracle.hidden)
        if pair is not None:
            self._changed(lambda: show_creator(self.walk.users[pair[0]], pair[1]))
            if not self._is_in(HiddenCreator, user=pair[0], creator=pair[1]):
                self.oracle.hidden.discard(pair)
        return None

    # --- wishes ---

    def mute_word(self) -> int | None:
        user, word = self.walk._active(*Role), self.random.choice(WORDS)
        self._changed(lambda: mute_word(user, word, now=self._wall()))
        if MutedWord.objects.filter(user=user, word=word).exists():
            self.oracle.words.add((user.handle, word))
        return None

    def unmute_word(self) -> int | None:
        words = [one for one in sorted(self.oracle.words) if self.walk._are_active(one[0])]
        if words:
            handle, word = self.random.choice(words)
            user = self.walk.users[handle]
            self._changed(lambda: unmute_word(user, word))
            if not MutedWord.objects.filter(user=user, word=word).exists():
                self.oracle.words.discard((handle, word))
        return None

    def set_feed(self) -> int | None:
        """Be profiled or not, as far as one's age lets one choose."""
        user = self.walk._active(*Role)
        is_adult = self.oracle.age_of(user.handle) != "minor"
        changes = {"is_profiled": self.random.choice((True, False, None)) if is_adult else False}
        self._changed(lambda: change_settings(user, changes, now=self._wall()))
        return None

    # --- clips ---

    def save(self) -> int | None:
        def keep(user: User, clip_id: Any) -> None:
            save_clip(user, clip_id)
            self.saved.setdefault(user.handle, set()).add(self.walk.number_of(clip_id))

        return self.walk._touch(keep)

    def unsave(self) -> int | None:
        number = self.walk._clip(None)
        if number is not None:
            user, clip_id = self.walk._active(*Role), self.walk.clips[number].pk
            is_kept = SavedClip.objects.filter(user=user, clip=clip_id).exists()
            may_ask = is_kept or self.walk.oracle.is_listed(user.handle, number)
            self._changed(lambda: unsave_clip(user, clip_id), refused=None if may_ask else NotFound)
        return number

    def collect(self) -> int | None:
        """Put a clip into a collection that everybody may look into."""

        def put(user: User, clip_id: Any) -> None:
            if user.handle not in self.collections:
                made = make_collection(user, title=f"of {user.handle[:3]}", is_public=True)
                self.collections[user.handle] = made
            collect_clip(user, self.collections[user.handle].pk, clip_id)
            self.collected.setdefault(user.handle, set()).add(self.walk.number_of(clip_id))

        return self.walk._touch(put)

    def share(self) -> int | None:
        tokens: list[str] = []
        number = self.walk._touch(
            lambda user, clip_id: tokens.append(share_clip(user, clip_id).token)
        )
        if number is not None and tokens:
            self.links = [*self.links[-20:], (number, tokens[0])]
        return number

    def pin(self) -> int | None:
        """Whether it may be is the product's to say; where it is shown, the looks' to see."""
        number = self.walk._clip(State.PUBLISHED, of_active_author=True)
        if number is not None:
            author = self.walk.users[self.oracle.clips[number].author]
            act = self.random.choice((pin_clip, pin_clip, unpin_clip))
            with suppress(ReverieError):
                act(author, self.walk.clips[number].pk)
                (self.pinned.add if act is pin_clip else self.pinned.discard)(number)
        return number

    def say(self) -> int | None:
        return self._say(None)

    def answer(self) -> int | None:
        live = [one for one in self.said if one.under in self.walk.live]
        return self._say(self.random.choice(live)) if live else None

    def _say(self, answered: Said | None) -> int | None:
        """Whether one may is the product's to say; what is shown of it, the looks' to see."""
        text = SAID % len(self.said)
        number = answered.under if answered else self.walk._clip(State.PUBLISHED)
        if number is None:
            return None
        user, clip = self.walk._active(*Role), self.walk.clips[number]
        reply_to = answered.pk if answered else None
        with suppress(NotFound):
            made = add_comment(user, clip.pk, text=text, reply_to=reply_to, now=self._wall())
            here = len(self.said)
            thread = answered.thread if answered else here
            self.said.append(Said(here, made.pk, number, user.handle, thread))
        return int(number)

    def is_readable(self, viewer: str, number: int) -> bool:
        """Whether the viewer may read what was said, given that they may see the clip."""
        return not self.why_unreadable(viewer, number)

    def why_unreadable(self, viewer: str, number: int) -> str:
        """Why the viewer may not read what was said; empty where they may.

        Nobody but reviewers reads what is said by somebody and under a clip of somebody who are
        kept apart.
        """
        said, people = self.said[number], self.oracle.people
        if {said.number, said.thread} & self.unsaid:
            return "taken away"
        voices = {said.author, self.said[said.thread].author}
        if not all(people[one].is_active for one in voices):
            return "suspended"
        if voices & self.oracle.hidden_people(viewer):
            return "apart from the viewer"
        author = self.oracle.clips[said.under].author
        is_reviewer = bool(viewer) and people[viewer].is_reviewer
        if not is_reviewer and any(self.oracle.are_apart(one, author) for one in voices):
            return "apart from the clip's author"
        return ""

    def unsay(self) -> int | None:
        """Its author takes it away, who may have been kept from the clip since."""
        mine = [one for one in self.said[-50:] if self.walk._are_active(one.author)]
        if not mine:
            return None
        one = self.random.choice(mine)
        with suppress(NotFound):
            remove_comment(self.walk.users[one.author], one.pk, now=self._wall())
            self.unsaid.add(one.number)
        return one.under

    # --- the feed's own ---

    def tell_events(self) -> int | None:
        """What a page says its viewer did; of clips they may not see it is dropped."""
        number = self.walk._clip(None)
        if number is None:
            return None
        action = self.random.choice((Action.IMPRESSION, Action.WATCH, Action.NOT_INTERESTED))
        clip, now = self.walk.clips[number].pk, self._wall()
        event = Event(action=action, clip=clip, at=now.timestamp(), watched_seconds=1.0)
        user = self.walk._active(*Role)
        sent = [SentEvent(uuid4(), event)]
        self._changed(lambda: record_events(user, sent, now=now))
        return int(number)

    def work(self) -> int | None:
        """One of the tasks that beat rings for, or all of them."""
        rounds: list[Callable[[], object]] = [
            invalidating.work_off_changes,
            self._write_catalogue,
            self._write_catalogue,
            lambda: tags.count_tags(now=self._wall()),
            responding.count_responses,
            lambda: acts.move_acts(now=self._wall()),
            served.write_served,
            lambda: entering.give_meanings(most=2),
        ]
        self._changed(self.random.choice(rounds))
        return None

    def _write_catalogue(self) -> None:
        cataloguing.write_catalogue(now=self._wall())
        loaded_catalogue().look()

    # --- a feed of somebody else's ---

    def open_guest_feed(self, server: GuestServer) -> None:
        """A feed whose server names every clip there ever was, and who asks is no matter."""
        keeper = make_user("keeper_of_a_feed", role=AccountRole.CREATOR)

        def name_all(connection: socket.socket, query: dict[str, str]) -> None:
            numbers = [*self.walk.live, *self.walk.gone[-30:]]
            skeleton(self.walk.clips[number].pk for number in numbers)(connection, query)

        server.paths["/all"] = name_all
        url = server.url("/all")
        self.guest = GuestFeed.objects.create(owner=keeper, name="Everything", url=url)

    # --- how it is done ---

    def _changed(
        self, act: Callable[[], object], *, refused: type[Exception] | None = None
    ) -> None:
        with self.walk._luck() as luck:
            self.walk._do(act, refused=refused, luck=luck)

    def _is_in(self, table: Any, **people: str) -> bool:
        named = {f"{column}_id": self.walk.users[handle].pk for column, handle in people.items()}
        return bool(table.objects.filter(**named).exists())

    def _pair(self, pairs: set[tuple[str, str]]) -> tuple[str, str] | None:
        active = [pair for pair in sorted(pairs) if self.walk._are_active(*pair)]
        return self.random.choice(active) if active else None

    def _wall(self) -> Any:
        """Wishes and words are shown by the clock on the wall."""
        return timezone.now()
