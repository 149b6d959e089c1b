"""The shape of an upload on the wire, in and out."""

from typing import Any

from rest_framework import serializers

from clips.models import Privacy, Provenance
from uploads.models import Upload
from uploads.orders import UploadOrder
from uploads.states import DELETED, UPLOAD_STATES

YES_OR_NO = [("yes", "yes"), ("no", "no")]


class UploadRequestSerializer(serializers.Serializer[Any]):
    """A video file, and what its owner says of it."""

    file = serializers.FileField(help_text="MP4, MOV or WebM.", allow_empty_file=True)
    ai = serializers.ChoiceField(
        choices=YES_OR_NO, help_text="Whether it was made or changed with AI."
    )
    tool = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=120, help_text="With which tool."
    )
    caption = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    hashtags = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=1500,
        help_text="Separated by spaces or commas.",
    )
    privacy = serializers.ChoiceField(choices=Privacy.choices, default=Privacy.PUBLIC)

    def order(self) -> UploadOrder:
        """The request in the words of the service."""
        data = self.validated_data
        return UploadOrder(
            is_declared=data["ai"] == "yes",
            tool=data["tool"],
            caption=data["caption"],
            hashtags=data["hashtags"].replace(",", " ").split(),
            privacy=data["privacy"],
        )


class SignSerializer(serializers.Serializer[Any]):
    """Something in the file that says AI."""

    found_in = serializers.ChoiceField(choices=["c2pa", "aigc", "watermark", "metadata"])
    says = serializers.CharField()
    is_certain = serializers.BooleanField()


class UploadErrorSerializer(serializers.Serializer[Any]):
    """Why it failed."""

    code = serializers.CharField()
    message = serializers.CharField()


class UploadSerializer(serializers.Serializer[Any]):
    """An upload, for its owner."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=sorted(UPLOAD_STATES.states - {DELETED}))
    name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    caption = serializers.CharField()
    hashtags = serializers.ListField(child=serializers.CharField())
    privacy = serializers.ChoiceField(choices=Privacy.choices)
    ai = serializers.ChoiceField(choices=YES_OR_NO)
    tool = serializers.CharField()
    provenance = serializers.ChoiceField(
        choices=Provenance.choices, allow_null=True, help_text="Null until it is completed."
    )
    signs = SignSerializer(many=True)
    error = UploadErrorSerializer(allow_null=True)
    clip_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)


def upload_object(upload: Upload) -> dict[str, Any]:
    """`upload` as `UploadSerializer` describes it."""
    clip = getattr(upload.video, "clip", None)
    error = {"code": upload.error_code, "message": upload.error_message}
    return {
        "id": upload.pk,
        "status": upload.state,
        "name": upload.name,
        "size_bytes": upload.size_bytes,
        "caption": upload.caption,
        "hashtags": upload.hashtags,
        "privacy": upload.privacy,
        "ai": "yes" if upload.is_declared else "no",
        "tool": upload.tool,
        "provenance": upload.provenance or None,
        "signs": upload.signs,
        "error": error if upload.error_code else None,
        "clip_id": clip.pk if clip else None,
        "created_at": upload.created_at,
        "completed_at": upload.completed_at,
    }
