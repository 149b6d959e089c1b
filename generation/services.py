"""What a person asks of generation: a video, and to be rid of one."""

import logging
import secrets
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.models import Role, User
from accounts.services import require_good_standing
from clips.models import Privacy, Video
from clips.selectors import remixable_video
from clips.services import checked_caption, checked_hashtags, erase_video
from common.errors import Denied, Invalid, TooMany
from common.transitions import move
from generation.engines.port import EngineDescription, PictureUse
from generation.models import InputPicture, Job
from generation.motion import MotionSpec, as_json
from generation.orders import Order, Posting
from generation.pictures import FIELD, fitted_picture
from generation.selectors import (
    engine_description,
    job_for,
    prompt_reading,
    remix_order,
    unfinished_count,
)
from generation.states import DELETED, JOB_STATES, QUEUED
from generation.tasks import render
from moderation.services.words import screen_caption, screen_prompt

MAX_PROMPT_LENGTH = 4000
MAX_SEED = 2**63 - 1
BUSY_RETRY_SECONDS = 10

logger = logging.getLogger(__name__)


class TooManyJobs(TooMany):
    """The person has as many jobs waiting or running as one person may."""


def request_generation(owner: User, order: Order, *, now: datetime) -> Job:
    """Queue a video for `owner`, if they may, policy allows it and there is room.

    The prompt is judged before anything is stored.  Raises Denied, AccountPaused, PromptRefused,
    Invalid (with the field), UnableToTakePicture, TooManyJobs, and for a remix NotFound and
    NoRemix.
    """
    if owner.role == Role.VIEWER:
        raise Denied("Your account can watch; ask an admin to let you create.")
    require_good_standing(owner, now=now)
    engine = engine_description(order.model)
    parent = remixable_video(owner, order.remix_of) if order.remix_of else None
    asked = {**_checked(order, engine), **_posting(order.posting)}
    job = Job(owner=owner, parent=parent, engine=engine.id, **asked)
    picture = _picture(order.picture, engine, width=job.width, height=job.height)
    job.begins_with_picture = picture is not None
    screen_prompt(owner=owner, prompt=job.prompt, negative_prompt=job.negative_prompt, now=now)
    if job.caption:
        screen_caption(author=owner, text=job.caption, now=now)
    with transaction.atomic():
        _take_place_in_queue(owner)
        job.save(force_insert=True)
        if picture is not None:
            InputPicture.objects.create(job=job, data=picture)
        job.events.create(from_state="", to_state=QUEUED, actor=owner, at=now)
        transaction.on_commit(ring)
    return job


def request_remix(owner: User, parent: Video, order: Order, *, now: datetime) -> Job:
    """Queue a remix of `parent`: what `order` leaves open is as it was there, if it is offered.

    Raises what `request_generation` does.
    """
    return request_generation(owner, remix_order(parent, order), now=now)


def delete_job(owner: User, job_id: UUID, *, now: datetime) -> None:
    """Take a job away: a waiting one is not begun, a running one stops within one step.

    The video it made goes with it, and so does the clip posted from that.  Raises NotFound.
    """
    job = job_for(owner, job_id)
    with transaction.atomic():
        move(
            job,
            states=JOB_STATES,
            to=DELETED,
            now=now,
            actor=owner,
            lease_token=None,
            lease_until=None,
        )
        # Read again: the job may have been completed between the look and the move.
        job.refresh_from_db(fields=["video"])
        if job.video is not None:
            erase_video(job.video, actor=owner, now=now)


def ring() -> None:
    """Tell the render workers that something waits; when nobody hears it, the sweep rings."""
    try:
        render.delay()
    except OperationalError:
        logger.warning("The queue is down; the job waits in its table until the sweep rings.")


def _take_place_in_queue(owner: User) -> None:
    # The row lock makes two requests of one person count one after the other.
    User.objects.select_for_update().get(pk=owner.pk)
    if unfinished_count(owner) >= settings.JOBS_PER_USER:
        raise TooManyJobs(
            f"You have {settings.JOBS_PER_USER} videos in the making; wait for one or delete it.",
            retry_after_seconds=BUSY_RETRY_SECONDS,
        )


