"""What is said of a clip, and how it may be shown."""

from django import template

from clips.models import Limit
from common.errors import Unavailable
from feed.cards import ClipCard
from moderation.selectors.policies import label_titles

register = template.Library()


@register.filter
def is_veiled(card: ClipCard) -> bool:
    """Whether the viewer sees it blurred until they choose to look."""
    return Limit.BLURRED in card["limits"] and not card["viewer"]["is_author"]


@register.filter
def label_names(card: ClipCard) -> list[str]:
    """What its labels are called, each once."""
    if not card["labels"]:
        return []
    try:
        titles = label_titles()
    except Unavailable:
        titles = {}
    values = dict.fromkeys(label["value"] for label in card["labels"])
    return [titles.get(value, value.replace("_", " ").capitalize()) for value in values]
