"""What a clip is called where it has to be called something."""

from django import template

from feed.cards import ClipCard

register = template.Library()


@register.filter
def named(card: ClipCard) -> str:
    """Its caption; else its prompt; else whose it is."""
    return card["caption"] or card["prompt"] or _whose(card)


@register.filter
def described(card: ClipCard) -> str:
    """What it shows, for who can not see it: its prompt; else its caption; else whose it is."""
    return card["prompt"] or card["caption"] or _whose(card)


def _whose(card: ClipCard) -> str:
    return f"A clip by @{card['author']['handle']}"
