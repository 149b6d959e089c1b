"""Programs log in with `Authorization: Bearer sk-…`."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from accounts.models import ApiKey, User
from accounts.selectors import api_key_for
from accounts.services import note_use

SCHEME = b"bearer"
WRONG_KEY = "This API key is not known here, or was revoked."


class ApiKeyAuthentication(BaseAuthentication):
    """The owner of the key in the header; another scheme, or none, is left to the others."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Who sent the request.  Raises AuthenticationFailed (401) for a wrong or revoked key."""
        scheme, _, secret = get_authorization_header(request).strip().partition(b" ")
        if scheme.lower() != SCHEME:
            return None
        key = api_key_for(secret.strip().decode("latin-1"))
        if key is None:
            raise AuthenticationFailed(WRONG_KEY)
        note_use(key, now=timezone.now())
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 tells to send."""
        return "Bearer"


def user_of(request: Request) -> User:
    """The person who asks.  Raises NotAuthenticated (401) for a visitor."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema speaks of the keys."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """HTTP bearer authentication, as OpenAPI 3.1 spells it."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "sk-…"}
