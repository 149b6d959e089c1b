"""People and keys as JSON."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import MAX_BIO_LENGTH, MAX_NAME_LENGTH, ApiKey, Role, User
from accounts.selectors import AgeBand, age_band, picture_url


class MeSerializer(serializers.Serializer[User]):
    """The person who asks, as only they see themselves."""

    handle = serializers.CharField(read_only=True)
    email = serializers.EmailField(read_only=True)
    display_name = serializers.CharField(
        max_length=MAX_NAME_LENGTH, allow_blank=True, required=False
    )
    bio = serializers.CharField(max_length=MAX_BIO_LENGTH, allow_blank=True, required=False)
    role = serializers.ChoiceField(choices=Role.choices, read_only=True)
    age_band = serializers.SerializerMethodField()
    picture_url = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(read_only=True)

    @extend_schema_field(serializers.ChoiceField(choices=list(AgeBand)))
    def get_age_band(self, user: User) -> str:
        """Whether they are known to be 18; the year itself is told nobody."""
        return age_band(user, now=timezone.now())

    def get_picture_url(self, user: User) -> str | None:
        """Where the picture is found, if there is one."""
        return picture_url(user.handle, user.picture_digest)


class PictureSerializer(serializers.Serializer[Any]):
    """The one field of a picture upload."""

    picture = serializers.FileField(help_text="JPEG, PNG or WebP; 5 MB and 40 megapixels at most.")


class ApiKeySerializer(serializers.Serializer[ApiKey]):
    """A key without its secret."""

    id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=MAX_NAME_LENGTH)
    prefix = serializers.CharField(read_only=True, help_text="The secret's first characters.")
    created_at = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True, allow_null=True)


class NewApiKeySerializer(ApiKeySerializer):
    """A key with its secret, as it is shown once."""

    secret = serializers.CharField(
        read_only=True, allow_null=True, help_text="Shown once; null when the answer is replayed."
    )
