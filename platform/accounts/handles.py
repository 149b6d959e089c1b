"""What a person may call themselves."""

import re

from accounts.models import HANDLE_PATTERN
from common.errors import Invalid

RESERVED_HANDLES = frozenset(
    [
        *("about", "account", "accounts", "admin", "administrator", "api", "appeal", "auth"),
        *("clip", "clips", "create", "everyone", "feed", "following", "help", "here", "home"),
        *("login", "logout", "me", "mod", "moderation", "moderator", "mods", "new", "null"),
        *("official", "policy", "privacy", "profile", "reverie", "root", "search", "security"),
        *("settings", "signup", "staff", "static", "status", "support", "system", "terms"),
        *("trending", "undefined", "user", "users", "v1", "video", "videos", "www"),
    ]
)


class HandleRefused(Invalid):
    """The handle has other characters than it may have, or belongs to the house."""

    code = "invalid_handle"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="handle")


def checked_handle(text: str) -> str:
    """`text` as a handle, in lower case.  Raises HandleRefused."""
    handle = text.strip().lower()
    if not re.fullmatch(HANDLE_PATTERN, handle):
        raise HandleRefused("A handle has 2 to 30 letters (a to z), digits or underscores.")
    if handle in RESERVED_HANDLES:
        raise HandleRefused("This handle is reserved.")
    return handle
