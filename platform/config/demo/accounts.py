"""The people a first start is filled with, and the file that tells their passwords."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import Role, User
from accounts.services import create_api_key, open_account

PEOPLE = (
    ("mira", Role.CREATOR, "Mira"),
    ("theo", Role.VIEWER, "Theo"),
    ("noor", Role.MODERATOR, "Noor"),
    ("alex", Role.ADMIN, "Alex"),
)
# Grown up, so that what is shown to adults only can be seen in the demo.
BIRTH_YEAR = 1990


def ensure_accounts(file: Path, *, url: str, now: datetime) -> Mapping[Role, User]:
    """The demo's people by role, made once; `file` (mode 0600) tells how to log in.

    People and file are made together: whoever kills this halfway finds neither, or a file that
    the next start writes anew.
    """
    handles = [handle for handle, _, _ in PEOPLE]
    people = {user.handle: user for user in User.objects.filter(handle__in=handles)}
    if not people:
        people = _open_accounts(file, url=url, now=now)
    return {role: people[handle] for handle, role, _ in PEOPLE if handle in people}


def _open_accounts(file: Path, *, url: str, now: datetime) -> dict[str, User]:
    people: dict[str, User] = {}
    told: list[dict[str, str]] = []
    with transaction.atomic():
        for handle, role, name in PEOPLE:
            email, password = f"{handle}@reverie.example", secrets.token_urlsafe(15)
            user = open_account(
                handle,
                email=email,
                password=password,
                role=role,
                display_name=name,
                birth_year=BIRTH_YEAR,
            )
            _, secret = create_api_key(user, name="demo", now=now)
            people[handle] = user
            told.append(
                {
                    "handle": handle,
                    "email": email,
                    "role": role.value,
                    "password": password,
                    "api_key": secret,
                }
            )
        _write_private(file, {"url": url, "accounts": told})
    return people


def _write_private(file: Path, content: Mapping[str, Any]) -> None:
    # mkstemp makes the file readable by its owner only, before anything is in it.
    descriptor, fresh = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(content, out, indent=2)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    Path(fresh).replace(file)
