"""What the API says of a file that was verified."""

from rest_framework import serializers

from clips.models import Provenance


class VerifyAddressSerializer(serializers.Serializer[object]):
    """A clip or file of ours, instead of an upload."""

    url = serializers.CharField(max_length=500)


class VerifyFileSerializer(serializers.Serializer[object]):
    """A file to be looked at; it is not kept."""

    file = serializers.FileField()


class ManifestSerializer(serializers.Serializer[object]):
    """The C2PA manifest; what it says is worth no more than its `state`."""

    state = serializers.ChoiceField(choices=["trusted", "valid", "invalid", "none"])
    is_ai_generated = serializers.BooleanField()
    source_type = serializers.CharField()
    generator = serializers.CharField()
    issuer = serializers.CharField()
    engine = serializers.CharField()
    video_id = serializers.CharField()
    watermark = serializers.CharField()
    timestamped_at = serializers.CharField(allow_null=True)


class FoundWatermarkSerializer(serializers.Serializer[object]):
    """A watermark of this deployment, read from the pixels."""

    id = serializers.CharField()
    key = serializers.CharField()
    confidence = serializers.FloatField()
    scale = serializers.FloatField()
    is_mirrored = serializers.BooleanField()


class MadeHereSerializer(serializers.Serializer[object]):
    """Our own record."""

    made_at = serializers.DateTimeField()
    engine = serializers.CharField()
    provenance = serializers.ChoiceField(choices=Provenance.choices)
    is_deleted = serializers.BooleanField()
    clip_url = serializers.CharField(allow_null=True)


class VerificationSerializer(serializers.Serializer[object]):
    """What a file is, as far as can be told."""

    kind = serializers.ChoiceField(choices=["video", "picture"])
    manifest = ManifestSerializer()
    aigc = serializers.DictField(child=serializers.CharField(), allow_null=True)
    watermark = FoundWatermarkSerializer(allow_null=True)
    record_found_by = serializers.ChoiceField(choices=["watermark", "manifest", ""])
    made_here = MadeHereSerializer(allow_null=True)
