"""`manage.py set_role`: the operator's way to the first admin."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Role, User
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_a_person_gets_the_role_and_nobody_is_told_of() -> None:
    make_user("ada")
    call_command("set_role", "@Ada", "admin")
    ada = User.objects.get(handle="ada")
    assert (ada.role, ada.is_staff, ada.is_superuser) == (Role.ADMIN, True, True)
    with pytest.raises(CommandError, match="no such person"):
        call_command("set_role", "nobody", "admin")
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("set_role", "ada", "king")
