"""Folders that are ours alone, and a way to them for the user the servers run as.

The wheels' own start code opens every folder above the data to everybody; here one system user
gets through, and the data folder keeps its mode 0700.
"""

import os
from pathlib import Path

from common.embedded.account import NAME, known_account
from common.embedded.acl import allow_passage
from common.embedded.process import Account, UnableToStart, succeeds
from common.errors import Unavailable

OWNER_ONLY = 0o700


class UnableToUseFolder(Unavailable):
    """A folder that must be ours alone is somebody else's."""


def private_folder(path: Path) -> Path:
    """`path`, made if missing, mode 0700, owned by us (or, for root, by the servers' user).

    Raises UnableToUseFolder when it is a link or somebody else's.
    """
    path.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid not in _our_ids():
        raise UnableToUseFolder(f"{path} belongs to somebody else; remove it or move REVERIE_DATA.")
    path.chmod(OWNER_ONLY)
    return path


def servers_folder(path: Path, *, account: Account | None) -> Path:
    """A private folder that belongs to the user the servers run as."""
    private_folder(path)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path


def open_passage(path: Path, *, account: Account | None) -> None:
    """Make sure the servers' user gets through every folder above `path`.

    Raises UnableToStart, naming the folder, where that can not be arranged.
    """
    if account is None:
        return
    for folder in reversed(path.parents):
        if not _can_pass(folder, account=account):
            _let_through(folder, account=account)


def _our_ids() -> set[int]:
    account = known_account() if os.geteuid() == 0 else None
    return {os.geteuid(), account.uid} if account else {os.geteuid()}


def _can_pass(folder: Path, *, account: Account) -> bool:
    return succeeds(["test", "-x", str(folder)], account=account)


def _let_through(folder: Path, *, account: Account) -> None:
    try:
        allow_passage(folder, uid=account.uid)
    except OSError:
        raise UnableToStart(_locked_out(folder)) from None
    if not _can_pass(folder, account=account):
        raise UnableToStart(_locked_out(folder))


def _locked_out(folder: Path) -> str:
    return (
        f"Postgres does not run as root, and its user {NAME} can not get through {folder}: "
        f"run `chmod o+x {folder}`, or start Reverie as an ordinary user."
    )
