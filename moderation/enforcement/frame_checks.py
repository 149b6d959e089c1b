"""What a clip's pictures are found to be: copies of something banned, or what the detectors see.

The file that is looked at is the stored MP4; HLS is made of the same packets.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import monotonic

from django.conf import settings

from clips.models import Clip
from moderation.classifiers.child import HASHES
from moderation.classifiers.isolation import UnableToCheckFrames, VideoUnreadable, check_frames
from moderation.classifiers.port import Finding
from moderation.enforcement.bans import (
    CATEGORY,
    DETECTOR,
    Lookup,
    confirm,
    look_up,
    remember,
    stored_file,
)
from moderation.enforcement.canary import note_findings
from moderation.enforcement.health import note_answer, note_failure
from moderation.policy.rules import Outcome, Verdict
from moderation.selectors.health import CHECKS_DOWN, checks_are_down

FRAME_COUNT = 8
NAME_LENGTH = 60
SHOWN = frozenset({Outcome.ALLOW, Outcome.LIMIT})
LIKE_BANNED = "It looks like something that was removed."
DOWN_BECAUSE = "Our automatic checks do not work reliably just now, so everything waits."

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class FrameLook:
    """One look at the pictures of one MP4."""

    def __init__(self, *, while_waiting: Callable[[], None], clock: Clock) -> None:
        self._while_waiting = while_waiting
        self._clock = clock
        self.lookup: Lookup | None = None

    def findings(self, video: Path, *, digest: str, is_from_words: bool = False) -> list[Finding]:
        """What the hash bank and then every detector say; a failure is a finding without a score.

        `digest` is the SHA-256 of what is judged.  Raises what `while_waiting` raises.
        """
        findings = [self._in_bank(video, digest, is_from_words=is_from_words)]
        for detector in settings.FRAME_DETECTORS:
            findings += self._seen_by(detector, video)
        return findings

    def settled(self, outcome: Verdict) -> Verdict:
        """The policy's verdict, held back where the policy alone would be too kind.

        A copy of something banned is never shown without a person, whatever the policy leaves
        out; and while a detector is down, nothing is.  A decision about a copy is about what the
        original was banned for.
        """
        matches = self.lookup.matches if self.lookup else ()
        if matches and self.lookup:
            categories = (*self.lookup.categories, *outcome.categories)
            known = dict.fromkeys(one for one in categories if one != CATEGORY)
            outcome = replace(outcome, categories=tuple(known))
        if matches and outcome.decision in SHOWN:
            return _held(outcome, rule=DETECTOR, reason=LIKE_BANNED)
        if outcome.decision in SHOWN and checks_are_down(now=self._clock()):
            return _held(outcome, rule=CHECKS_DOWN, reason=DOWN_BECAUSE)
        return outcome

    def _in_bank(self, video: Path, digest: str, *, is_from_words: bool) -> Finding:
        start = monotonic()
        try:
            self.lookup = look_up(
                digest, video, is_from_words=is_from_words, while_waiting=self._while_waiting
            )
        except UnableToCheckFrames as error:
            self._blame(HASHES, error)
            return _failure(DETECTOR, error, start)
        note_answer(HASHES, now=self._clock())
        return self.lookup.finding

    def _seen_by(self, detector: str, video: Path) -> list[Finding]:
        start = monotonic()
        try:
            findings = check_frames(
                video,
                detector=detector,
                count=FRAME_COUNT,
                timeout_seconds=settings.FRAME_CHECK_SECONDS,
                while_waiting=self._while_waiting,
            )
        except UnableToCheckFrames as error:
            self._blame(detector, error)
            return [_failure(detector[-NAME_LENGTH:], error, start)]
        note_findings(detector, findings, now=self._clock())
        return findings

    def _blame(self, detector: str, error: UnableToCheckFrames) -> None:
        """Note the failure, unless it is the file's own."""
        logger.warning("Frame detector %s gave no answer: %s", detector, error)
        if not isinstance(error, VideoUnreadable):
            note_failure(detector, error.message, now=self._clock())


class FrameCheck(FrameLook):
    """One look at one clip's pictures.

    First `findings_of_clip`; then `settled` says what becomes of the policy's verdict, and `keep`
    puts on record what was seen, in the transaction in which the clip moves.
    """

    def __init__(self, clip: Clip, *, while_waiting: Callable[[], None], clock: Clock) -> None:
        super().__init__(while_waiting=while_waiting, clock=clock)
        self._clip = clip

    def findings_of_clip(self) -> list[Finding]:
        """What is found in the clip's stored file.

        Raises ObjectNotFound, UnableToReachStore, and what `while_waiting` raises.
        """
        clip = self._clip
        with stored_file(clip.digest) as video:
            return self.findings(video, digest=clip.digest, is_from_words=clip.video.is_from_words)

    def keep(self) -> None:
        """Keep how the clip looks, and let no ban come in between.  Raises BankChanged."""
        if self.lookup is not None:
            confirm(self.lookup, digest=self._clip.digest)
            remember(self._clip, self.lookup.frames)


def _held(outcome: Verdict, *, rule: str, reason: str) -> Verdict:
    return replace(
        outcome,
        decision=Outcome.REVIEW,
        rules=(rule,),
        reason=reason,
        limits=frozenset(),
        is_strike=False,
    )


def _failure(detector: str, error: UnableToCheckFrames, start: float) -> Finding:
    return Finding(
        detector=detector,
        version="",
        category="unknown",
        score=None,
        evidence={"error": error.message},
        latency_milliseconds=(monotonic() - start) * 1000,
    )
