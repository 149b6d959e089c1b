"""What people have to do with clips and with each other, in templates."""

from collections.abc import Iterable
from uuid import UUID

from django import template
from django.contrib.auth.models import AnonymousUser
from django.template import Context
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from feed.cards import ClipCard
from social.mentions import MENTION
from social.selectors.people import named_in
from social.selectors.saving import saved_among

register = template.Library()


@register.simple_tag(takes_context=True)
def linked(context: Context, text: str) -> SafeString:
    """`text`, escaped, in which `@handle` leads to the person, if the viewer may know of them.

    A view that shows many texts puts the handles of all of them into the context as `known`.
    """
    known = context.get("known")
    if known is None:
        known = named_in([text], viewer=context.get("user") or AnonymousUser())
    pieces, end = list[str](), 0
    for match in MENTION.finditer(text):
        handle = match[1].lower()
        if handle not in known:
            continue
        pieces.append(conditional_escape(text[end : match.start()]))
        url = reverse("web:profile", args=[handle])
        pieces.append(format_html('<a class="mention" href="{}">{}</a>', url, match[0]))
        end = match.end()
    pieces.append(conditional_escape(text[end:]))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped


@register.simple_tag(takes_context=True)
def saved_of(context: Context, cards: Iterable[ClipCard]) -> frozenset[UUID]:
    """Which of the cards' clips the viewer saved, in one query; none for visitors."""
    user = context.get("user") or AnonymousUser()
    return saved_among(user, [UUID(str(card["id"])) for card in cards])
