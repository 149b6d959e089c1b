"""The emoji that the scenes show, fetched from npm and never kept in the repository.

Microsoft Fluent Emoji (MIT), packaged by LobeHub as `@lobehub/fluent-emoji-3d` (MIT).
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from common.errors import ReverieError
from generation.small.vocabulary import THINGS

PACKAGE = "@lobehub/fluent-emoji-3d@1.1.0"
SHA256 = "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"


class UnableToFetchSprites(ReverieError):
    """npm is missing, the registry can not be reached, or the package is not the known one."""

    code = "sprites_unavailable"


def fetch_sprites(folder: Path) -> Path:
    """Return `folder`, holding `<codepoint>.webp` for every object of the vocabulary.

    Fetches the package by npm where one is missing. Raises UnableToFetchSprites.
    """
    wanted = {f"{thing.codepoint}.webp" for thing in THINGS}
    if all((folder / name).exists() for name in wanted):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _unpack(_fetch(Path(scratch)), wanted, folder)
    return folder


def _fetch(scratch: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise UnableToFetchSprites(f"npm is not installed; it is needed to fetch {PACKAGE}.")
    try:
        subprocess.run(  # noqa: S603 - a fixed command
            [npm, "pack", PACKAGE], cwd=scratch, check=True, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        raise UnableToFetchSprites(f"npm could not fetch {PACKAGE}: {error.stderr}") from error
    package = next(scratch.glob("*.tgz"))
    if hashlib.sha256(package.read_bytes()).hexdigest() != SHA256:
        raise UnableToFetchSprites(f"npm sent a {PACKAGE} with another content than expected.")
    return package


def _unpack(package: Path, wanted: set[str], folder: Path) -> None:
    with tarfile.open(package) as archive:
        for member in archive:
            name = Path(member.name).name
            content = archive.extractfile(member) if name in wanted else None
            if content is not None:
                (folder / name).write_bytes(content.read())
