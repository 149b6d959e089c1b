"""Where allauth's sign-up meets our rules for handles and roles."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.handles import HandleRefused, checked_handle
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Handles are lower-case and not reserved; a new person gets REVERIE_SIGNUP_ROLE."""

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002
        """The handle for what was typed.  Raises ValidationError, as a form wants it."""
        try:
            handle = checked_handle(username)
        except HandleRefused as error:
            raise ValidationError(error.message, code=error.code) from error
        cleaned: str = super().clean_username(handle, shallow=shallow)
        return cleaned

    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:  # noqa: FBT001, FBT002
        """Fill in the new person from the form."""
        user.role = settings.REVERIE_SIGNUP_ROLE
        user.birth_year = form.cleaned_data["birth_year"]
        saved: User = super().save_user(request, user, form, commit=commit)
        return saved
