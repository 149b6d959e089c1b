"""The words a reviewer leaves for the person they judge."""

from common.errors import Invalid

MAX_REASON_LENGTH = 2000


def checked_reason(reason: str, *, is_needed: bool) -> str:
    """`reason` without surrounding space.  Raises Invalid: it is missing, or too long."""
    reason = reason.strip()
    if is_needed and not reason:
        raise Invalid("Say why: the author will read it.", field="reason")
    if len(reason) > MAX_REASON_LENGTH:
        raise Invalid(f"A reason has at most {MAX_REASON_LENGTH} characters.", field="reason")
    return reason
