"""The tables of moderation, one file a concern; Django finds them through this one."""

from moderation.models import (
    appeals,
    audit,
    desk,
    hashes,
    health,
    judging,
    labels,
    letters,
    notices,
    policies,
    quality,
    statements,
    strikes,
)

__all__ = [
    "appeals",
    "audit",
    "desk",
    "hashes",
    "health",
    "judging",
    "labels",
    "letters",
    "notices",
    "policies",
    "quality",
    "statements",
    "strikes",
]
