"""China's implicit label: the `AIGC` key of GB 45438-2025, appendix E, in a file's own metadata.

In an MP4 it is a key of the movie header, in a picture an XMP property in the namespace that
TC260-PG-20258A names; the value is one JSON object of seven strings in both.
"""

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

import av
from PIL import Image

from common.errors import Invalid
from video.frames import UnableToReadVideo, open_mp4

KEY = "AIGC"
FIELDS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
IS_GENERATED, MAY_BE_GENERATED, IS_SUSPECTED = "1", "2", "3"
LABELS = frozenset({IS_GENERATED, MAY_BE_GENERATED, IS_SUSPECTED})
NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
IN_XMP = re.compile(rb"<TC260:AIGC>(.{1,8192}?)</TC260:AIGC>", re.DOTALL)
LONGEST_FIELD = 512


class UnableToReadPicture(Invalid):
    """The file is not a picture that can be opened."""


class UnableToLabel(Invalid):
    """A field is empty where it must not be, or too long to be a name."""


def aigc_value(
    *,
    producer: str,
    produce_id: str,
    propagator: str = "",
    propagate_id: str = "",
    label: str = IS_GENERATED,
) -> str:
    """The value of the `AIGC` key: JSON that says this content is AI-made, and by whom.

    `producer` is the service that made it (its name or registered code), `produce_id` that
    service's own id; propagator fields are filled by whoever spreads it, and stand alone where
    the producer is not known.  `label` says how sure it is: made by a machine, perhaps (the
    person who uploads it says so), or suspected.  Raises UnableToLabel.
    """
    values = (label, producer, produce_id, "", propagator, propagate_id, "")
    is_named = bool((producer and produce_id) or (propagator and propagate_id))
    if label not in LABELS or not is_named or any(len(value) > LONGEST_FIELD for value in values):
        raise UnableToLabel(
            f"A label is 1, 2 or 3; name and id are needed, of {LONGEST_FIELD} characters at most."
        )
    return json.dumps(dict(zip(FIELDS, values, strict=True)), ensure_ascii=False)


def xmp_packet(value: str) -> bytes:
    """An XMP packet that carries `value` in a picture, as TC260-PG-20258A shows it."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:TC260="{NAMESPACE}">'
        f"<TC260:AIGC>{html.escape(value)}</TC260:AIGC>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def read_aigc(path: Path) -> Mapping[str, str] | None:
    """The fields of the `AIGC` key of an MP4, or None when it has none that can be read.

    Raises UnableToReadVideo when the file is not an MP4.
    """
    try:
        with path.open("rb") as file, open_mp4(file) as container:
            return parse_aigc(container.metadata.get(KEY, ""))
    except (av.error.FFmpegError, OSError) as error:
        raise UnableToReadVideo("The file is not a video that can be read.") from error


def read_picture_aigc(path: Path) -> Mapping[str, str] | None:
    """The fields of the `AIGC` property in a picture's XMP, or None when it has none.

    Raises UnableToReadPicture.
    """
    try:
        with Image.open(path) as picture:
            packet = picture.info.get("xmp", b"")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnableToReadPicture("The file is not a picture that can be opened.") from error
    found = IN_XMP.search(packet)
    return parse_aigc(html.unescape(found[1].decode("utf-8", "replace"))) if found else None


def parse_aigc(text: str) -> Mapping[str, str] | None:
    """The fields in the key's value, or None when it makes no sense."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("Label"), str):
        return None
    return {name: str(value.get(name, "")) for name in FIELDS}
