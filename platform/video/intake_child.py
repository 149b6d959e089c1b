"""The process in which a stranger's video is opened: `python -m video.intake_child REQUEST`.

It has a bound on memory and on time, none of its parent's secrets, and says what it finds on its
standard output as records: one letter (what it is), four bytes (how long), the content.  It ends
with a record of what was found, or of what is wrong.
"""

import json
import os
import resource
import signal
import struct
import sys
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from common.errors import ReverieError
from video.aigc import parse_aigc, read_picture_aigc
from video.decoding import Bounds, UnableToTakeVideo, examined, pictures_in_step, write_sound
from video.provenance import Authority, read_manifest
from video.stills import still

HEADER = struct.Struct(">cI")
PICTURE, FOUND, WRONG = b"p", b"f", b"w"
OPEN_FILES = 64


def main(request: dict[str, Any]) -> None:
    """Do what is asked, and say what came of it."""
    _bound(request)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no record
    try:
        answer = TASKS[request["task"]](request, output)
    except ReverieError as error:
        _write(output, WRONG, json.dumps({"code": error.code, "message": error.message}).encode())
    except MemoryError:
        refusal = UnableToTakeVideo("The video needs too much memory to be opened.")
        _write(
            output,
            WRONG,
            json.dumps({"code": "video_too_large", "message": refusal.message}).encode(),
        )
    else:
        _write(output, FOUND, json.dumps(answer).encode())


def _bound(request: dict[str, Any]) -> None:
    """From here on the kernel ends this process when it takes too much."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits = {
        resource.RLIMIT_AS: request["memory_bytes"],
        resource.RLIMIT_CPU: request["cpu_seconds"],
        resource.RLIMIT_FSIZE: request["file_bytes"],
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def _examine(request: dict[str, Any], _output: BinaryIO) -> dict[str, Any]:
    path, bounds = Path(request["path"]), Bounds(**request["bounds"])
    found = examined(path, bounds=bounds)
    sound_samples = 0
    if found.has_sound:
        with Path(request["sound_path"]).open("wb") as target:
            sound_samples = write_sound(path, target, bounds=bounds)
    return {
        "examination": {**asdict(found), "has_sound": sound_samples > 0},
        "manifest": _manifest(path, request),
        "aigc": parse_aigc(found.tags.get("aigc", "")),
    }


def _picture(request: dict[str, Any], output: BinaryIO) -> dict[str, Any]:
    path = Path(request["path"])
    most = request["bounds"]["max_pixels"]
    picture = still(path, max_pixels=most, longest_side=request["longest_side"])
    _write(output, PICTURE, picture.rgb)
    return {
        "width": picture.width,
        "height": picture.height,
        "manifest": _manifest(path, request),
        "aigc": read_picture_aigc(path),
    }


def _manifest(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    reader = Authority(b"", b"", request["root_certificate"].encode())
    manifest = read_manifest(path, authority=reader)
    stamped = manifest.timestamped_at
    return {
        "state": manifest.state,
        "is_ai_generated": manifest.is_ai_generated or manifest.has_ai_ancestor,
        "source_type": manifest.source_type,
        "generator": manifest.generator,
        "issuer": manifest.issuer,
        "video_id": manifest.video_id,
        "engine": manifest.engine,
        "watermark": manifest.watermark,
        "timestamped_at": stamped.isoformat() if stamped else None,
    }


def _pictures(request: dict[str, Any], output: BinaryIO) -> dict[str, Any]:
    pictures = pictures_in_step(
        Path(request["path"]),
        size=(request["width"], request["height"]),
        rate=Fraction(request["rate"]),
        bounds=Bounds(**request["bounds"]),
    )
    every, count = request["every"], 0
    for index, picture in enumerate(pictures):
        if index % every == 0:
            _write(output, PICTURE, picture)
            count += 1
    return {"count": count}


TASKS = {"examine": _examine, "pictures": _pictures, "picture": _picture}


def _write(output: BinaryIO, kind: bytes, content: bytes) -> None:
    output.write(HEADER.pack(kind, len(content)))
    output.write(content)
    output.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
