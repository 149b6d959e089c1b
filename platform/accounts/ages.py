"""What a year of birth tells, and what it may be changed to."""

from datetime import datetime

from django.conf import settings

from accounts.models import User
from common.errors import Denied, Invalid

OLDEST_YEARS = 120


class BirthYearRefused(Invalid):
    """No year in which somebody was born who may have an account here."""

    code = "birth_year_refused"
    field = "birth_year"


class BirthYearLocked(Denied):
    """Nobody makes themselves older than they said; a moderator can."""

    code = "birth_year_locked"
    field = "birth_year"


def checked_birth_year(year: int, *, now: datetime) -> int:
    """`year`, when everybody born in it is old enough for an account.  Raises BirthYearRefused."""
    if not now.year - OLDEST_YEARS <= year <= now.year:
        raise BirthYearRefused("Please give the year you were born in, such as 1990.")
    minimum = settings.REVERIE_MINIMUM_AGE
    if now.year - year <= minimum:
        raise BirthYearRefused(
            f"You need to be at least {minimum} to have an account here. As we ask for the year "
            f"only, that is from {year + minimum + 1} on."
        )
    return year


def check_own_change(user: User, year: int) -> None:
    """Pass when people may change their own year to this one.  Raises BirthYearLocked.

    Who said nothing yet may say any; after that, nobody becomes older by their own word.
    """
    if user.birth_year is not None and year < user.birth_year:
        raise BirthYearLocked(
            "An earlier year makes you older than you told us. Ask a moderator to correct it."
        )
