"""One POSIX access entry: let a user pass through a folder without opening it to everybody.

Format: linux/posix_acl_xattr.h, version 2, little-endian, entries sorted by tag, then id.
"""

import os
import struct
from pathlib import Path
from typing import NamedTuple

ATTRIBUTE = "system.posix_acl_access"
HEADER = struct.Struct("<I")
ENTRY = struct.Struct("<HHI")
VERSION = 2
NOBODY_IN_PARTICULAR = 0xFFFFFFFF
OWNER, USER, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
PASS = 0o1


class Entry(NamedTuple):
    """Who (tag and id) may do what (bits of rwx)."""

    tag: int
    permissions: int
    id: int


def allow_passage(folder: Path, *, uid: int) -> None:
    """Let user `uid` pass through `folder`, not list it; nobody else gains anything.

    Raises OSError where the file system keeps no access lists.
    """
    entries = {(entry.tag, entry.id): entry for entry in entries_of(folder)}
    entries[USER, uid] = Entry(USER, PASS, uid)
    group = entries[GROUP, NOBODY_IN_PARTICULAR].permissions
    mask = entries.get((MASK, NOBODY_IN_PARTICULAR), Entry(MASK, group, NOBODY_IN_PARTICULAR))
    entries[MASK, NOBODY_IN_PARTICULAR] = mask._replace(permissions=mask.permissions | PASS)
    packed = [ENTRY.pack(*entries[key]) for key in sorted(entries)]
    os.setxattr(folder, ATTRIBUTE, HEADER.pack(VERSION) + b"".join(packed))


def entries_of(folder: Path) -> list[Entry]:
    """The folder's access list, or the one its mode amounts to."""
    try:
        packed = os.getxattr(folder, ATTRIBUTE)
    except OSError:
        return _entries_of_mode(folder.stat().st_mode)
    return [Entry(*fields) for fields in ENTRY.iter_unpack(packed[HEADER.size :])]


def _entries_of_mode(mode: int) -> list[Entry]:
    shifts = ((OWNER, 6), (GROUP, 3), (OTHER, 0))
    return [Entry(tag, mode >> shift & 0o7, NOBODY_IN_PARTICULAR) for tag, shift in shifts]
