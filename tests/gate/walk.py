"""A long random walk through everything that can happen to clips, with a second opinion beside it.

Each step is one act of somebody, through the services that the pages and workers use, or a piece of
bad luck: a killed worker, a detector that fails, a statement that the database cuts off, a
connection it ends, somebody who writes past the services.  `tests.gate.oracle` is told what was
done and how it ended, and from that alone says what each kind of person may see.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.contrib.auth.models import AnonymousUser
from django.db import Error as DatabaseFailure
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role as AccountRole
from accounts.models import User
from clips.models import Clip, Rendition, Video
from clips.selectors import clip_for
from clips.services import (
    claim_for_screening,
    delete_clip,
    edit_clip,
    release_expired_screenings,
    store_video,
    submit_rendered,
)
from clips.states import HELD, PUBLISHED, REJECTED, WITHDRAWN
from common.errors import Denied, NotFound
from common.objects import store
from common.states import UnableToMove
from generation.models import Job
from generation.services import delete_job
from moderation import tasks
from moderation.enforcement.bans import enforce_ban
from moderation.enforcement.canary import self_test
from moderation.enforcement.rulings import Content, Ruling, carry_out
from moderation.enforcement.settling import REVIEWER, settle_due
from moderation.models.desk import ReviewItem
from moderation.models.health import DetectorHealth
from moderation.models.judging import Subject
from moderation.policy.rules import Outcome
from moderation.screening import screen_clip
from moderation.selectors.policies import active_policy
from moderation.selectors.subjects import sight_of
from moderation.services.desk import (
    Answer,
    UnableToUndo,
    claim_item,
    decide_item,
    take_next,
    undo,
)
from moderation.services.hashes import ban_clip, unban
from moderation.services.policies import (
    NeedsSecondPerson,
    PolicyDocument,
    activate_policy,
    document_at,
    install_policy_file,
    propose_policy,
)
from social.services.following import UnableToFollow, follow, unfollow
from social.services.liking import like, unlike
from social.services.watching import note_view
from tests.gate.dealings import Dealings
from tests.gate.films import HEIGHT, WIDTH, Film
from tests.gate.oracle import (
    VISITOR,
    Fact,
    HeldBy,
    Judging,
    Mood,
    Oracle,
    Person,
    Phrase,
    Role,
    State,
    Verdict,
)
from tests.guests import GuestServer
from tests.people import make_user
from tests.statements import Statements, before_statement

MARK = "zq%06dz"
TAG = "walking"
PRIVACIES = ("public", "public", "public", "followers", "mutuals", "only_me")
ADULTS_ONLY = frozenset({"age_gate", "no_recommendation"})
PHRASES = (
    *[Phrase("kites over the beach", Verdict.ALLOW, Verdict.ALLOW, Verdict.ALLOW)] * 5,
    *[Phrase("a red fox in the snow", Verdict.ALLOW, Verdict.ALLOW, Verdict.ALLOW)] * 5,
    *[Phrase("rain on a window", Verdict.ALLOW, Verdict.ALLOW, Verdict.BLOCK)] * 4,
    Phrase(
        "a street in paris with shops for hats, books, flowers and lingerie",
        Verdict.LIMIT,
        Verdict.BLOCK,
        Verdict.LIMIT,
        limits=ADULTS_ONLY,
        is_labelled=True,
    ),
    Phrase(
        "a marble nude in a museum", Verdict.REVIEW, Verdict.BLOCK, Verdict.REVIEW, is_labelled=True
    ),
    Phrase("white power", Verdict.BLOCK, Verdict.BLOCK, Verdict.BLOCK),
)
# What makes a policy strict: these words become explicit ones.
STRICTER = ("explicit: [", "explicit: [rain on a window, ")
CATEGORY = "hate"

MOODY = "tests.moderation.detectors.Moody"
GOOD_MOODS = (*[Mood.CALM] * 8, Mood.UNSURE, Mood.ALARMED)
BAD_MOODS = (Mood.SILENT, Mood.BABBLING, Mood.ABSENT)
DEADLY_MOODS = (Mood.RAISING, Mood.DYING, Mood.HANGING)

FEWEST_LIVE_CLIPS, MOST_LIVE_CLIPS = 16, 36
RECENT = 6
LEASE_SECONDS = 20.0
LONG_AGO = timedelta(days=60)
STATEMENTS_OF_AN_ACT = (4, 8, 24)
FAULTS_PER_THOUSAND = 30


# What a person's ruling can still change, by what it says.
OPEN_TO = {
    Verdict.ALLOW: [HELD, REJECTED, WITHDRAWN],
    Verdict.REVIEW: [PUBLISHED],
    Verdict.BLOCK: [HELD, PUBLISHED],
}
DECIDABLE = frozenset({State.HELD, State.PUBLISHED, State.REFUSED})


class Leak(AssertionError):
    """Something was served that may not be, or kept from somebody who may see it."""


@dataclass(frozen=True)
class Look:
    """What a reviewer once looked at."""

    number: int
    caption: str


@dataclass(frozen=True)
class Opinion:
    """What a reviewer said at the desk, and can take back for a while."""

    reviewer: User
    item: Any
    verdict: Verdict
    limits: frozenset[str]
    before: Fact


class Walk:
    """The world, and the acts in it."""

    def __init__(
        self,
        films: Sequence[Film],
        *,
        seed: int,
        settings: Settings,
        folder: Path,
        guest: GuestServer,
    ) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.settings = settings
        self.folder = folder
        self.now = timezone.now() - LONG_AGO
        self.oracle = Oracle(year=timezone.now().year)
        self.films = {film.name: film for film in films}
        self.users: dict[str, User] = {}
        self.clips: dict[int, Clip] = {}
        self.jobs: dict[int, Any] = {}
        self.parents: dict[int, int] = {}
        self.recent: list[int] = []
        self.live: list[int] = []
        self.gone: list[int] = []
        self.looks: list[Look] = []
        self.done: Counter[str] = Counter()
        self.opinions: dict[int, Opinion] = {}
        self.bans: list[tuple[Any, int, str]] = []
        self.unfinished: list[tuple[Any, int, str]] = []
        self.policies = self.judges = self.depth = self.number = 0
        self.dealings = Dealings(self)
        self.acts = self._acts() | self.dealings.acts()
        self._shared = self._stored_films()
        self._populate()
        self.dealings.open_guest_feed(guest)
        self.mood = Mood.CALM
        self._be(Mood.CALM)
        install_policy_file(now=self.now)
        while len(self.live) < FEWEST_LIVE_CLIPS:
            self._judge(self.post())

    # --- the world ---

    def _populate(self) -> None:
        people = [
            ("ann", Role.CREATOR, 1980), ("ben", Role.CREATOR, None), ("cem", Role.CREATOR, 2012),
            ("dee", Role.CREATOR, 1999), ("eva", Role.VIEWER, 1975), ("fay", Role.VIEWER, 2011),
            ("gus", Role.VIEWER, None), ("mia", Role.MODERATOR, None),
            ("max", Role.MODERATOR, 1985), ("ada", Role.ADMIN, None),
        ]  # fmt: skip
        for handle, role, year in people:
            user = make_user(f"{handle}_walks", role=AccountRole(role), birth_year=year)
            self.users[user.handle] = user
            self.oracle.people[user.handle] = Person(role, year)

    def _stored_films(self) -> dict[str, list[Rendition]]:
        """The files that all clips of a film share; a video nobody posts keeps them stored."""
        keeper = make_user("keeper_of_films")
        shared = {}
        for film in self.films.values():
            renditions = film.renditions()
            store_video(renditions, **self._columns(keeper, film, renditions, "kept"))
            shared[film.name] = [one for one in renditions if one.kind != "mp4"]
        return shared

    def _columns(
        self, owner: User, film: Film, renditions: Sequence[Rendition], prompt: str
    ) -> dict[str, Any]:
        return {
            "owner": owner,
            "prompt": prompt,
            "engine": "test",
            "seed": 1,
            "digest": next(one.digest for one in renditions if one.kind == "mp4"),
            "width": WIDTH,
            "height": HEIGHT,
            "frame_count": 16,
            "duration_seconds": film.duration_seconds,
            "digital_source_type": "trainedAlgorithmicMedia",
        }

    def viewer(self, handle: str) -> User | AnonymousUser:
        """The person as the product knows them; a visitor for no name."""
        return self.users[handle] if handle else AnonymousUser()

    def number_of(self, clip_id: UUID) -> int:
        """The number of a clip that is there."""
        return next(number for number in self.live if self.clips[number].pk == clip_id)

    def active_viewers(self) -> list[str]:
        """Everybody who can come and look."""
        people = self.oracle.people.items()
        return [VISITOR, *(handle for handle, person in people if person.is_active)]

    # --- taking steps ---

    def step(self) -> int | None:
        """Do one thing; the number of the clip it was about, if it was about one."""
        self.now += timedelta(seconds=self.random.random() * 10)
        name = self.random.choices(list(self.acts), [weight for weight, _ in self.acts.values()])[0]
        self.number += 1
        number = self.acts[name][1]()
        self.done[name] += 1
        if number is not None:
            self.recent = [number, *[one for one in self.recent if one != number]][:RECENT]
        return number

    def _acts(self) -> dict[str, tuple[int, Callable[[], int | None]]]:
        return {
            "post": (22, self.post),
            "edit words": (40, self.edit_words),
            "change privacy": (70, self.change_privacy),
            "edit nothing new": (10, self.edit_nothing_new),
            "delete the clip": (12, self.delete),
            "delete the job": (8, self.delete_job),
            "judge": (45, self.judge),
            "judge while things happen": (18, self.judge_while_things_happen),
            "judge what is not waiting": (40, self.judge_what_is_not_waiting),
            "judge killed": (50, self.judge_killed),
            "judge without the file": (1, self.judge_without_file),
            "sweep": (25, self.sweep),
            "sweep everything": (3, self.sweep_everything),
            "change the mood": (40, self.change_mood),
            "kill the detector": (1, self.kill_detector),
            "test the detectors": (4, self.test_detectors),
            "change the policy": (1, self.change_policy),
            "ban": (1, self.ban),
            "enforce the bans": (2, self.enforce_bans),
            "lift a ban": (2, self.lift_ban),
            "say at the desk": (20, self.say_at_desk),
            "take it back": (4, self.take_back),
            "let it take effect": (8, self.let_take_effect),
            "review": (45, self.review),
            "look": (25, self.look),
            "review as seen": (20, self.review_as_seen),
            "review without the right": (8, self.review_without_right),
            "follow": (100, self.follow),
            "unfollow": (95, self.unfollow),
            "like": (40, self.like),
            "watch": (10, self.watch),
            "grow older": (40, self.change_birth_year),
            "suspend": (10, self.suspend),
            "reinstate": (40, self.reinstate),
            "write past the gate": (90, self.write_past_the_gate),
            "swap the file": (50, self.swap_the_file),
        }

    def _attempt(
        self,
        act: Callable[[], object],
        *,
        outcomes: Mapping[int, Sequence[Fact]],
        on_the_way: Mapping[int, Sequence[Fact]] | None = None,
        refused: type[Exception] | None = None,
    ) -> None:
        """Do `act`, now and then in bad luck, and let the oracle know how it ended.

        `outcomes` are what each clip may be afterwards; after bad luck it may also be as before,
        or as in `on_the_way`, and nothing else: never half of it.
        """
        before = {number: self.oracle.clips[number] for number in outcomes}
        with self._luck() as luck:
            self._do(act, refused=refused, luck=luck)
        for number, after in outcomes.items():
            possible = list(after)
            if luck is not None and luck.has_acted:
                possible = [before[number], *(on_the_way or {}).get(number, ()), *possible]
            self._settle(number, possible)

    def _do(
        self,
        act: Callable[[], object],
        *,
        refused: type[Exception] | None,
        luck: Statements | None,
    ) -> None:
        try:
            act()
        except DatabaseFailure:
            if luck is None or not luck.has_acted:
                raise
        except Exception as error:
            if refused is None or not isinstance(error, refused):
                raise
            self.done[f"refused: {type(error).__name__}"] += 1
        else:
            if refused is not None and not (luck is not None and luck.has_acted):
                raise Leak(f"was not refused with {refused.__name__}")

    def _settle(self, number: int, possible: Sequence[Fact]) -> None:
        """Ask what became of the clip; it must be one of what is possible."""
        row = Clip.objects.get(pk=self.clips[number].pk)
        limits = tuple(sorted(row.limits))
        state = "refused" if row.state in {"rejected", "withdrawn"} else row.state
        seen = (state, row.caption, row.privacy, limits, row.is_kept_from_minors)
        fitting = [one for one in possible if one.seen() == seen]
        if not fitting:
            looks = sorted({one.seen() for one in possible})
            raise Leak(
                f"clip {number} became {seen}, which is none of {looks}; {self.history(number)}"
            )
        self._know(
            replace(
                fitting[0],
                least=min(one.least for one in fitting),
                most=max(one.most for one in fitting),
            )
        )

    def history(self, number: int) -> str:
        """The last moves of a clip, for whoever has to find out what went wrong."""
        moves = self.clips[number].events.order_by("-pk")[:8]
        told = [f"{one.from_state} -> {one.to_state} {one.note[:40]!r}" for one in moves]
        return f"{self.oracle.clips[number]}; its last moves: " + "; ".join(told)

    def _know(self, fact: Fact) -> None:
        self.oracle.clips[fact.number] = fact
        if fact.state is State.DELETED and fact.number in self.live:
            self.live.remove(fact.number)
            self.gone.append(fact.number)

    # --- bad luck ---

    @contextmanager
    def _luck(self, *, is_due: bool = True) -> Iterator[Statements | None]:
        """Now and then, the database refuses a statement or ends the connection in the block."""
        is_due = is_due and not self.depth and self.random.randrange(1000) < FAULTS_PER_THOUSAND
        if not is_due:
            yield None
            return
        at = self.random.randint(1, self.random.choice(STATEMENTS_OF_AN_ACT))
        kind = self.random.choice(("cut off", "cut off", "connection ended"))
        act = _cut_off if kind == "cut off" else _end_connection
        try:
            with before_statement(at, act) as statements:
                yield statements
        finally:
            if kind == "cut off":
                with connection.cursor() as cursor:
                    cursor.execute("RESET statement_timeout")
            elif statements.has_acted:
                connection.close()
            self.done[f"bad luck: {kind}" if statements.has_acted else "bad luck came late"] += 1

    # --- what authors do ---

    def post(self) -> int | None:
        if len(self.live) >= MOST_LIVE_CLIPS:
            return self.delete()
        number = len(self.clips) + 1
        author = self._active(Role.CREATOR, Role.MODERATOR)
        film = self.random.choice(list(self.films.values()))
        caption, phrase = self._new_words(number)
        privacy = self.random.choice(PRIVACIES)
        parent = self._parent(author)
        begun_with = self.clips[parent].video if parent else None
        video, job = self._rendered(author, film, MARK % number, parent=begun_with)
        clip = submit_rendered(
            video, caption=caption, hashtags=[TAG], privacy=privacy, now=self.now
        )
        self.clips[number], self.jobs[number] = clip, job
        if parent:
            self.parents[number] = parent
        self.live.append(number)
        self._know(Fact(number, author.handle, film.name, phrase, caption, privacy))
        return number

    def _parent(self, author: User) -> int | None:
        """What a new video begins with, now and then: a clip its author can see."""
        seen = [one for one in self.live if self.oracle.is_listed(author.handle, one)]
        if not seen or self.random.random() < 0.5:
            return None
        return self.random.choice(seen)

    def _rendered(
        self, owner: User, film: Film, mark: str, *, parent: Video | None
    ) -> tuple[Video, Job]:
        """What the render worker leaves: a completed job, its video and files."""
        mp4 = film.marked_mp4(mark, folder=self.folder)
        others = [
            Rendition(
                kind=one.kind,
                name=one.name,
                digest=one.digest,
                size_bytes=one.size_bytes,
                content_type=one.content_type,
            )
            for one in self._shared[film.name]
        ]
        renditions = [mp4, *others]
        with transaction.atomic():
            columns = self._columns(owner, film, renditions, f"a kite over a beach {mark}")
            columns["parent"] = parent
            video = store_video(renditions, **columns)
            job = Job.objects.create(
                id=video.pk,
                owner=owner,
                state="completed",
                engine="test",
                prompt=video.prompt,
                seed=1,
                seconds="2",
                width=WIDTH,
                height=HEIGHT,
                inference_steps=2,
                guidance_scale=1.0,
                video=video,
                completed_at=self.now,
            )
        return video, job

    def edit_words(self) -> int | None:
        return self._edit(new_words=True, new_privacy=self.random.random() < 0.2)

    def change_privacy(self) -> int | None:
        return self._edit(new_words=False, new_privacy=True)

    def edit_nothing_new(self) -> int | None:
        return self._edit(new_words=False, new_privacy=False)

    def _edit(self, *, new_words: bool, new_privacy: bool) -> int | None:
        number = self._clip(of_active_author=True)
        if number is None:
            return None
        clip = self.oracle.clips[number]
        caption, phrase = self._new_words(number) if new_words else (clip.caption, clip.phrase)
        privacy = self.random.choice(PRIVACIES) if new_privacy else clip.privacy
        after = self.oracle.edited(clip, caption=caption, phrase=phrase, privacy=privacy)
        changes: dict[str, Any] = {"privacy": privacy}
        if new_words:
            changes["caption"] = caption
        is_gone = clip.state is State.DELETED
        self._attempt(
            lambda: edit_clip(
                self.users[clip.author], self.clips[number].pk, now=self.now, **changes
            ),
            outcomes={number: [clip if is_gone else after]},
            refused=NotFound if is_gone else None,
        )
        return number

    def delete(self) -> int | None:
        if len(self.live) < FEWEST_LIVE_CLIPS:
            return self.post()
        number = self._clip(of_active_author=True)
        if number is None:
            return None
        clip = self.oracle.clips[number]
        is_gone = clip.state is State.DELETED
        self._attempt(
            lambda: delete_clip(self.users[clip.author], self.clips[number].pk, now=self.now),
            outcomes={number: [self.oracle.deleted(clip)]},
            refused=NotFound if is_gone else None,
        )
        return number

    def delete_job(self) -> int | None:
        if len(self.live) < FEWEST_LIVE_CLIPS:
            return self.post()
        number = self._clip(of_active_author=True)
        if number is None or self.jobs[number] is None:
            return None
        clip, job = self.oracle.clips[number], self.jobs[number]
        self._attempt(
            lambda: delete_job(self.users[clip.author], job.pk, now=self.now),
            outcomes={number: [self.oracle.deleted(clip)]},
        )
        if self.oracle.clips[number].state is State.DELETED:
            is_left = Job.objects.filter(pk=job.pk, state="completed").exists()
            self.jobs[number] = job if is_left else None
        return number

    # --- what workers do ---

    def judge(self) -> int | None:
        return self._judge(self._clip(State.SUBMITTED))

    def judge_what_is_not_waiting(self) -> int | None:
        """A message that came twice, or late."""
        states = [state for state in State if state is not State.SUBMITTED]
        return self._judge(self._clip(*states))

    def judge_while_things_happen(self) -> int | None:
        return self._judge(self._clip(State.SUBMITTED), meanwhile=True)

    def judge_without_file(self) -> int | None:
        number = self._clip(State.SUBMITTED)
        if number is None:
            return None
        store().delete(self.clips[number].digest)
        self._judge(number, has_file=False)
        film = self.films[self.oracle.clips[number].film]
        film.marked_mp4(MARK % number, folder=self.folder)
        return number

    def _judge(
        self, number: int | None, *, meanwhile: bool = False, has_file: bool = True
    ) -> int | None:
        if number is None:
            return None
        before = self.oracle.clips[number]
        if before.state is not State.SUBMITTED:
            self._attempt(
                lambda: screen_clip(self.clips[number].pk, clock=lambda: self.now),
                outcomes={number: [before]},
            )
            return number
        self.judges += 1
        claimed = self.oracle.claimed(before, self.judges)
        is_of_minor = self.oracle.age_of(before.author) == "minor"
        judging = Judging(claimed, is_of_minor, has_file=has_file)
        at = self.random.randint(2, 5) if meanwhile and not self.depth else 0
        clock = self._clock(judging, at)
        with self._luck(is_due=not at) as luck:
            self._do(
                lambda: screen_clip(self.clips[number].pk, clock=clock), refused=None, luck=luck
            )
        self._judged(judging, has_bad_luck=luck is not None and luck.has_acted, before=before)
        return number

    def _clock(self, judging: Judging, at: int) -> Callable[[], datetime]:
        """What the judge asks for the time, so that it is known how far it is.

        It asks when it claims the clip, before it reads the policy, after it asked the bank, after
        it asked the detector, and before it concludes.  The time it asks `at`, other steps are
        taken before it hears the answer.
        """
        asked = 0

        def clock() -> datetime:
            nonlocal asked
            asked += 1
            if asked == 2:
                self._know(judging.claimed)
            if asked == 3:
                judging.is_copy = self.oracle.is_copy(judging.claimed)
            if asked == at and not connection.in_atomic_block:
                self._meanwhile(judging.claimed.number)
            if asked == 2:
                judging.is_strict = self.oracle.is_strict
                judging.policy = self.oracle.policy
            if asked == 3:
                judging.mood = self.mood
            if asked == 4 and judging.mood is not Mood.ABSENT:
                self.oracle.health.note(judging.mood)
            return self.now

        return clock

    def _meanwhile(self, number: int) -> None:
        self.depth += 1
        self.recent = [number, *self.recent]
        for _ in range(self.random.randint(1, 4)):
            self.step()
        self.depth -= 1

    def _judged(self, judging: Judging, *, has_bad_luck: bool, before: Fact) -> None:
        claimed = judging.claimed
        clip = self.oracle.clips[claimed.number]
        is_mine = clip.judge == claimed.judge
        if has_bad_luck:
            self._hear_health()
            clip = claimed if clip == before or is_mine else clip
        elif not is_mine:
            self.done["judged in vain"] += 1
            return
        known = [False, True] if has_bad_luck else [self.oracle.health.is_down]
        ends = [one for down in known for one in self.oracle.judged(clip, judging, is_down=down)]
        self._settle(claimed.number, [before, claimed, *ends] if has_bad_luck else ends)

    def _hear_health(self) -> None:
        """After bad luck it is not known whether what the detector did was noted."""
        row = DetectorHealth.objects.filter(pk=MOODY).first()
        if row is not None:
            health = self.oracle.health
            health.failures, health.answers = row.failures, row.answers
            health.is_down = row.is_down

    def judge_killed(self) -> int | None:
        """A worker takes a clip and is never heard of again."""
        number = self._clip(State.SUBMITTED, State.SUBMITTED, None)
        if number is None:
            return None
        clip = self.oracle.clips[number]
        self.judges += 1
        self._attempt(
            lambda: claim_for_screening(
                self.clips[number].pk, token=uuid4(), lease_seconds=LEASE_SECONDS, now=self.now
            ),
            outcomes={number: [self.oracle.claimed(clip, self.judges)]},
        )
        return number

    def sweep(self) -> int | None:
        """The leases of this moment run out."""
        self.now += timedelta(seconds=LEASE_SECONDS + 1)
        self._swept(lambda: release_expired_screenings(now=self.now))
        return None

    def sweep_everything(self) -> int | None:
        """The task itself, by the clock on the wall, for which every lease is long over."""
        self._swept(tasks.sweep)
        return None

    def _swept(self, act: Callable[[], object]) -> None:
        lost = {
            number: self.oracle.clips[number]
            for number in self.live
            if self.oracle.clips[number].state is State.SCREENING
        }
        self._attempt(
            act, outcomes={number: [self.oracle.released(clip)] for number, clip in lost.items()}
        )

    def change_mood(self) -> int | None:
        """The detector gets better, or worse for a while."""
        self._be(self.random.choice((*GOOD_MOODS, *BAD_MOODS)))
        return None

    def kill_detector(self) -> int | None:
        """It fails in a way that costs a process."""
        before = self.mood
        self._be(self.random.choice(DEADLY_MOODS))
        number = self._judge(self._clip(State.SUBMITTED))
        self._be(before)
        return number

    def _be(self, mood: Mood) -> None:
        self.mood = mood
        # In place: every assignment to the fixture is one more layer of settings.
        self.settings.FRAME_DETECTORS[:] = [] if mood is Mood.ABSENT else [MOODY]
        seconds = 1.0 if mood is Mood.HANGING else 30.0
        if seconds != self.settings.FRAME_CHECK_SECONDS:
            self.settings.FRAME_CHECK_SECONDS = seconds
        (self.folder / "mood").write_text(mood.value, encoding="ascii")

    def test_detectors(self) -> int | None:
        """The self-test; what was held only because of an outage that is over is judged again."""
        was_down = self.oracle.health.is_down
        self_test(clock=lambda: self.now)
        self._hear_health()
        if was_down and self.mood.fails and not self.oracle.health.is_down:
            raise Leak("the detector is up again though it only failed")
        for number in list(self.live):
            clip = self.oracle.clips[number]
            if clip.state is State.HELD:
                is_outage = clip.held_by is HeldBy.OUTAGE
                self._settle(number, [clip, *[self.oracle.resubmitted(clip)] * is_outage])
        return None

    # --- what operators do ---

    def change_policy(self) -> int | None:
        """One proposes and another puts in force: a stricter policy, or the mild one again."""
        self.policies += 1
        version, is_strict = f"walk-{self.policies}", not self.oracle.is_strict
        document = document_at(Path(self.settings.POLICY_FILE))
        text = re.sub("(?m)^version: .*$", f"version: {version}", document.text)
        text = text.replace(*STRICTER, 1) if is_strict else text
        proposer, approver = self.random.sample(self._handles(Role.MODERATOR, Role.ADMIN), 2)
        propose_policy(self.users[proposer], PolicyDocument(text, document.files), now=self.now)
        try:
            activate_policy(self.users[proposer], version, now=self.now)
        except NeedsSecondPerson:
            self.done["refused: NeedsSecondPerson"] += 1
        else:
            raise Leak("one person alone changed the policy")
        activate_policy(self.users[approver], version, now=self.now)
        self.oracle.is_strict, self.oracle.policy = is_strict, version
        return None

    def ban(self) -> int | None:
        number = self._clip(None)
        if number is None or self.oracle.clips[number].state is State.DELETED:
            return None
        film = self.oracle.clips[number].film
        reviewer = self._active(Role.MODERATOR, Role.ADMIN)
        ban = ban_clip(reviewer, self.clips[number].pk, category=CATEGORY, now=self.now)
        self.oracle.banned_files.add(number)
        if (ban.pk, number, film) not in [*self.bans, *self.unfinished]:
            self.unfinished.append((ban.pk, number, film))
        if self.random.random() < 0.7:
            self.enforce_bans()
        return number

    def enforce_bans(self) -> int | None:
        """The worker puts the looks in the bank, and hunts for what is published."""
        for ban, number, film in self.unfinished:
            enforce_ban(ban, now=self.now)
            is_there = self.jobs[number] is not None
            if is_there:
                self.oracle.banned_films.add(film)
            for one in list(self.live):
                clip = self.oracle.clips[one]
                hunted = self.oracle.hunted(clip, file=number, film=film if is_there else "")
                self._settle(one, [hunted])
            self.bans.append((ban, number, film))
        self.unfinished = []
        return None

    def lift_ban(self) -> int | None:
        if self.bans:
            ban, number, film = self.bans.pop(0)
            unban(self._active(Role.MODERATOR, Role.ADMIN), ban, now=self.now)
            self.oracle.banned_files.discard(number)
            if film not in {other for _, _, other in self.bans}:
                self.oracle.banned_films.discard(film)
        return None

    # --- what reviewers do ---

    def review(self) -> int | None:
        number = self._clip(State.HELD, State.HELD, State.PUBLISHED, None)
        if number is None:
            return None
        return self._decide(number, self._active(Role.MODERATOR, Role.ADMIN))

    def review_without_right(self) -> int | None:
        number = self._clip(State.HELD, None)
        if number is None:
            return None
        clip, somebody = self.oracle.clips[number], self._active(Role.CREATOR, Role.VIEWER)
        self._attempt(
            lambda: take_next(somebody, now=self.now),
            outcomes={number: [clip]},
            refused=Denied,
        )
        return number

    def look(self) -> int | None:
        number = self._clip(State.HELD, State.PUBLISHED)
        if number is not None:
            clip = Clip.objects.get(pk=self.clips[number].pk)
            self.looks = [*self.looks[-8:], Look(number, clip.caption)]
        return number

    def review_as_seen(self) -> int | None:
        """Rule on what was looked at some time ago, whatever it has become."""
        if not self.looks:
            return None
        look = self.looks.pop(self.random.randrange(len(self.looks)))
        return self._decide(look.number, self._active(Role.MODERATOR, Role.ADMIN), look)

    def _decide(self, number: int, reviewer: User, look: Look | None = None) -> int:
        clip = self.oracle.clips[number]
        verdict = self.random.choice((Verdict.ALLOW, Verdict.ALLOW, Verdict.REVIEW, Verdict.BLOCK))
        refused = self._refusal(clip, verdict, look)
        after = clip if refused else self.oracle.decided(clip, verdict)
        self._attempt(
            lambda: self._rule(reviewer, number, verdict, look),
            outcomes={number: [after]},
            refused=refused,
        )
        return number

    def _refusal(self, clip: Fact, verdict: Verdict, look: Look | None) -> type[Exception] | None:
        allowed = {
            Verdict.ALLOW: {State.HELD, State.REFUSED},
            Verdict.REVIEW: {State.PUBLISHED},
            Verdict.BLOCK: {State.HELD, State.PUBLISHED},
        }
        if clip.state is State.DELETED:
            return NotFound
        is_stale = look is not None and look.caption != clip.caption
        return UnableToMove if is_stale or clip.state not in allowed[verdict] else None

    def _rule(self, reviewer: User, number: int, verdict: Verdict, look: Look | None) -> None:
        """What comes of a person's word, at once, as when their opinion settles."""
        clip = clip_for(reviewer, self.clips[number].pk)
        if clip.state not in OPEN_TO[verdict]:
            told = f"A clip that is {clip.state} can not be ruled on; {self.history(number)}"
            raise UnableToMove(told)
        ruling = Ruling(
            content=Content(Subject.CLIP, clip.pk, clip.digest, clip.author),
            outcome=Outcome[verdict.name],
            reason="" if verdict is Verdict.ALLOW else "A person looked.",
            policy_version=active_policy().version,
            rules=(REVIEWER,),
            decided_by=reviewer,
        )
        only_if = {
            "state": clip.state,
            "caption": look.caption if look else clip.caption,
        }
        carry_out(ruling, clip=clip, only_if=only_if, now=self.now)

    def say_at_desk(self) -> int | None:
        """A reviewer takes an item and says what is to happen; it takes effect a while later."""
        number = self._clip(State.HELD, State.HELD, State.PUBLISHED)
        if number is None or number in self.opinions:
            return number
        pk, clip = self.clips[number].pk, self.oracle.clips[number]
        item = ReviewItem.objects.filter(subject_id=pk, state="open", kind="content").first()
        reviewer = self._active(Role.MODERATOR, Role.ADMIN)
        if item is None:
            return number
        try:
            item = claim_item(reviewer, item.pk, now=self.now)
        except UnableToMove:
            self.done["refused: not theirs to judge"] += 1
            return number
        token, (answer, verdict) = item.lease_token, self._answer(item)
        assert token is not None
        decide_item(reviewer, item.pk, token=token, answer=answer, now=self.now)
        self.opinions[number] = Opinion(reviewer, item.pk, verdict, answer.limits, clip)
        if verdict is Verdict.BLOCK and clip.state is State.PUBLISHED:
            self._know(self.oracle.decided(clip, Verdict.REVIEW))
        return number

    def _answer(self, item: ReviewItem) -> tuple[Answer, Verdict]:
        verdict = self.random.choice((Verdict.ALLOW, Verdict.LIMIT, Verdict.LIMIT, Verdict.BLOCK))
        limit = self.random.choice(("age_gate", "age_gate", "no_recommendation", "blurred"))
        answer = Answer(
            Outcome[verdict.name],
            category="" if verdict is Verdict.ALLOW else CATEGORY,
            reason="" if verdict is Verdict.ALLOW else "A person looked.",
            limits=frozenset({limit}) if verdict is Verdict.LIMIT else frozenset(),
            seen=sight_of(item).fingerprint,
        )
        return answer, verdict

    def let_take_effect(self) -> int | None:
        """What can not be taken back any more is done; unless the clip was changed meanwhile."""
        self.now += timedelta(seconds=self.settings.DESK_UNDO_SECONDS + 1)
        settle_due(now=self.now)
        for number, opinion in self.opinions.items():
            clip = self.oracle.clips[number]
            possible = [clip]
            if clip.caption == opinion.before.caption and clip.state in DECIDABLE:
                possible.append(self.oracle.decided(clip, opinion.verdict, opinion.limits))
                possible.append(replace(possible[-1], has_word=clip.has_word))
            self._settle(number, possible)
        self.opinions = {}
        return None

    def take_back(self) -> int | None:
        """A reviewer takes their word back: what was in sight is in sight again."""
        if not self.opinions:
            return None
        number = self.random.choice(list(self.opinions))
        opinion, clip = self.opinions.pop(number), self.oracle.clips[number]
        try:
            undo(opinion.reviewer, opinion.item, now=self.now)
        except (UnableToUndo, UnableToMove) as error:
            self.done[f"refused: {type(error).__name__}"] += 1
            self.opinions[number] = opinion
            return number
        possible = [clip]
        was_taken = opinion.verdict is Verdict.BLOCK and opinion.before.state is State.PUBLISHED
        is_as_seen = clip.caption == opinion.before.caption and clip.state in DECIDABLE
        is_banned = self.oracle.is_copy(clip) and not opinion.before.has_word
        if was_taken and is_as_seen and not is_banned:
            shown = self.oracle.decided(clip, Verdict.ALLOW, opinion.before.limits)
            possible.append(replace(shown, has_word=clip.has_word))
        self._settle(number, possible)
        return number

    # --- what viewers do ---

    def follow(self) -> int | None:
        follower, followee = self._two()
        refused: type[Exception] | None = None
        if self.oracle.are_apart(follower, followee):
            refused = UnableToFollow if self.oracle.people[follower].is_reviewer else NotFound
        self._do(lambda: follow(self.users[follower], followee), refused=refused, luck=None)
        if refused is None:
            self.oracle.follows.add((follower, followee))
        return None

    def unfollow(self) -> int | None:
        follows = [pair for pair in sorted(self.oracle.follows) if self._are_active(*pair)]
        if follows:
            follower, followee = self.random.choice(follows)
            unfollow(self.users[follower], followee)
            self.oracle.follows.discard((follower, followee))
        return None

    def like(self) -> int | None:
        act = self.random.choice((like, unlike))
        return self._touch(act)

    def watch(self) -> int | None:
        return self._touch(
            lambda user, clip_id: note_view(
                user, clip_id, watched_seconds=1.0, completed=True, now=self.now
            )
        )

    def _touch(self, act: Callable[[User, Any], object]) -> int | None:
        """Only what a person may see can be liked, watched and talked about."""
        number = self._clip(None)
        if number is None:
            return None
        user = self._active(*Role)
        clip = self.oracle.clips[number]
        is_listed = self.oracle.is_listed(user.handle, number)
        self._attempt(
            lambda: act(user, self.clips[number].pk),
            outcomes={number: [clip]},
            refused=None if is_listed else NotFound,
        )
        return number

    def change_birth_year(self) -> int | None:
        user = self._active(*Role)
        user.birth_year = self.random.choice((None, 1970, 1995, self.oracle.year - 18, 2012))
        User.objects.filter(pk=user.pk).update(birth_year=user.birth_year)
        self.oracle.people[user.handle].birth_year = user.birth_year
        self.dealings.stir(user.handle)
        return None

    def suspend(self) -> int | None:
        self._set_active(self._active(Role.CREATOR, Role.VIEWER), is_active=False)
        return None

    def reinstate(self) -> int | None:
        away = [handle for handle, person in self.oracle.people.items() if not person.is_active]
        if away:
            self._set_active(self.users[away[0]], is_active=True)
        return None

    def _set_active(self, user: User, *, is_active: bool) -> None:
        if not is_active and len(self._handles(Role.CREATOR)) == 1:
            return
        user.is_active = is_active
        User.objects.filter(pk=user.pk).update(is_active=is_active)
        self.oracle.people[user.handle].is_active = is_active

    # --- who writes past the services ---

    def write_past_the_gate(self) -> int | None:
        """The database refuses to publish a file that was not allowed, whoever asks."""
        number = self._clip(*[state for state in State if state is not State.PUBLISHED])
        if number is not None:
            self._refused_write(number, state="published", published_at=self.now)
        return number

    def swap_the_file(self) -> int | None:
        """And it refuses to put another file in the place of the one that was allowed."""
        number = self._clip(State.PUBLISHED)
        if number is not None:
            other = self.clips[self.random.choice(self.live)].digest
            if other != self.clips[number].digest:
                self._refused_write(number, digest=other)
        return number

    def _refused_write(self, number: int, **columns: Any) -> None:
        try:
            Clip.objects.filter(pk=self.clips[number].pk).update(**columns)
        except IntegrityError:
            return
        raise Leak(f"the database let clip {number} be published past the gate")

    # --- choosing ---

    def _clip(self, *states: State | None, of_active_author: bool = False) -> int | None:
        """A clip in one of the states (None: any), often one that was touched just now."""
        wanted = self.random.choice(states) if states else None
        if wanted is State.DELETED or (wanted is None and self.random.random() < 0.03):
            return self.random.choice(self.gone) if self.gone and not of_active_author else None
        found = [
            number
            for number in self.live
            if wanted is None or self.oracle.clips[number].state is wanted
        ]
        if of_active_author:
            people = self.oracle.people
            found = [one for one in found if people[self.oracle.clips[one].author].is_active]
        recent = [number for number in self.recent if number in found]
        if recent and self.random.random() < 0.5:
            return self.random.choice(recent)
        return self.random.choice(found) if found else None

    def _new_words(self, number: int) -> tuple[str, Phrase]:
        phrase = self.random.choice(PHRASES)
        return f"{phrase.text} {MARK % number} {self.number}", phrase

    def _handles(self, *roles: Role) -> list[str]:
        people = self.oracle.people.items()
        return [handle for handle, one in people if one.is_active and one.role in roles]

    def _active(self, *roles: Role) -> User:
        return self.users[self.random.choice(self._handles(*roles))]

    def _are_active(self, *handles: str) -> bool:
        return all(self.oracle.people[handle].is_active for handle in handles)

    def _two(self) -> tuple[str, str]:
        first, second = self.random.sample(self._handles(*Role), 2)
        return first, second


def _cut_off() -> None:
    """Make the database stop a statement of this connection for taking too long."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 1")
        cursor.execute("SELECT pg_sleep(5)")


def _end_connection() -> None:
    """Make the database end this connection, as it does when it is shut down or killed."""
    pid = connection.connection.info.backend_pid
    parameters = connection.get_connection_params()
    known = ("dbname", "user", "host", "port", "password")
    parameters = {name: parameters[name] for name in known if parameters.get(name)}
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
