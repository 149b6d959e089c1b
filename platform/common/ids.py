"""Time-ordered ids: rows made later sort later, on one box or on a thousand."""

from uuid import UUID

from uuid6 import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562) as a plain `uuid.UUID`."""
    return UUID(bytes=uuid7().bytes)


def public_id(prefix: str, value: UUID) -> str:
    """`value` as programs see it: `video_0192…` (prefix, underscore, 32 hex digits)."""
    return f"{prefix}_{value.hex}"


def parse_public_id(prefix: str, text: str) -> UUID | None:
    """The id in `text`, or None when it is not one of ours with this prefix."""
    head, _, digits = text.partition("_")
    if head != prefix or len(digits) != 32:  # noqa: PLR2004 - hex digits of a UUID
        return None
    try:
        return UUID(hex=digits)
    except ValueError:
        return None
