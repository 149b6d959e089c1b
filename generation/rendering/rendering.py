"""From a queued job to a stored, marked video: what a render worker does."""

import hashlib
import logging
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from numpy.typing import NDArray

from clips.authority import authority
from clips.models import Provenance, Rendition, RenditionKind
from clips.services import store_video, stored_rendition, submit_rendered
from clips.watermarks import new_mark, record_watermark
from common.errors import ReverieError
from common.ids import public_id
from common.states import UnableToMove
from common.transitions import move
from generation.engines.port import Rendered, RenderingStopped, RenderRequest
from generation.engines.registry import load_engine
from generation.models import InputPicture, Job
from generation.motion import motion_spec
from generation.pictures import pixels_of
from generation.rendering.lease import Lease, claim_next, kept
from generation.states import COMPLETED, FAILED, JOB_STATES
from moderation.services.pictures import screen_picture
from moderation.services.words import screen_job_prompt
from video.production import Marks, Production, produce
from video.provenance import TRAINED, Claim
from video.watermark import Mark

RENDERED_PERCENT = 90
ENCODED_PERCENT = 99

logger = logging.getLogger(__name__)


def render_next() -> None:
    """Make the video that has waited longest, if one waits.

    A lost lease or a deleted job ends the work quietly, a database that is away ends it loudly
    (the lease runs out and the job is made again); any other failure is the job's end, told to
    its owner.
    """
    lease = claim_next()
    if lease is None:
        return
    try:
        with kept(lease):
            _render(lease)
    except (RenderingStopped, UnableToMove):
        logger.info("Job %s was taken away; stopped.", lease.job.pk)
    except DatabaseError:
        raise
    except ReverieError as error:
        logger.warning("Job %s failed: %s", lease.job.pk, error.code)
        _fail(lease, code=error.code, message=error.message)
    except Exception:
        logger.exception("Job %s failed.", lease.job.pk)
        _fail(lease, code="server_error", message="Something went wrong on our side. Try again.")


def _render(lease: Lease) -> None:
    _screen_words(lease.job)
    picture = _screened_picture(lease)
    rendered = _frames(lease, picture)
    lease.report(RENDERED_PERCENT)
    mark = new_mark()
    with tempfile.TemporaryDirectory(dir=_workshop(), prefix="render-") as folder:
        production = _production(lease.job, rendered, Path(folder), mark)
        renditions = [stored_rendition(file) for file in production.files]
    lease.report(ENCODED_PERCENT)
    _finish(lease, production, renditions, mark)


def _screen_words(job: Job) -> None:
    """Have the words judged in full before they cost GPU time.  Raises PromptRefused."""
    screen_job_prompt(
        owner=job.owner,
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        posted={"caption": job.caption, "hashtags": " ".join(job.hashtags)},
        now=timezone.now(),
    )


def _screened_picture(lease: Lease) -> NDArray[np.uint8] | None:
    """What the video begins with, judged before it costs GPU time.  Raises PictureRefused."""
    job = lease.job
    if not job.begins_with_picture:
        return None
    data = bytes(InputPicture.objects.get(job=job).data)
    pixels = pixels_of(data)
    digest = hashlib.sha256(data).hexdigest()
    screen_picture(owner=job.owner, pixels=pixels, digest=digest, clock=timezone.now)
    return pixels


def _frames(lease: Lease, picture: NDArray[np.uint8] | None) -> Rendered:
    job = lease.job
    request = RenderRequest(
        prompt=job.prompt,
        negative_prompt=job.negative_prompt,
        seed=job.seed,
        seconds=job.seconds,
        width=job.width,
        height=job.height,
        inference_steps=job.inference_steps,
        guidance_scale=job.guidance_scale,
        motion=motion_spec(job.motion) if job.motion else None,
        picture=picture,
    )
    engine = load_engine(job.engine, file=settings.ENGINES_FILE)
    return engine.render(
        request, on_step=lambda done, total: lease.report(done * RENDERED_PERCENT // total)
    )


def _workshop() -> Path:
    folder: Path = settings.REVERIE_DATA / "workshop"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _production(job: Job, rendered: Rendered, folder: Path, mark: Mark) -> Production:
    claim = Claim(
        video_id=public_id("video", job.pk),
        title=public_id("video", job.pk),
        engine=job.engine,
        version=settings.VERSION,
        created_at=timezone.now(),
    )
    return produce(
        rendered.frames,
        frames_per_second=rendered.frames_per_second,
        width=job.width,
        height=job.height,
        folder=folder,
        authority=authority(),
        claim=claim,
        marks=Marks(watermark=mark),
    )


def _finish(
    lease: Lease, production: Production, renditions: Sequence[Rendition], mark: Mark
) -> None:
    """Record the video, end the job and post the clip: all of it, or nothing.

    The video has its job's id, so that a second finish can not make a second video.
    """
    job, now = lease.job, timezone.now()
    with transaction.atomic():
        video = store_video(
            renditions,
            pk=job.pk,
            owner_id=job.owner_id,
            parent_id=job.parent_id,
            prompt=job.prompt,
            engine=job.engine,
            seed=job.seed,
            digest=next(file.digest for file in renditions if file.kind == RenditionKind.MP4),
            width=production.width,
            height=production.height,
            frame_count=production.frame_count,
            duration_seconds=production.duration_seconds,
            provenance=Provenance.GENERATED,
            digital_source_type=TRAINED,
            is_from_words=not job.begins_with_picture,
        )
        record_watermark(mark, video=video, now=now)
        move(
            job,
            states=JOB_STATES,
            to=COMPLETED,
            now=now,
            only_if={"lease_token": lease.token},
            video=video,
            progress=100,
            completed_at=now,
            lease_token=None,
            lease_until=None,
        )
        if job.is_to_be_posted:
            submit_rendered(
                video,
                caption=job.caption,
                hashtags=job.hashtags,
                privacy=job.privacy,
                now=now,
            )


def _fail(lease: Lease, *, code: str, message: str) -> None:
    now = timezone.now()
    with suppress(UnableToMove):
        move(
            lease.job,
            states=JOB_STATES,
            to=FAILED,
            now=now,
            note=code,
            only_if={"lease_token": lease.token},
            error_code=code,
            error_message=message,
            completed_at=now,
            lease_token=None,
            lease_until=None,
        )
