"""Who the embedded servers run as.  Postgres refuses root, so root lends it a system user."""

import os
import pwd
import shutil

from common.embedded.process import Account, UnableToStart, succeeds

NAME = "reverie"
ADMIN_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def server_account() -> Account | None:
    """None when this very user runs the servers; as root, the system user `reverie`.

    Raises UnableToStart where root can not make that user.
    """
    if os.geteuid() != 0:
        return None
    return known_account() or _made()


def known_account() -> Account | None:
    """The system user `reverie`, if this machine has it."""
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        return None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _made() -> Account:
    useradd = shutil.which("useradd", path=ADMIN_PATH)
    if useradd is None:
        raise UnableToStart("Postgres does not run as root: start Reverie as an ordinary user.")
    nologin = ["--no-create-home", "--shell", "/usr/sbin/nologin"]
    succeeds([useradd, "--system", "--user-group", *nologin, NAME])
    account = known_account()
    if account is None:
        raise UnableToStart("useradd failed: start Reverie as an ordinary user.")
    return account
