"""From a stranger's file to a stored, marked video on the road to be judged."""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from clips.authority import authority
from clips.models import Origin, Provenance, Rendition, RenditionKind, Watermark
from clips.services import store_video, stored_rendition, submit_rendered
from clips.watermarks import new_mark, record_watermark, watermark_keys
from common.errors import NotFound, ReverieError
from common.ids import public_id
from common.states import UnableToMove
from common.storage import UnableToReachStore
from common.transitions import move
from uploads.models import Upload
from uploads.processing.lease import Lease, LeaseLost, claim, kept
from uploads.processing.originals import WORKSHOP_PREFIX, fetched, forget_originals, workshop
from uploads.states import COMPLETED, FAILED, UPLOAD_STATES
from video.aigc import LONGEST_FIELD, aigc_value
from video.decoding import Bounds
from video.detection import WatermarkReading, detect
from video.frames import Frame
from video.intake import Allowance, Intake, examine, pictures_of
from video.production import Marks, Production, produce
from video.provenance import Claim, Parent
from video.signs import LABELS, Sign, Standing, signs_in, source_type_of, standing_of
from video.sounds import Footage
from video.watermark import Mark

PRODUCER = "Reverie"
SAMPLED, EVERY_OTHER = 24, 2
PARENT_TITLE = "The file as it was uploaded"
BURNT_IN: frozenset[Standing] = frozenset({"generated", "declared"})
"""Who gets the label in the pixels: a suspicion may be taken back, a pixel can not."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Verdict:
    """Where a file comes from, as far as can be told, and the mark its video is to get."""

    signs: tuple[Sign, ...]
    standing: Standing
    source_type: str
    mark: Mark | None


class OriginalLost(NotFound):
    """The file as it came is not there any more."""

    code = "original_lost"


def process(upload_id: UUID) -> None:
    """Make the upload's video and post it; nothing when it does not wait.

    A lost lease or a deleted upload ends the work quietly, an outage ends it loudly (the lease
    runs out and the upload is processed again); any other failure is the upload's end, told to
    its owner.
    """
    lease = claim(upload_id)
    if lease is None:
        return
    try:
        with (
            kept(lease),
            tempfile.TemporaryDirectory(dir=workshop(), prefix=WORKSHOP_PREFIX) as folder,
        ):
            _process(lease, Path(folder))
    except (LeaseLost, UnableToMove):
        logger.info("Upload %s was taken away; stopped.", upload_id)
    except (DatabaseError, UnableToReachStore):
        raise
    except ReverieError as error:
        logger.info("Upload %s failed: %s", upload_id, error.code)
        _fail(lease, code=error.code, message=error.message)
    except Exception:
        logger.exception("Upload %s failed.", upload_id)
        _fail(lease, code="server_error", message="Something went wrong on our side. Try again.")


def _process(lease: Lease, folder: Path) -> None:
    path = fetched(lease.upload, folder)
    if path is None:
        raise OriginalLost("The file got lost on our side. Upload it again.")
    intake = examine(
        path,
        folder=folder,
        root_certificate_pem=authority().root_certificate_pem,
        allowance=_allowance(),
        while_waiting=lease.check,
    )
    verdict = _verdict(lease, intake)
    production = _production(lease, intake, verdict, folder / "video")
    _finish(lease, production, [stored_rendition(file) for file in production.files], verdict)


def _verdict(lease: Lease, intake: Intake) -> _Verdict:
    """What the file and its owner say of where it comes from."""
    reading = _watermark_in(lease, intake)
    known = Watermark.objects.filter(number=reading.number).first() if reading else None
    says_ai = known is not None and known.provenance == Provenance.GENERATED
    signs = signs_in(intake, watermark=reading.hexadecimal if reading and says_ai else "")
    standing = standing_of(signs, is_declared=lease.upload.is_declared)
    return _Verdict(
        signs=tuple(signs),
        standing=standing,
        source_type=source_type_of(intake, standing),
        # What carries one of ours already gets no second: two would blur each other.
        mark=None if known else new_mark(),
    )


def _watermark_in(lease: Lease, intake: Intake) -> WatermarkReading | None:
    """One of our own marks in the first seconds."""
    pictures = pictures_of(
        intake, allowance=_allowance(), every=EVERY_OTHER, while_waiting=lease.check
    )
    return detect(islice(pictures, SAMPLED), watermark_keys())


def _allowance() -> Allowance:
    return Allowance(bounds=Bounds(max_seconds=settings.UPLOAD_SECONDS))


def _production(lease: Lease, intake: Intake, verdict: _Verdict, folder: Path) -> Production:
    width, height = intake.size
    footage = Footage(_pictures(lease, intake), intake.sound)
    return produce(
        footage,
        frames_per_second=float(intake.frames_per_second),
        width=width,
        height=height,
        folder=folder,
        authority=authority(),
        claim=_claim(lease.upload, intake, verdict),
        marks=Marks(
            watermark=verdict.mark,
            is_watermark_needed=False,
            is_labelled=verdict.standing in BURNT_IN,
            aigc=_aigc(lease.upload, intake, verdict.standing),
        ),
    )


def _pictures(lease: Lease, intake: Intake) -> Iterator[Frame]:
    for picture in pictures_of(intake, allowance=_allowance(), while_waiting=lease.check):
        lease.check()
        yield picture


def _claim(upload: Upload, intake: Intake, verdict: _Verdict) -> Claim:
    """The file as it came is named as the parent; its own manifest is kept inside the new one."""
    return Claim(
        video_id=public_id("video", upload.pk),
        title=public_id("video", upload.pk),
        engine="",
        version=settings.VERSION,
        created_at=timezone.now(),
        source_type=verdict.source_type,
        parent=Parent(intake.path, PARENT_TITLE),
    )


def _aigc(upload: Upload, intake: Intake, standing: Standing) -> str | None:
    """The `AIGC` key: the file's own producer if it names one, and us as who spreads it."""
    if standing not in LABELS:
        return None
    own = intake.aigc or {}
    return aigc_value(
        producer=own.get("ContentProducer", "")[:LONGEST_FIELD],
        produce_id=own.get("ProduceID", "")[:LONGEST_FIELD],
        propagator=PRODUCER,
        propagate_id=public_id("video", upload.pk),
        label=LABELS[standing],
    )


