"""The Videos API's shapes, in and out."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clips.models import Privacy
from common.errors import Invalid
from common.ids import public_id
from generation.engines.port import EngineDescription, PictureUse
from generation.models import Job
from generation.motion import motion_spec
from generation.orders import Order, Posting
from generation.pictures import FIELD, MOST_BYTES
from generation.selectors import queue_position
from generation.states import FAILED

DATA_URL = re.compile(r"data:image/(png|jpeg|jpg|webp);base64,", re.ASCII | re.IGNORECASE)
FOLDED = re.compile(r"(\w{1,40})\[(\w{1,40})\](\[\])?", re.ASCII)
UNSUPPORTED = {
    "characters": "This model knows no characters.",
    "num_frames": "The number of frames follows from `seconds`.",
    "fps": "The frame rate follows from `seconds`.",
    "flow_shift": "This model has no such setting.",
    "lora": "This model takes no adapters.",
    "extra_params": "This model takes no further settings.",
}


class PostSerializer(serializers.Serializer[Any]):
    """How to post the video once it is made."""

    caption = serializers.CharField(allow_blank=True, default="", max_length=500)
    hashtags = serializers.ListField(
        child=serializers.CharField(max_length=61), default=list, max_length=20
    )
    privacy = serializers.ChoiceField(choices=Privacy.choices, default=Privacy.PUBLIC)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "binary"},
            {
                "type": "object",
                "properties": {"image_url": {"type": "string", "format": "uri"}},
                "required": ["image_url"],
            },
        ]
    }
)
class InputReferenceField(serializers.Field[bytes, Any, Any, Any]):
    """The picture a video begins with: a file in a form, or `{"image_url": "data:image/…"}`.

    Only the bytes are taken from it; what kind of picture they are is found in them.
    """

    def to_internal_value(self, data: Any) -> bytes:
        """The bytes of the picture.  Raises Invalid."""
        if isinstance(data, UploadedFile):
            return bytes(data.read(MOST_BYTES + 1))
        given = data if isinstance(data, dict) else {}
        if "file_id" in given:
            raise self._refused("There are no files to name here: send the picture itself.")
        url = given.get("image_url")
        if not isinstance(url, str):
            raise self._refused('Send a picture as a file, or as {"image_url": "data:image/…"}.')
        found = DATA_URL.match(url)
        if found is None:
            raise self._refused(
                "Pictures are not fetched from elsewhere: send the picture itself, as a file or as "
                "a data: URL in base64."
            )
        try:
            return b64decode(url[found.end() :], validate=True)
        except ValueError as error:
            raise self._refused("The data: URL is no base64.") from error

    def to_representation(self, value: bytes) -> Any:
        """It is never shown."""
        raise NotImplementedError

    @staticmethod
    def _refused(message: str) -> Invalid:
        return Invalid(message, code="invalid_picture", field=FIELD)


class VideoRequestSerializer(serializers.Serializer[Any]):
    """A request to make a video, as the Videos API has it, and our extensions."""

    prompt = serializers.CharField(allow_blank=True)
    model = serializers.CharField(required=False, max_length=200)
    seconds = serializers.CharField(required=False, max_length=8)
    size = serializers.CharField(required=False, max_length=20)
    negative_prompt = serializers.CharField(required=False, allow_blank=True, default="")
    seed = serializers.IntegerField(required=False)
    num_inference_steps = serializers.IntegerField(required=False)
    guidance_scale = serializers.FloatField(required=False)
    width = serializers.IntegerField(required=False)
    height = serializers.IntegerField(required=False)
    post = PostSerializer(required=False)
    motion = serializers.JSONField(required=False)
    input_reference = InputReferenceField(required=False, allow_null=True)

    def to_internal_value(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The checked request; what no engine here can honour is refused, never ignored."""
        plain = _unfolded(data)
        for name, value in plain.items():
            if name in UNSUPPORTED and value not in (None, "", [], {}):
                raise Invalid(UNSUPPORTED[name], code="unsupported_parameter", field=name)
            if name not in self.fields and name not in UNSUPPORTED:
                raise Invalid(
                    f"There is no parameter {name!r}.", code="unknown_parameter", field=name
                )
        checked: dict[str, Any] = super().to_internal_value(plain)
        return checked

    def order(self) -> Order:
        """The request in the words of the service.  Raises Invalid for half a size."""
        data = self.validated_data
        post = data.get("post")
        return Order(
            prompt=data["prompt"],
            model=data.get("model"),
            negative_prompt=data["negative_prompt"],
            seconds=data.get("seconds"),
            size=_size(data),
            seed=data.get("seed"),
            inference_steps=data.get("num_inference_steps"),
            guidance_scale=data.get("guidance_scale"),
            posting=Posting(**post) if post is not None else None,
            motion=motion_spec(data["motion"]) if data.get("motion") is not None else None,
            picture=data.get("input_reference"),
        )


