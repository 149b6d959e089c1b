"""What a person typed into the search, made safe to ask with."""

import re
import unicodedata
from dataclasses import dataclass

from common.errors import Invalid

MOST_CHARACTERS = 200
MOST_WORDS = 24
WORD = re.compile(r"\w+")
# Written without spaces, so every sign is a word; the database sets them apart alike.
SIGNS = re.compile(
    "[\u0e00-\u0eff\u2600-\u27bf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001f300-\U0001faff\U00020000-\U0002ffff]{2,}"
)
OPERATOR = re.compile(r'(?:^|\s)-(?:"[^"]*"|\S+)|"|\bor\b', re.IGNORECASE)


class UnableToAsk(Invalid):
    """What was typed can not be searched for."""

    def __init__(self, message: str, *, code: str = "invalid_query") -> None:
        super().__init__(message, code=code, field="q")


@dataclass(frozen=True)
class Asked:
    """A search: `text` for the words (quotes, `or` and `-word` are understood), and its meaning.

    `meaning` is `text` without what is not wanted and without operators; empty when only what is
    not wanted was named.
    """

    text: str
    meaning: str

    @property
    def words(self) -> list[str]:
        """Its words in lower case."""
        return WORD.findall(self.meaning.lower())[:MOST_WORDS]

    @property
    def name(self) -> str:
        """It as somebody's handle or a hashtag would be written."""
        return self.meaning.lower().strip().lstrip("@#").strip()


def asked_for(typed: str) -> Asked:
    """`typed` as a search.  Raises UnableToAsk for nothing, too much, and control characters."""
    text = " ".join(typed.split())
    if not text:
        raise UnableToAsk("Write what you look for.", code="empty_query")
    if len(text) > MOST_CHARACTERS:
        raise UnableToAsk(
            f"Search with at most {MOST_CHARACTERS} characters; these are {len(text)}.",
            code="string_above_max_length",
        )
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text):
        raise UnableToAsk("A search can not hold control characters.")
    meaning = " ".join(OPERATOR.sub(" ", text).split())
    return Asked(text if '"' in text else SIGNS.sub(_as_phrase, text), meaning)


def _as_phrase(found: re.Match[str]) -> str:
    return f'"{" ".join(found.group())}"'
