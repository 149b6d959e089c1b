"""The emoji that the small model learns from, fetched from npm and never kept in the repository.

Microsoft Fluent Emoji (MIT), animated, packaged by LobeHub as `@lobehub/fluent-emoji-anim-1` to
`-4` (MIT): WebP of 256 by 256 with opacity, 1 to 97 frames.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from common.errors import ReverieError
from generation.small.vocabulary import OBJECTS

# fmt: off
PACKAGES = {
    "@lobehub/fluent-emoji-anim-1@1.0.0":
        "4c03ac178c1eabf2e2a16dd498f3cc2b92dc30ec3466ae38fdc497d4774c99ea",
    "@lobehub/fluent-emoji-anim-2@1.0.0":
        "e431da8172e394036c330faa77648d6fbbae1fd3b0be95637c4497c9075019c0",
    "@lobehub/fluent-emoji-anim-3@1.0.0":
        "3624d0c34c819c1794b74ccf6ae9034adff7c4cb6318dd2a645145f0196feb43",
    "@lobehub/fluent-emoji-anim-4@1.0.0":
        "3d4c08f1e321f70808ef4996aba0ab575a9d97b6c56ffffc92cf6161a7836aa3",
}
# fmt: on
PHASES = 16
SIDE = 64


class UnableToFetchSprites(ReverieError):
    """npm is missing, the registry can not be reached, or a package is not the known one."""

    code = "sprites_unavailable"


def fetch_sprites(folder: Path) -> Path:
    """Return `folder`, holding `<codepoint>.webp` for every object of the vocabulary.

    Fetches the packages (some 700 MB) by npm where one is missing.  Raises UnableToFetchSprites.
    """
    wanted = {f"{codepoint}.webp" for codepoint, _ in OBJECTS.values()}
    folder.mkdir(parents=True, exist_ok=True)
    for package, digest in PACKAGES.items():
        if all((folder / name).exists() for name in wanted):
            break
        with tempfile.TemporaryDirectory() as scratch:
            _unpack(_fetch(package, digest, Path(scratch)), wanted, folder)
    return folder


def _fetch(package: str, digest: str, scratch: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise UnableToFetchSprites(f"npm is not installed; it is needed to fetch {package}.")
    try:
        subprocess.run(  # noqa: S603 - a fixed command
            [npm, "pack", package], cwd=scratch, check=True, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        raise UnableToFetchSprites(f"npm could not fetch {package}: {error.stderr}") from error
    archive = next(scratch.glob("*.tgz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        raise UnableToFetchSprites(f"npm sent a {package} with another content than expected.")
    return archive


def _unpack(package: Path, wanted: set[str], folder: Path) -> None:
    with tarfile.open(package) as archive:
        for member in archive:
            name = Path(member.name).name
            content = archive.extractfile(member) if name in wanted else None
            if content is not None:
                (folder / name).write_bytes(content.read())


def loop_of(thing: str, folder: Path) -> npt.NDArray[np.floating[Any]]:
    """The object's loop from `folder`: (16, 64, 64, 4) of RGB and opacity in 0..1, not multiplied.

    All phases are cut by one square, so that the object moves within it as it was drawn to.
    """
    picture = Image.open(folder / f"{OBJECTS[thing][0]}.webp")
    frames = []
    for phase in range(PHASES):
        picture.seek(phase * getattr(picture, "n_frames", 1) // PHASES)
        frames.append(picture.convert("RGBA"))
    boxes = np.array([frame.getbbox() for frame in frames])
    square = _square(*boxes[:, :2].min(0), *boxes[:, 2:].max(0))
    small = [frame.crop(square).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for frame in frames]
    return np.stack([np.asarray(frame, np.float32) for frame in small]) / 255


def _square(x0: int, y0: int, x1: int, y1: int) -> tuple[int, int, int, int]:
    side = max(x1 - x0, y1 - y0) + 4
    left, top = (x0 + x1 - side) // 2, (y0 + y1 - side) // 2
    return int(left), int(top), int(left + side), int(top + side)
