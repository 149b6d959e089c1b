"""The few kinds of refusal. Every error a person can cause is a subclass of one of them.

The interface decides what a kind looks like on the wire (`common.wire`); nothing below it knows
about HTTP.
"""


class ReverieError(Exception):
    """Something a person asked for could not be done; the message says what to do about it."""

    code = "error"
    field: str | None = None

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if field is not None:
            self.field = field


class Invalid(ReverieError):
    """The request itself is wrong: `field` names the part to change."""

    code = "invalid_value"


class Refused(Invalid):
    """The request is well formed and policy forbids it."""

    code = "refused"


class NotFound(ReverieError):
    """There is no such thing, or not for this person: the two read alike on purpose."""

    code = "not_found"


class Denied(ReverieError):
    """The person is known and may not do this."""

    code = "permission_denied"


class Conflict(ReverieError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"


class TooMany(ReverieError):
    """A limit is reached; trying again after `retry_after_seconds` may succeed."""

    code = "rate_limit_exceeded"

    def __init__(self, message: str, *, retry_after_seconds: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ReverieError):
    """Something this needs is down; nothing was done and trying again is safe."""

    code = "unavailable"
