"""What a viewer does not want in any list, beyond what they may not see."""

import re
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Lower, StrIndex, Trim

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip, Provenance
from feed.candidates import recommended_clips
from feed.cards import ClipCard
from feed.models.wishes import FeedSettings, HiddenCreator, MutedWord
from social.models.people import Mute

FIRST_UNSPACED: Final = chr(0x2E80)
"""From here on, scripts that put no spaces between words."""


@dataclass(frozen=True)
class Unwanted:
    """Words the viewer muted, in lower case, and states of provenance they want nothing of."""

    words: frozenset[str] = frozenset()
    provenance: frozenset[str] = frozenset()

    def names(self, card: ClipCard) -> bool:
        """Whether the clip is one of them; its author's own clips are not."""
        if card["viewer"]["is_author"]:
            return False
        if card["provenance"] in self.provenance:
            return True
        said = " ".join((card["caption"], card["prompt"], *card["hashtags"])).lower()
        return any(_says(said, word) for word in self.words)


def _says(text: str, word: str) -> bool:
    if any(sign >= FIRST_UNSPACED for sign in word):
        return word in text
    return re.search(rf"(?<!\w){re.escape(word)}s?(?!\w)", text) is not None


def unwanted_by(viewer: Viewer) -> Unwanted:
    """What the viewer muted, and wants none of."""
    if not isinstance(viewer, User):
        return Unwanted()
    words = MutedWord.objects.filter(user=viewer).values_list("word", flat=True)
    settings = FeedSettings.objects.filter(user=viewer).first()
    none_of = {state: getattr(settings, f"amount_{state}", 1.0) for state in Provenance.values}
    return Unwanted(
        frozenset(words), frozenset(state for state, amount in none_of.items() if amount == 0)
    )


def wanted_clips(viewer: Viewer) -> QuerySet[Clip]:
    """What may be recommended to the viewer, without what they do not want; no query more."""
    return without_unwanted(recommended_clips(viewer), viewer=viewer)


def without_unwanted(clips: QuerySet[Clip], *, viewer: Viewer) -> QuerySet[Clip]:
    """`clips` without those the viewer does not want: their own they always do.

    Nothing of whom they muted or hid, nothing that says a muted word, and no kind of AI of which
    they want none.
    """
    if not isinstance(viewer, User):
        return clips
    muted = Mute.objects.filter(muter=viewer, muted=OuterRef("author_id"))
    hidden = HiddenCreator.objects.filter(user=viewer, creator=OuterRef("author_id"))
    refused = Q(pk__in=[])
    for state in Provenance.values:
        none_of = FeedSettings.objects.filter(user=viewer, **{f"amount_{state}": 0})
        refused |= Q(Exists(none_of), video__provenance=state)
    unwanted = Q(Exists(muted)) | Q(Exists(hidden)) | Q(Exists(_words_said(viewer))) | refused
    return clips.exclude(unwanted & ~Q(author=viewer))


def _words_said(viewer: User) -> QuerySet[MutedWord]:
    """The viewer's muted words that a clip says, each as a whole or with a plural s.

    Where a script puts no spaces between words, also inside of others.
    """
    tags = Func(
        OuterRef("hashtags"), Value(" "), function="array_to_string", output_field=TextField()
    )
    space = Value(" ")
    said = _joined(OuterRef("caption"), space, OuterRef("video__prompt"), space, tags)
    plain, word = _spaced(said), _spaced("word")
    words = MutedWord.objects.filter(user=viewer)
    words = words.alias(
        once=StrIndex(plain, word),
        many=StrIndex(plain, _joined(Func(word, function="rtrim"), Value("s "))),
        inside=StrIndex(Lower(said), "word"),
    )
    is_unspaced = Q(word__regex=f"[{FIRST_UNSPACED}-{chr(0x10FFFF)}]")
    return words.filter(Q(once__gt=0) | Q(many__gt=0) | is_unspaced & Q(inside__gt=0))


def _spaced(text: Any) -> Concat:
    """The words, in lower case, with one space before and behind each."""
    parts = (Lower(text), Value(r"\W+"), Value(" "), Value("g"))
    words = Func(*parts, function="regexp_replace", output_field=TextField())
    return _joined(Value(" "), Trim(words), Value(" "))


def _joined(*texts: Any) -> Concat:
    return Concat(*texts, output_field=TextField())
