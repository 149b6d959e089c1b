"""The text detector that a policy's words and patterns make."""

from functools import lru_cache

from moderation.classifiers.lexicon import Lexicon, Pattern
from moderation.policy.rules import Policy


@lru_cache(maxsize=8)
def lexicon_of(policy: Policy) -> Lexicon:
    """The lexicon of `policy`, made once."""
    patterns = [
        Pattern(
            name=pattern.name,
            category=pattern.category,
            groups=pattern.groups,
            within=pattern.within,
            score=pattern.score,
        )
        for pattern in policy.patterns
    ]
    categories = dict.fromkeys(pattern.category for pattern in patterns)
    return Lexicon(words=policy.words, patterns=patterns, categories=categories)
