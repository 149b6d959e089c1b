"""The tables of moderation, one file a concern; Django finds them through this one."""

from moderation.models import desk, judging, quality

__all__ = ["desk", "judging", "quality"]
