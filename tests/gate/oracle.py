"""Who may see what, told from what happened alone.

A second opinion on the product's promises, in plain Python: it reads no table, imports nothing of
the product, and knows only what the walk did and how that ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum

VISITOR = ""
MAJORITY_YEARS = 18
MOST_TRIES = 3
FAILURES_TO_BE_DOWN, ANSWERS_TO_BE_UP = 3, 2


class Verdict(IntEnum):
    """From the mildest to the hardest; of several, the hardest holds."""

    ALLOW = 0
    LIMIT = 1
    REVIEW = 2
    BLOCK = 3


class State(StrEnum):
    """Where a clip can be."""

    SUBMITTED = "submitted"
    SCREENING = "screening"
    HELD = "held"
    PUBLISHED = "published"
    REFUSED = "refused"
    DELETED = "deleted"


class Role(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"
    CREATOR = "creator"
    MODERATOR = "moderator"
    ADMIN = "admin"


@dataclass
class Person:
    """Somebody with an account."""

    role: Role
    birth_year: int | None = None
    is_active: bool = True

    @property
    def is_reviewer(self) -> bool:
        return self.is_active and self.role in {Role.MODERATOR, Role.ADMIN}


@dataclass(frozen=True)
class Phrase:
    """Words, and what the policy makes of them: as it is, for minors, and when it is stricter."""

    text: str
    verdict: Verdict
    for_minors: Verdict
    when_strict: Verdict
    limits: frozenset[str] = frozenset()
    is_labelled: bool = False


class Mood(StrEnum):
    """How the frame detector is just now."""

    CALM = "calm"
    UNSURE = "unsure"
    ALARMED = "alarmed"
    SILENT = "silent"
    BABBLING = "babbling"
    RAISING = "raising"
    DYING = "dying"
    HANGING = "hanging"
    ABSENT = "absent"

    @property
    def fails(self) -> bool:
        return self not in {Mood.CALM, Mood.UNSURE, Mood.ALARMED}


class HeldBy(StrEnum):
    """Who keeps a clip from view, and why."""

    NOBODY = ""
    MACHINE = "machine"
    OUTAGE = "outage"
    PERSON = "person"


@dataclass(frozen=True)
class Fact:
    """What history says of one clip.

    `least` and `most` bound how often judges began on these words; `judge` is who is at it now.
    `is_kept` says that minors are not shown it, and `has_word` that a person has allowed its file.
    """

    number: int
    author: str
    film: str
    phrase: Phrase
    caption: str
    privacy: str
    state: State = State.SUBMITTED
    limits: frozenset[str] = frozenset()
    is_kept: bool = False
    held_by: HeldBy = HeldBy.NOBODY
    has_word: bool = False
    least: int = 0
    most: int = 0
    judge: int = 0

    def seen(self) -> tuple[str, str, str, tuple[str, ...], bool]:
        """What can be seen of it from outside."""
        limits = tuple(sorted(self.limits))
        return (self.state.value, self.caption, self.privacy, limits, self.is_kept)


@dataclass
class Health:
    """How often the detector failed or answered in a row, and whether it counts as down."""

    failures: int = 0
    answers: int = 0
    is_down: bool = False

    def note(self, mood: Mood) -> None:
        """It was asked, and was in this mood."""
        self.failures = self.failures + 1 if mood.fails else 0
        self.answers = 0 if mood.fails else self.answers + 1
        if self.failures >= FAILURES_TO_BE_DOWN:
            self.is_down = True
        if self.answers >= ANSWERS_TO_BE_UP:
            self.is_down = False


@dataclass
class Judging:
    """What one judge has read by now."""

    claimed: Fact
    is_of_minor: bool
    is_strict: bool = False
    policy: str = ""
    is_copy: bool = False
    mood: Mood = Mood.ABSENT
    has_file: bool = True


@dataclass
class Oracle:
    """People and what they want of each other, their clips, the policy, the bans, the year it is.

    `blocks` and `mutes` are (who, whom); `hidden` are (viewer, creator they want no clips of), and
    `words` are (viewer, word they muted).
    """

    year: int
    people: dict[str, Person] = field(default_factory=dict)
    follows: set[tuple[str, str]] = field(default_factory=set)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    mutes: set[tuple[str, str]] = field(default_factory=set)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    words: set[tuple[str, str]] = field(default_factory=set)
    clips: dict[int, Fact] = field(default_factory=dict)
    is_strict: bool = False
    policy: str = ""
    banned_files: set[int] = field(default_factory=set)
    banned_films: set[str] = field(default_factory=set)
    health: Health = field(default_factory=Health)

    # --- who may see what ---

    def age_of(self, person: str) -> str:
        """`adult` and `minor` are those who are known to be; only the year of birth is known."""
        year = self.people[person].birth_year if person else None
        if year is None:
            return "unknown"
        return "adult" if self.year - year > MAJORITY_YEARS else "minor"

    def is_listed(self, viewer: str, number: int) -> bool:
        """Whether lists may show the clip to the viewer."""
        clip = self.clips[number]
        if clip.state is not State.PUBLISHED or not self.people[clip.author].is_active:
            return False
        if self.are_apart(viewer, clip.author):
            return False
        return self._is_open(viewer, clip) and self._is_of_age(viewer, clip)

    def is_found(self, viewer: str, number: int) -> bool:
        """Whether the viewer finds the clip's page and files when they know its address."""
        clip = self.clips[number]
        if clip.state is State.DELETED:
            return False
        if viewer and (viewer == clip.author or self.people[viewer].is_reviewer):
            return True
        return self.is_listed(viewer, number)

    def is_recommended(self, viewer: str, number: int) -> bool:
        """Whether lists that nobody asked anybody for may show the clip to the viewer."""
        clip = self.clips[number]
        is_open = clip.privacy == "public" and "no_recommendation" not in clip.limits
        return is_open and self.is_listed(viewer, number) and self.is_wanted(viewer, number)

    def is_searched(self, viewer: str, number: int) -> bool:
        """Whether the viewer may come upon the clip by its words and hashtags."""
        is_open = "no_recommendation" not in self.clips[number].limits
        return is_open and self.is_listed(viewer, number) and self.is_wanted(viewer, number)

    def is_wanted(self, viewer: str, number: int) -> bool:
        """Whether the viewer did not say they want no such clip."""
        clip = self.clips[number]
        pair = (viewer, clip.author)
        says = any(who == viewer and word in clip.caption for who, word in self.words)
        return viewer == clip.author or not (pair in self.mutes or pair in self.hidden or says)

    def are_apart(self, one: str, other: str) -> bool:
        """Whether one of the two blocked the other."""
        return (one, other) in self.blocks or (other, one) in self.blocks

    def hidden_people(self, viewer: str) -> set[str]:
        """Of whom the viewer must not even read the name."""
        if not viewer or self.people[viewer].is_reviewer:
            return set()
        pairs = [pair for pair in self.blocks if viewer in pair]
        return {one for pair in pairs for one in pair} - {viewer}

    def blocked(self, blocker: str, blocked: str) -> None:
        """A block ends following, both ways."""
        self.blocks.add((blocker, blocked))
        self.follows -= {(blocker, blocked), (blocked, blocker)}

    def listed(self, viewer: str) -> set[int]:
        """All that lists may show the viewer."""
        return {number for number in self.clips if self.is_listed(viewer, number)}

    def _is_open(self, viewer: str, clip: Fact) -> bool:
        if clip.privacy == "public":
            return True
        if not viewer:
            return False
        if viewer == clip.author:
            return True
        is_follower = (viewer, clip.author) in self.follows
        if clip.privacy == "mutuals":
            return is_follower and (clip.author, viewer) in self.follows
        return clip.privacy == "followers" and is_follower

    def _is_of_age(self, viewer: str, clip: Fact) -> bool:
        age = self.age_of(viewer)
        if age == "adult" or viewer == clip.author:
            return True
        is_hidden = "age_gate" in clip.limits or (age == "minor" and clip.is_kept)
        return not is_hidden

    # --- what becomes of a clip in the hands of machines ---

    def is_copy(self, clip: Fact) -> bool:
        """Whether the bank of what is banned knows the clip."""
        return clip.number in self.banned_files or clip.film in self.banned_films

    def claimed(self, clip: Fact, judge: int) -> Fact:
        """A judge took it."""
        if clip.state is not State.SUBMITTED:
            return clip
        return replace(
            clip, state=State.SCREENING, judge=judge, least=clip.least + 1, most=clip.most + 1
        )

    def released(self, clip: Fact) -> Fact:
        """Its judge is gone."""
        if clip.state is not State.SCREENING:
            return clip
        return replace(clip, state=State.SUBMITTED, judge=0)

    def resubmitted(self, clip: Fact) -> Fact:
        """It is to be judged as if for the first time."""
        return replace(clip, state=State.SUBMITTED, judge=0, least=0, most=0, held_by=HeldBy.NOBODY)

    def judged(self, clip: Fact, judging: Judging, *, is_down: bool) -> list[Fact]:
        """All that may come of a clip that is still in this judge's hands."""
        unfinished = replace(clip, state=State.HELD, judge=0, held_by=HeldBy.OUTAGE)
        if clip.least > MOST_TRIES or not judging.has_file:
            return [unfinished]
        settled = self._settled(clip, judging, is_down=is_down)
        if judging.policy != self.policy:
            settled = self.released(clip)  # another policy is in force, and is to judge it
        return [settled, unfinished] if clip.most > MOST_TRIES else [settled]

    def _settled(self, clip: Fact, judging: Judging, *, is_down: bool) -> Fact:
        if self.is_copy(clip) and not judging.is_copy:
            return clip  # it was banned meanwhile, and is to be judged anew
        words = self._of_words(clip.phrase, judging)
        pictures = self._of_pictures(judging)
        verdict = Verdict.BLOCK if judging.is_copy else max(words, pictures)
        is_labelled = clip.phrase.is_labelled or judging.mood in {Mood.UNSURE, Mood.ALARMED}
        clip = replace(clip, judge=0, is_kept=is_labelled)
        if verdict is Verdict.BLOCK:
            return replace(clip, state=State.REFUSED)
        if verdict is Verdict.REVIEW:
            is_outage = words < Verdict.REVIEW and judging.mood.fails
            held_by = HeldBy.OUTAGE if is_outage else HeldBy.MACHINE
            return replace(clip, state=State.HELD, held_by=held_by)
        if is_down:
            return replace(clip, state=State.HELD, held_by=HeldBy.OUTAGE)
        limits = clip.phrase.limits if words is Verdict.LIMIT else frozenset[str]()
        return replace(clip, state=State.PUBLISHED, limits=clip.limits | limits)

    def _of_words(self, phrase: Phrase, judging: Judging) -> Verdict:
        verdict = phrase.when_strict if judging.is_strict else phrase.verdict
        return max(verdict, phrase.for_minors) if judging.is_of_minor else verdict

    def _of_pictures(self, judging: Judging) -> Verdict:
        if judging.mood is Mood.UNSURE:
            return Verdict.BLOCK if judging.is_of_minor else Verdict.REVIEW
        if judging.mood is Mood.ALARMED:
            return Verdict.BLOCK
        return Verdict.REVIEW if judging.mood.fails else Verdict.ALLOW

    def hunted(self, clip: Fact, *, file: int, film: str) -> Fact:
        """What is published and banned comes down, unless a person has allowed it."""
        if clip.state is not State.PUBLISHED or clip.has_word:
            return clip
        if clip.number == file:
            return replace(clip, state=State.REFUSED)
        if clip.film == film:
            return replace(clip, state=State.HELD, held_by=HeldBy.MACHINE)
        return clip

    # --- what becomes of a clip in the hands of people ---

    def decided(self, clip: Fact, verdict: Verdict, limits: Iterable[str] = ()) -> Fact:
        """What comes of a person's verdict."""
        if verdict is Verdict.BLOCK:
            return replace(clip, state=State.REFUSED)
        if verdict is Verdict.REVIEW:
            return replace(clip, state=State.HELD, held_by=HeldBy.PERSON)
        return replace(clip, state=State.PUBLISHED, limits=frozenset(limits), has_word=True)

    def edited(self, clip: Fact, *, caption: str, phrase: Phrase, privacy: str) -> Fact:
        """What its author said anew; new words on what is shown or being judged are judged."""
        edited = replace(clip, caption=caption, phrase=phrase, privacy=privacy)
        if caption != clip.caption and clip.state in {State.PUBLISHED, State.SCREENING}:
            return self.resubmitted(edited)
        return edited

    def deleted(self, clip: Fact) -> Fact:
        """Taken away for good."""
        return replace(clip, state=State.DELETED, judge=0)
