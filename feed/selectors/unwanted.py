"""What a viewer does not want in any list, beyond what they may not see."""

import re
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from accounts.permissions import Viewer
from clips.models import Clip
from feed.candidates import recommended_clips
from feed.cards import ClipCard
from feed.models.wishes import FeedSettings, HiddenCreator, MutedWord
from social.models.people import Mute


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
        return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said) for word in self.words)


def unwanted_by(viewer: Viewer) -> Unwanted:
    """What the viewer muted, and wants none of."""
    if not isinstance(viewer, User):
        return Unwanted()
    words = MutedWord.objects.filter(user=viewer).values_list("word", flat=True)
    settings = FeedSettings.objects.filter(user=viewer).first()
    none_of = {
        state: getattr(settings, f"amount_{state}", 1.0)
        for state in ("generated", "declared", "suspected", "none")
    }
    return Unwanted(
        frozenset(words), frozenset(state for state, amount in none_of.items() if amount == 0)
    )


def wanted_clips(viewer: Viewer) -> QuerySet[Clip]:
    """What may be recommended to the viewer, without the people they muted or hid."""
    clips = recommended_clips(viewer)
    if not isinstance(viewer, User):
        return clips
    muted = Mute.objects.filter(muter=viewer, muted=OuterRef("author_id"))
    hidden = HiddenCreator.objects.filter(user=viewer, creator=OuterRef("author_id"))
    return clips.exclude(Exists(muted)).exclude(Exists(hidden))