def _finish(
    lease: Lease,
    production: Production,
    renditions: Sequence[Rendition],
    verdict: _Verdict,
) -> None:
    """Record the video, end the upload and post the clip: all of it, or nothing.

    The video has its upload's id, so that a second finish can not make a second video.
    """
    upload, now = lease.upload, timezone.now()
    with transaction.atomic():
        video = store_video(
            renditions,
            pk=upload.pk,
            owner_id=upload.owner_id,
            origin=Origin.UPLOADED,
            digest=next(file.digest for file in renditions if file.kind == RenditionKind.MP4),
            width=production.width,
            height=production.height,
            frame_count=production.frame_count,
            duration_seconds=production.duration_seconds,
            provenance=Provenance(verdict.standing),
            digital_source_type=verdict.source_type,
        )
        if verdict.mark is not None:
            record_watermark(verdict.mark, video=video, now=now)
        _end(
            lease,
            to=COMPLETED,
            video=video,
            provenance=Provenance(verdict.standing),
            signs=[asdict(sign) for sign in verdict.signs],
        )
        submit_rendered(
            video,
            caption=upload.caption,
            hashtags=upload.hashtags,
            privacy=upload.privacy,
            now=now,
        )


def _fail(lease: Lease, *, code: str, message: str) -> None:
    with suppress(UnableToMove):
        _end(lease, to=FAILED, note=code, error_code=code, error_message=message)


def _end(lease: Lease, *, to: str, note: str = "", **changes: Any) -> None:
    now = timezone.now()
    with transaction.atomic():
        move(
            lease.upload,
            states=UPLOAD_STATES,
            to=to,
            now=now,
            note=note,
            only_if={"lease_token": lease.token},
            completed_at=now,
            lease_token=None,
            lease_until=None,
            **changes,
        )
        transaction.on_commit(forget_originals, robust=True)
