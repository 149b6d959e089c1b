"""What people do with their account: keys, profile, picture, role."""

import secrets
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from accounts.ages import check_own_change, checked_birth_year
from accounts.handles import checked_handle
from accounts.models import MAX_BIO_LENGTH, MAX_NAME_LENGTH, ApiKey, Role, User
from accounts.permissions import require_role
from accounts.pictures import CONTENT_TYPE, profile_picture
from accounts.selectors import LAST_USED_PRECISION, api_key_of, digest_of_secret
from common.errors import Conflict, Denied, Invalid
from common.objects import store

SECRET_PREFIX = "sk-"  # noqa: S105 - what every secret starts with, and no secret itself
SECRET_BYTES = 32
SHOWN_CHARACTERS = 10
MAX_KEYS = 50


class UnableToOpenAccount(Conflict):
    """The handle or the e-mail address is taken."""

    code = "already_taken"


class TooManyKeys(Conflict):
    """The person has as many keys as one may have."""

    code = "too_many_keys"


class AccountPaused(Denied):
    """The account may watch, but not make, post or comment for a while."""

    code = "account_paused"


def open_account(
    handle: str,
    *,
    email: str,
    password: str,
    role: Role,
    display_name: str = "",
    birth_year: int | None = None,
) -> User:
    """A new person, who can log in at once.  Raises HandleRefused, UnableToOpenAccount.

    For commands and tests: people open theirs through the sign-up page.
    """
    user = User(
        handle=checked_handle(handle),
        email=email.strip().lower(),
        display_name=_plain(display_name, field="display_name", longest=MAX_NAME_LENGTH),
        birth_year=birth_year,
        role=role,
        is_staff=role in {Role.MODERATOR, Role.ADMIN},
        is_superuser=role == Role.ADMIN,
    )
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    except IntegrityError as error:
        raise UnableToOpenAccount("This handle or e-mail address is taken.") from error
    return user


def create_api_key(owner: User, *, name: str, now: datetime) -> tuple[ApiKey, str]:
    """A new key and its secret, which is shown this once and kept nowhere.  Raises Invalid."""
    name = _plain(name, field="name", longest=MAX_NAME_LENGTH)
    if not name:
        raise Invalid("A key needs a name, to be told apart.", field="name")
    if ApiKey.objects.filter(owner=owner, revoked_at=None).count() >= MAX_KEYS:
        raise TooManyKeys(f"You have {MAX_KEYS} keys; revoke one first.")
    secret = SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey.objects.create(
        owner=owner,
        name=name,
        prefix=secret[:SHOWN_CHARACTERS],
        digest=digest_of_secret(secret),
        created_at=now,
    )
    return key, secret


def revoke_api_key(owner: User, key_id: UUID, *, now: datetime) -> None:
    """Make one of the owner's keys useless, from this moment.  Raises NotFound."""
    key = api_key_of(owner, key_id)
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)


def note_use(key: ApiKey, *, now: datetime) -> None:
    """Remember when the key was used last, to the minute."""
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def update_profile(user: User, *, display_name: str | None = None, bio: str | None = None) -> User:
    """Change what others read about the person.  Raises Invalid for what is too long."""
    if display_name is not None:
        user.display_name = _plain(display_name, field="display_name", longest=MAX_NAME_LENGTH)
    if bio is not None:
        user.bio = _plain(bio, field="bio", longest=MAX_BIO_LENGTH)
    user.save(update_fields=["display_name", "bio"])
    return user


def set_picture(user: User, data: bytes) -> User:
    """Show the picture in `data` (JPEG, PNG or WebP) beside the person's name.

    Raises PictureRefused.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture.webp"
        path.write_bytes(profile_picture(data))
        stored = store().put_file(path, content_type=CONTENT_TYPE)
    user.picture_digest = stored.key
    user.save(update_fields=["picture_digest"])
    return user


def remove_picture(user: User) -> User:
    """Show no picture of the person."""
    user.picture_digest = ""
    user.save(update_fields=["picture_digest"])
    return user


def set_role(user: User, *, role: Role) -> User:
    """Give the person another role; moderators and admins reach the admin pages."""
    user.role = role
    user.is_staff = role in {Role.MODERATOR, Role.ADMIN}
    user.is_superuser = role == Role.ADMIN
    user.save(update_fields=["role", "is_staff", "is_superuser"])
    return user


def require_good_standing(user: User, *, now: datetime) -> None:
    """Pass for who may make, post and comment.  Raises AccountPaused, which says until when."""
    if user.paused_until is not None and user.paused_until > now:
        raise AccountPaused(
            f"Your account is paused until {user.paused_until:%d %B %Y, %H:%M} UTC. Why, and how "
            "to appeal, stands under Decisions about you: /statements"
        )


def pause_account(user: User, *, until: datetime | None) -> None:
    """Let the person watch only, until then; None ends it.  For moderation only."""
    user.paused_until = until
    user.save(update_fields=["paused_until"])


def clear_profile(user: User) -> None:
    """Take the name, the words and the picture off the person's page.  For moderation only."""
    user.display_name = user.bio = user.picture_digest = ""
    user.save(update_fields=["display_name", "bio", "picture_digest"])


def close_account(user: User) -> None:
    """Take the person and all they posted off every page.  For moderation only."""
    user.is_active = False
    user.save(update_fields=["is_active"])


def reopen_account(user: User) -> None:
    """Let a closed account live again.  For moderation only."""
    user.is_active = True
    user.save(update_fields=["is_active"])


def set_own_birth_year(user: User, year: int, *, now: datetime) -> User:
    """Keep the year of birth a person tells.  Raises BirthYearRefused, BirthYearLocked."""
    with transaction.atomic():
        kept = User.objects.select_for_update().get(pk=user.pk)
        check_own_change(kept, year)
        kept.birth_year = checked_birth_year(year, now=now)
        kept.save(update_fields=["birth_year"])
    user.birth_year = year
    return user


def correct_birth_year(actor: User, user: User, year: int, *, now: datetime) -> User:
    """Correct somebody else's year of birth, to an earlier one too.

    Raises Denied for who is no moderator and for one's own, BirthYearRefused.
    """
    require_role(actor, Role.MODERATOR)
    if actor.pk == user.pk:
        raise Denied("Somebody else has to correct your year of birth.", field="birth_year")
    user.birth_year = checked_birth_year(year, now=now)
    user.save(update_fields=["birth_year"])
    return user


def _plain(text: str, *, field: str, longest: int) -> str:
    text = text.strip()
    if len(text) > longest:
        raise Invalid(f"At most {longest} characters, please.", field=field)
    if "\0" in text:
        raise Invalid("Null characters are not allowed.", field=field)
    return text