def _unfolded(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` as JSON would have it: a form spells an object `post[caption]`, `post[hashtags][]`.

    A form may also carry `post`, `motion` and `input_reference` as JSON in one field each.
    """
    if not isinstance(data, QueryDict):
        return dict(data)
    plain: dict[str, Any] = {}
    for name in data:
        folded = FOLDED.fullmatch(name)
        if folded is None:
            plain[name] = data[name]
        else:
            owner, part, is_list = folded.groups()
            value = data.getlist(name) if is_list else data[name]
            plain.setdefault(owner, {})[part] = value
    for name in ("post", "motion", FIELD):
        if isinstance(plain.get(name), str):
            plain[name] = _parsed(name, plain[name])
    return plain


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid(f"`{name}` is a JSON object.", field=name) from error


def _size(data: Mapping[str, Any]) -> str | None:
    given: str | None = data.get("size")
    width, height = data.get("width"), data.get("height")
    if width is None and height is None:
        return given
    if width is None or height is None:
        raise Invalid("Give both width and height, or `size`.", field="size")
    spelled = f"{width}x{height}"
    if given not in (None, spelled):
        raise Invalid("`size` and `width`/`height` disagree.", field="size")
    return spelled


class VideoErrorSerializer(serializers.Serializer[Any]):
    """Why a video failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class VideoSerializer(serializers.Serializer[Any]):
    """The Videos API's video object; what comes after `error` is ours.

    `begins_with_picture` tells that one was sent.  `understood` is what the model made of the
    prompt, in its own words, null where it can not tell.
    """

    id = serializers.CharField()
    object = serializers.CharField()
    model = serializers.CharField()
    status = serializers.ChoiceField(choices=["queued", "in_progress", "completed", "failed"])
    progress = serializers.IntegerField(min_value=0, max_value=100)
    created_at = serializers.IntegerField()
    completed_at = serializers.IntegerField(allow_null=True)
    expires_at = serializers.IntegerField(allow_null=True)
    prompt = serializers.CharField()
    size = serializers.CharField()
    seconds = serializers.CharField()
    remixed_from_video_id = serializers.CharField(allow_null=True)
    error = VideoErrorSerializer(allow_null=True)
    seed = serializers.IntegerField()
    queue_position = serializers.IntegerField(allow_null=True)
    clip_id = serializers.UUIDField(allow_null=True)
    begins_with_picture = serializers.BooleanField()
    motion = serializers.JSONField(allow_null=True)
    understood = serializers.CharField(allow_null=True)
    taken_for = serializers.DictField(child=serializers.CharField())
    ignored_words = serializers.ListField(child=serializers.CharField())


class VideoListSerializer(serializers.Serializer[Any]):
    """A page of videos."""

    object = serializers.CharField()
    data = VideoSerializer(many=True)  # type: ignore[assignment]
    first_id = serializers.CharField(allow_null=True)
    last_id = serializers.CharField(allow_null=True)
    has_more = serializers.BooleanField()


class VideoDeletedSerializer(serializers.Serializer[Any]):
    """The answer to a deletion."""

    id = serializers.CharField()
    object = serializers.CharField()
    deleted = serializers.BooleanField()


class ModelSerializer(serializers.Serializer[Any]):
    """One engine; `sizes`, `seconds` and `input_reference` (none, optional, required) are ours."""

    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    owned_by = serializers.CharField()
    sizes = serializers.ListField(child=serializers.CharField())
    seconds = serializers.ListField(child=serializers.CharField())
    input_reference = serializers.ChoiceField(choices=[use.value for use in PictureUse])


class ModelListSerializer(serializers.Serializer[Any]):
    """The engines offered."""

    object = serializers.CharField()
    data = ModelSerializer(many=True)  # type: ignore[assignment]


def video_object(job: Job) -> dict[str, Any]:
    """`job` as the Videos API shows it; times are unix seconds."""
    clip = getattr(job.video, "clip", None)
    return {
        "id": public_id("video", job.pk),
        "object": "video",
        "model": job.engine,
        "status": job.state,
        "progress": job.progress,
        "created_at": int(job.created_at.timestamp()),
        "completed_at": int(job.completed_at.timestamp()) if job.completed_at else None,
        "expires_at": None,
        "prompt": job.prompt,
        "size": f"{job.width}x{job.height}",
        "seconds": job.seconds,
        "remixed_from_video_id": public_id("video", job.parent_id) if job.parent_id else None,
        "error": _error(job),
        "seed": job.seed,
        "queue_position": queue_position(job),
        "clip_id": str(clip.pk) if clip else None,
        "begins_with_picture": job.begins_with_picture,
        "motion": job.motion,
        "understood": job.reading.get("understood"),
        "taken_for": dict(job.reading.get("taken_for", ())),
        "ignored_words": job.reading.get("ignored", []),
    }


def _error(job: Job) -> dict[str, str] | None:
    if job.state != FAILED:
        return None
    return {"code": job.error_code, "message": job.error_message}


def video_list(jobs: list[Job], *, has_more: bool) -> dict[str, Any]:
    """A page of `jobs` as the Videos API shows it."""
    data = [video_object(job) for job in jobs]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": has_more,
    }


def model_object(engine: EngineDescription) -> dict[str, Any]:
    """`engine` as `/v1/models` shows it."""
    return {
        "id": engine.id,
        "object": "model",
        "created": engine.created,
        "owned_by": engine.owned_by,
        "sizes": [f"{width}x{height}" for width, height in engine.sizes],
        "seconds": list(engine.lengths),
        "input_reference": engine.picture.value,
    }
