"""What clips mean, as numbers, computed when they are published and when their words change."""

from collections.abc import Sequence
from uuid import UUID

from pgvector import HalfVector

from feed.models.entries import Entry
from feed.ranking.catalogue import words_of
from feed.serving.catalogues import note_changed_catalogue
from language.minilm import minilm

AT_ONCE = 64
NOTHING_SAID = "a video"

WORDS = ("clip_id", "clip__video__prompt", "clip__caption", "clip__hashtags")


def give_meanings(*, most: int = AT_ONCE) -> int:
    """Embed the words of clips that wait for it, the newest first, and say of how many.

    Words that change meanwhile are embedded at the next call: only what was read is written to.
    """
    waiting = Entry.objects.filter(embedding=None).order_by("-number")
    rows = list(waiting.values_list(*WORDS)[:most])
    if not rows:
        return 0
    meanings = minilm().embed([words_of(*said) or NOTHING_SAID for _, *said in rows])
    for (clip_id, prompt, caption, tags), meaning in zip(rows, meanings, strict=True):
        _write(clip_id, HalfVector(meaning), prompt=prompt, caption=caption, hashtags=tags)
    note_changed_catalogue()
    return len(rows)


def _write(
    clip_id: UUID, meaning: HalfVector, *, prompt: str, caption: str, hashtags: Sequence[str]
) -> None:
    entry = Entry.objects.filter(
        pk=clip_id,
        clip__video__prompt=prompt,
        clip__caption=caption,
        clip__hashtags=hashtags,
    )
    Entry.objects.filter(pk__in=entry.values("pk")).update(embedding=meaning)
