"""What the sign-up page asks beside handle, e-mail and password."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.ages import BirthYearRefused, checked_birth_year


class SignupQuestions(forms.Form):
    """The year of birth; AccountAdapter keeps it."""

    birth_year = forms.IntegerField(
        label="Year of birth",
        help_text="Only the year. Nobody else sees it; it decides what you are shown.",
        widget=forms.NumberInput(attrs={"autocomplete": "bday-year", "inputmode": "numeric"}),
        error_messages={"invalid": "Please give the year you were born in, such as 1990."},
    )

    def clean_birth_year(self) -> int:
        """The year.  Raises ValidationError for who is too young."""
        try:
            return checked_birth_year(self.cleaned_data["birth_year"], now=timezone.now())
        except BirthYearRefused as error:
            raise ValidationError(error.message, code=error.code) from error

    def signup(self, _request: Any, _user: Any) -> None:
        """Where allauth offers to keep answers; the adapter did, before the person was saved."""
