"""`/v1/`: the Videos API as the stock `openai` SDK speaks it."""

import json
import time
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.models import User
from clips.models import RenditionKind
from clips.selectors import clip_for, remixable_video, rendition_of
from common.downloads import stored_file
from common.errors import Conflict, Invalid, NotFound
from common.ids import parse_public_id
from common.objects import store
from common.parsers import JSONParser
from generation import serializers, services
from generation.models import Job
from generation.selectors import engine_description, job_for, job_page, offered_engines
from generation.states import COMPLETED, UNFINISHED

POLL_AFTER_MILLISECONDS = 500
MAX_PAGE = 100
STREAM_SECONDS = 50.0
LOOK_SECONDS = 0.4
# Each open stream holds one of the web server's threads.
OPEN_STREAMS = BoundedSemaphore(12)

VARIANTS = {
    "video": (RenditionKind.MP4, "mp4"),
    "thumbnail": (RenditionKind.POSTER, "webp"),
    "spritesheet": (RenditionKind.SPRITESHEET, "jpg"),
}


class AnyContentNegotiation(BaseContentNegotiation):
    """Answers as the view does, whatever is asked for: a video is no JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The first parser: these views read no body."""
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer, which writes errors."""
        return renderers[0], renderers[0].media_type


class VideosAPIView(APIView):
    """A view of this dialect: its errors read as the SDK expects."""

    error_dialect: ClassVar[str] = "openai"

    @property
    def user(self) -> User:
        """The person asking; permissions have made sure there is one."""
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101 - told to the type checker
        return user


def _job_id(video_id: str) -> UUID:
    parsed = parse_public_id("video", video_id)
    if parsed is None:
        raise NotFound("There is no such video.")
    return parsed


class VideosView(VideosAPIView):
    """All of a person's videos."""

    parser_classes = [JSONParser, MultiPartParser, FormParser]

    @extend_schema(
        operation_id="createVideo",
        request=serializers.VideoRequestSerializer,
        responses={200: serializers.VideoSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Ask for a video.  JSON or multipart; `Idempotency-Key` is honoured."""
        if not isinstance(request.data, dict):
            raise Invalid("The request is a JSON object.")
        form = serializers.VideoRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        job = services.request_generation(self.user, form.order(), now=timezone.now())
        job = job_for(self.user, job.pk)
        return Response(serializers.video_object(job), headers=_poll_headers(job))

    @extend_schema(
        operation_id="listVideos",
        parameters=[
            OpenApiParameter("after", str, description="List beyond this video."),
            OpenApiParameter("limit", int, description="1 to 100; 20 if not given."),
            OpenApiParameter("order", str, enum=["asc", "desc"]),
        ],
        responses={200: serializers.VideoListSerializer},
    )
    def get(self, request: Request) -> Response:
        """List one's own videos, newest first unless `order=asc`."""
        query = request.query_params
        order = query.get("order", "desc")
        if order not in {"asc", "desc"}:
            raise Invalid("`order` is asc or desc.", field="order")
        after = query.get("after")
        jobs, has_more = job_page(
            self.user,
            after=_job_id(after) if after else None,
            limit=_limit(query.get("limit", "20")),
            is_ascending=order == "asc",
        )
        return Response(serializers.video_list(jobs, has_more=has_more))


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_PAGE):
        raise Invalid(f"`limit` is a whole number from 1 to {MAX_PAGE}.", field="limit")
    return int(text)


def _poll_headers(job: Job) -> dict[str, str]:
    return {"openai-poll-after-ms": str(POLL_AFTER_MILLISECONDS)} if _is_running(job) else {}


def _is_running(job: Job) -> bool:
    return job.state in UNFINISHED


class VideoView(VideosAPIView):
    """One video."""

    @extend_schema(operation_id="retrieveVideo", responses={200: serializers.VideoSerializer})
    def get(self, _request: Request, video_id: str) -> Response:
        """How far the video is."""
        job = job_for(self.user, _job_id(video_id))
        return Response(serializers.video_object(job), headers=_poll_headers(job))

    @extend_schema(operation_id="deleteVideo", responses={200: serializers.VideoDeletedSerializer})
    def delete(self, _request: Request, video_id: str) -> Response:
        """Delete the video; one in the making stops within one step."""
        services.delete_job(self.user, _job_id(video_id), now=timezone.now())
        return Response({"id": video_id, "object": "video.deleted", "deleted": True})


class VideoRemixView(VideosAPIView):
    """Videos that begin with another."""

    parser_classes = [JSONParser, MultiPartParser, FormParser]

    @extend_schema(
        operation_id="remixVideo",
        request=serializers.VideoRequestSerializer,
        responses={200: serializers.VideoSerializer},
    )
    @idempotent()
    def post(self, request: Request, video_id: str) -> Response:
        """Ask for a video like this one, with other words.

        A video of mine (`video_…`), or a clip I may see whose author allows it (`clip_…`, its id
        in hex).  What is not said is as it was there; the seed is a new one.
        """
        if not isinstance(request.data, dict):
            raise Invalid("The request is a JSON object.")
        form = serializers.VideoRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        parent = remixable_video(self.user, _remixed_id(self.user, video_id))
        now = timezone.now()
        job = services.request_remix(self.user, parent, form.order(), now=now)
        job = job_for(self.user, job.pk)
        return Response(serializers.video_object(job), headers=_poll_headers(job))


def _remixed_id(viewer: User, video_id: str) -> UUID:
    clip_id = parse_public_id("clip", video_id)
    return clip_for(viewer, clip_id).video_id if clip_id else _job_id(video_id)


class VideoContentView(VideosAPIView):
    """The files of one's own video; others see it as a clip, once it is published."""

    content_negotiation_class = AnyContentNegotiation

    @extend_schema(
        operation_id="downloadVideoContent",
        parameters=[OpenApiParameter("variant", str, enum=list(VARIANTS))],
        responses={(200, "video/mp4"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, video_id: str) -> HttpResponseBase:
        """The MP4 (with byte ranges), the thumbnail or the spritesheet."""
        variant = request.query_params.get("variant", "video")
        if variant not in VARIANTS:
            raise Invalid(f"`variant` is one of {', '.join(VARIANTS)}.", field="variant")
        job = job_for(self.user, _job_id(video_id))
        if job.state != COMPLETED or job.video is None:
            raise Conflict("This video is not finished; ask again when it is completed.")
        kind, suffix = VARIANTS[variant]
        rendition = rendition_of(job.video, kind)
        return stored_file(
            request._request,  # noqa: SLF001 - the Django request below DRF's
            store(),
            key=rendition.digest,
            size_bytes=rendition.size_bytes,
            content_type=rendition.content_type,
            filename=f"{video_id}.{suffix}",
        )


class VideoEventsView(VideosAPIView):
    """The progress of one video as Server-Sent Events."""

    content_negotiation_class = AnyContentNegotiation

    @extend_schema(
        operation_id="streamVideoEvents",
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
    )
    def get(self, _request: Request, video_id: str) -> HttpResponseBase:
        """The video object at every change, until it is finished.

        The stream ends after 50 seconds at the latest; the browser then asks again by itself.
        """
        job = job_for(self.user, _job_id(video_id))
        stream = StreamingHttpResponse(_events(self.user, job.pk), content_type="text/event-stream")
        stream["Cache-Control"] = "no-store"
        stream["X-Accel-Buffering"] = "no"
        return stream


def _events(owner: User, job_id: UUID) -> Iterator[bytes]:
    """The stream; when too many are open, one event, and the browser asks again in a second."""
    yield b"retry: 1000\n\n"
    is_kept_open = OPEN_STREAMS.acquire(blocking=False)
    end = time.monotonic() + (STREAM_SECONDS if is_kept_open else 0.0)
    try:
        yield from _changes(owner, job_id, end=end)
    finally:
        if is_kept_open:
            OPEN_STREAMS.release()
        connection.close()


def _changes(owner: User, job_id: UUID, *, end: float) -> Iterator[bytes]:
    last = ""
    while True:
        try:
            job = job_for(owner, job_id)
        except NotFound:
            yield b"event: deleted\ndata: {}\n\n"
            return
        shown = json.dumps(serializers.video_object(job))
        # A comment where nothing is new: writing is how a reader who left is noticed.
        yield f"event: progress\ndata: {shown}\n\n".encode() if shown != last else b":\n\n"
        last = shown
        if not _is_running(job):
            yield b"event: end\ndata: {}\n\n"
            return
        if time.monotonic() >= end:
            return
        time.sleep(LOOK_SECONDS)


class ModelsView(VideosAPIView):
    """The engines of this deployment."""

    @extend_schema(operation_id="listModels", responses={200: serializers.ModelListSerializer})
    def get(self, _request: Request) -> Response:
        """Every engine a video can be made with."""
        data = [serializers.model_object(engine) for engine in offered_engines()]
        return Response({"object": "list", "data": data})


class ModelView(VideosAPIView):
    """One engine."""

    @extend_schema(operation_id="retrieveModel", responses={200: serializers.ModelSerializer})
    def get(self, _request: Request, model_id: str) -> Response:
        """One engine by its id."""
        if model_id not in {engine.id for engine in offered_engines()}:
            raise NotFound(f"There is no model {model_id!r} here.", code="model_not_found")
        return Response(serializers.model_object(engine_description(model_id)))
