"""From raw frames to finished, marked files: the one way a generated video comes to be.

The order is the promise: fit, visible label, watermark, encode with the `AIGC` key in the headers,
then the signed manifest last, then everything is read back.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from video.aigc import KEY, aigc_value, read_aigc, read_picture_aigc, xmp_packet
from video.detection import detect
from video.encoding import Encoded, EncodedFile, Kind, encode
from video.frames import Frame, Frames, check_frames, fit_frame
from video.labels import label_for
from video.provenance import Authority, Claim, UnableToMark, sign
from video.sampling import every_frame
from video.sounds import Footage
from video.watermark import Mark, embed

SIGNED_KINDS = frozenset[Kind]({"mp4", "poster", "spritesheet"})
PICTURE_KINDS = frozenset[Kind]({"poster", "spritesheet"})
READ_BACK_FRAMES = (8, 32, 128)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProducedFile:
    """One finished file; `name` is what the HLS playlist calls it."""

    kind: Kind
    name: str
    path: Path
    content_type: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Production:
    """All the files of one video, and its measures."""

    files: tuple[ProducedFile, ...]
    width: int
    height: int
    frame_count: int
    duration_seconds: float


@dataclass(frozen=True)
class Marks:
    """What is put on a video besides the signature.

    `watermark` goes into every picture.  What carries one of ours already needs no second: two
    would blur each other.  It is not needed where the picture is somebody's own, as an upload's: a
    full-contrast pattern can be too hard or too small to carry it.  `is_labelled` is False for
    what no machine made, as far as is known.  `aigc` is the value of the `AIGC` key where it is
    not ours alone to say (an upload's own, with us as propagator); without it, a claim that says
    AI makes one, and any other claim none.
    """

    watermark: Mark | None = None
    is_watermark_needed: bool = True
    is_labelled: bool = True
    aigc: str | None = None


ALL_MARKS = Marks()


def produce(
    frames: Frames | Footage,
    *,
    frames_per_second: float,
    width: int,
    height: int,
    folder: Path,
    authority: Authority,
    claim: Claim,
    marks: Marks = ALL_MARKS,
) -> Production:
    """Make every file of a video in `folder` (created if need be, else empty), fully marked.

    `frames` is (T, H, W, 3) uint8 RGB of any size, or pictures of any size that come one by one,
    with their sound; the video is `width` by `height`.  MP4, poster and spritesheet carry all
    four marks: the visible label, the watermark, the `AIGC` key and a signed manifest.  HLS
    carries three: label and watermark in its pixels and the `AIGC` key in its init segment;
    c2pa-python can not sign fragmented MP4, and a manifest on the init segment alone would read
    as tampered once a segment follows it.  One frame at a time is held beside the input.
    Raises UnableToUseFrames, UnableToEncode, and UnableToMark when any mark does not read back.
    A watermark that is not needed may fail to: then a warning is logged, and the manifest names
    none.
    """
    footage = frames if isinstance(frames, Footage) else Footage(check_frames(frames))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    aigc = marks.aigc
    if aigc is None and claim.is_ai_generated:
        aigc = aigc_value(producer=claim.producer, produce_id=claim.video_id)
    encoded = encode(
        _drawn(footage.pictures, size=(width, height), marks=marks),
        frames_per_second=frames_per_second,
        width=width,
        height=height,
        folder=folder,
        metadata={"title": claim.title, **({KEY: aigc} if aigc else {})},
        picture_xmp=xmp_packet(aigc) if aigc else b"",
        sound=footage.sound,
    )
    _sign_all(encoded, authority=authority, claim=claim, marks=replace(marks, aigc=aigc))
    return Production(
        files=tuple(_described(file) for file in encoded.files),
        width=width,
        height=height,
        frame_count=encoded.frame_count,
        duration_seconds=encoded.duration_seconds,
    )


def _drawn(frames: Iterable[Frame], *, size: tuple[int, int], marks: Marks) -> Iterator[Frame]:
    width, height = size
    label = label_for(width=width, height=height)
    for frame in frames:
        drawn = fit_frame(frame, width=width, height=height)
        if marks.is_labelled:
            drawn = label.drawn_on(drawn)
        yield drawn if marks.watermark is None else embed(drawn, marks.watermark)


def _sign_all(encoded: Encoded, *, authority: Authority, claim: Claim, marks: Marks) -> None:
    watermark = _read_back(encoded, marks=marks, claim=claim)
    for file in encoded.files:
        if file.kind in SIGNED_KINDS:
            sign(file.path, authority=authority, claim=claim, watermark=watermark)
            _check_aigc(file, marks.aigc)


def _read_back(encoded: Encoded, *, marks: Marks, claim: Claim) -> str:
    """The digits of the watermark that is in the MP4; "" when none is, and none has to be."""
    mark = marks.watermark
    if mark is None:
        return ""
    if any(_is_watermarked(file, mark) for file in encoded.files if file.kind == "mp4"):
        return mark.hexadecimal
    if marks.is_watermark_needed:
        raise UnableToMark("The watermark does not read back.")
    logger.warning("The watermark of %s does not read back: too hard a pattern.", claim.video_id)
    return ""


def _is_watermarked(file: EncodedFile, mark: Mark) -> bool:
    """Whether the mark is found as in anybody's copy, in as few pictures as show it."""
    for count in READ_BACK_FRAMES:
        frames = (sample.frame for sample in islice(every_frame(file.path), count))
        found = detect(frames, [mark.key], is_untouched=True)
        if found is not None and found.number == mark.number:
            return True
    return False


def _check_aigc(file: EncodedFile, aigc: str | None) -> None:
    read = read_picture_aigc if file.kind in PICTURE_KINDS else read_aigc
    if read(file.path) != (json.loads(aigc) if aigc else None):
        raise UnableToMark(f"The AIGC key of {file.name} does not read back.")


def _described(file: EncodedFile) -> ProducedFile:
    with file.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return ProducedFile(
        kind=file.kind,
        name=file.name,
        path=file.path,
        content_type=file.content_type,
        sha256=digest,
        size_bytes=file.path.stat().st_size,
    )