def _posting(posting: Posting | None) -> dict[str, object]:
    if posting is None:
        return {}
    if posting.privacy not in Privacy.values:
        raise Invalid(f"Privacy is one of {', '.join(Privacy.values)}.", field="privacy")
    return {
        "is_to_be_posted": True,
        "caption": checked_caption(posting.caption),
        "hashtags": checked_hashtags(posting.hashtags),
        "privacy": posting.privacy,
    }


def _checked(order: Order, engine: EngineDescription) -> dict[str, object]:
    width, height = _size(order.size, engine)
    return {
        "prompt": _text(order.prompt, field_name="prompt", is_required=True),
        "negative_prompt": _text(order.negative_prompt, field_name="negative_prompt"),
        "seconds": _seconds(order.seconds, engine),
        "width": width,
        "height": height,
        "seed": _seed(order.seed),
        "inference_steps": _steps(order.inference_steps, engine),
        "guidance_scale": _guidance(order.guidance_scale, engine),
        "motion": _motion(order.motion, engine),
        "reading": prompt_reading(order.prompt, engine),
    }


def _text(text: str, *, field_name: str, is_required: bool = False) -> str:
    text = text.strip()
    if is_required and not text:
        raise Invalid("Say what the video is to show.", code="empty_prompt", field=field_name)
    if len(text) > MAX_PROMPT_LENGTH:
        raise Invalid(
            f"Use at most {MAX_PROMPT_LENGTH} characters; these are {len(text)}.",
            code="string_above_max_length",
            field=field_name,
        )
    if "\x00" in text:
        raise Invalid("Text can not hold a NUL character.", field=field_name)
    return text


def _size(size: str | None, engine: EngineDescription) -> tuple[int, int]:
    if size is None:
        return engine.sizes[0]
    offered = {f"{width}x{height}": (width, height) for width, height in engine.sizes}
    with suppress(KeyError):
        return offered[size]
    raise Invalid(f"Size {size!r} is not offered. Use one of {', '.join(offered)}.", field="size")


def _seconds(seconds: str | None, engine: EngineDescription) -> str:
    if seconds is None:
        return next(iter(engine.lengths))
    if seconds in engine.lengths:
        return seconds
    offered = ", ".join(engine.lengths)
    raise Invalid(f"{seconds!r} seconds is not offered. Use one of {offered}.", field="seconds")


def _picture(
    data: bytes | None, engine: EngineDescription, *, width: int, height: int
) -> bytes | None:
    if data is None:
        if engine.picture is PictureUse.REQUIRED:
            raise Invalid("This model begins with a picture: send one.", field=FIELD)
        return None
    if not engine.takes_picture:
        told = "This model makes videos from words only."
        raise Invalid(told, code="unsupported_parameter", field=FIELD)
    return fitted_picture(data, width=width, height=height)


def _motion(motion: MotionSpec | None, engine: EngineDescription) -> dict[str, object] | None:
    if motion is None:
        return None
    if not engine.follows_boxes:
        raise Invalid("This model follows no boxes.", code="unsupported_parameter", field="motion")
    return as_json(motion)


def _seed(seed: int | None) -> int:
    if seed is None:
        return secrets.randbelow(2**31)
    if not 0 <= seed <= MAX_SEED:
        raise Invalid(f"A seed is a whole number from 0 to {MAX_SEED}.", field="seed")
    return seed


def _steps(steps: int | None, engine: EngineDescription) -> int:
    if steps is None:
        return engine.inference_steps
    if not 1 <= steps <= engine.max_inference_steps:
        raise Invalid(f"Steps are 1 to {engine.max_inference_steps}.", field="num_inference_steps")
    return steps


def _guidance(scale: float | None, engine: EngineDescription) -> float:
    if scale is None:
        return engine.guidance_scale
    if not 0.0 <= scale <= 30.0:  # noqa: PLR2004 - beyond it every model saturates
        raise Invalid("Guidance is a number from 0 to 30.", field="guidance_scale")
    return scale
