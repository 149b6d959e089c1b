"""People named in a text: `@handle`."""

import re

MOST_MENTIONS = 10
"""People told of one text, and looked up for its links."""

MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_]{2,30})(?![\w@])", re.ASCII)


def handles_in(text: str) -> list[str]:
    """The first ten handles named in `text`, each once, in lower case; nobody need have them."""
    found = dict.fromkeys(match[1].lower() for match in MENTION.finditer(text))
    return list(found)[:MOST_MENTIONS]
