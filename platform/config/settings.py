"""Django's settings; what an operator may set comes from the environment (docs/operations.md)."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

from common.embedded.locations import celery_url, locations
from config.secrets import secret_key

ROOT = Path(__file__).resolve().parents[2]


def _flag(name: str, *, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": query.pop("port", "") or str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }


def _bucket_origins() -> list[str]:
    """Where presigned addresses of our own files lead."""
    if not os.environ.get("S3_BUCKET"):
        return []
    endpoint = urlsplit(os.environ.get("S3_ENDPOINT_URL") or "https://*.amazonaws.com")
    return [f"{endpoint.scheme}://{endpoint.netloc}"]


LOCATIONS = locations()
REVERIE_DATA = LOCATIONS.data

# --- what this deployment is ---
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = int(os.environ.get("PORT", "8000"))
REVERIE_URL = os.environ.get("REVERIE_URL", f"http://{HOST}:{PORT}").rstrip("/")
IS_HTTPS = REVERIE_URL.startswith("https://")
DEBUG = False
VERSION = "0.1.0"
SECRET_KEY = os.environ.get("SECRET_KEY") or secret_key(REVERIE_DATA)
ALLOWED_HOSTS = [
    name
    for name in {"127.0.0.1", "localhost", "[::1]", urlsplit(REVERIE_URL).hostname or ""}
    | set(os.environ.get("ALLOWED_HOSTS", "").split(","))
    if name
]
CSRF_TRUSTED_ORIGINS = [REVERIE_URL]

# --- apps, top floor last ---
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "clips",
    "social",
    "moderation",
    "feed",
    "generation",
    "uploads",
    "web",
    "config.apps.ConfigConfig",
    "config.apps.ReverieAdminConfig",
]
MIDDLEWARE = [
    # First, because all that the others do is time for Valkey to answer in.
    "feed.views.feed.PageAheadMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.bodies.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "web.refusals.RefusalMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "platform" / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "web.condition.condition",
            ],
        },
    },
]

# --- data ---
DATABASES = {"default": _database(LOCATIONS.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
VALKEY_URL = LOCATIONS.valkey_url
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": VALKEY_URL}
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- people ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PRESERVE_USERNAME_CASING = False
REVERIE_SIGNUP_ROLE = os.environ.get("REVERIE_SIGNUP_ROLE", "creator")
REVERIE_MINIMUM_AGE = int(os.environ.get("REVERIE_MINIMUM_AGE", "13"))
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupQuestions"
ADMIN_SECOND_FACTOR = _flag("REVERIE_ADMIN_SECOND_FACTOR", default=True)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS", default=False)
EMAIL_USE_SSL = _flag("EMAIL_USE_SSL", default=False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", "reverie@localhost")

# --- safety of the wire ---
PROXIES = int(os.environ.get("REVERIE_PROXIES", "0"))
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "common.wire.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:", *_bucket_origins()],
        "media-src": [SELF, "blob:", *_bucket_origins()],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
MAX_BODY_BYTES = 20 * 1024 * 1024
UPLOAD_MAX_BYTES = int(os.environ.get("REVERIE_UPLOAD_MEGABYTES", "100")) * 1024 * 1024
# The rest of a form around a file is small.
LARGE_BODIES = {
    **dict.fromkeys(["/api/v1/uploads", "/upload"], UPLOAD_MAX_BYTES + 1024 * 1024),
    **dict.fromkeys(["/api/v1/verify", "/verify"], 65 * 1024 * 1024),
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- API ---
VISITOR_RATE = os.environ.get("REVERIE_VISITOR_RATE", "240/min")
PERSON_RATE = os.environ.get("REVERIE_PERSON_RATE", "1200/min")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.wire.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["common.limits.VisitorLimit", "common.limits.PersonLimit"],
    # How many proxies stand in front and write X-Forwarded-For: by default none is believed.
    "NUM_PROXIES": PROXIES,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Reverie",
    "DESCRIPTION": "A short-video platform where every clip can begin as a prompt.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/(api/)?v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.schema.describe_refusals",
    ],
    "ENUM_NAME_OVERRIDES": {"NotificationKind": "social.models.notifications.Kind"},
}

# --- queue ---
CELERY_BROKER_URL = celery_url(VALKEY_URL)

# --- generation ---
ENGINES_FILE = Path(
    os.environ.get("REVERIE_ENGINES", ROOT / "generation" / "engines.yaml")
).resolve()
JOB_LEASE_SECONDS = float(os.environ.get("REVERIE_JOB_LEASE_SECONDS", "20"))
JOB_DEADLINE_SECONDS = float(os.environ.get("REVERIE_JOB_DEADLINE_SECONDS", "3600"))
JOB_MAX_ATTEMPTS = 5
JOBS_PER_USER = int(os.environ.get("REVERIE_JOBS_PER_USER", "5"))

# --- marks ---
TIMESTAMP_URL = os.environ.get("REVERIE_TIMESTAMP_URL", "")
VERIFY_RATE = os.environ.get("REVERIE_VERIFY_RATE", "10/min")

# --- uploads ---
UPLOAD_SECONDS = float(os.environ.get("REVERIE_UPLOAD_SECONDS", "60"))
UPLOADS_PER_USER = int(os.environ.get("REVERIE_UPLOADS_PER_USER", "3"))
UPLOAD_LEASE_SECONDS = float(os.environ.get("REVERIE_UPLOAD_LEASE_SECONDS", "20"))
UPLOAD_DEADLINE_SECONDS = float(os.environ.get("REVERIE_UPLOAD_DEADLINE_SECONDS", "900"))
UPLOAD_MAX_ATTEMPTS = 3

# --- moderation ---
POLICY_FILE = Path(
    os.environ.get("REVERIE_POLICY", ROOT / "moderation" / "policy" / "policy.yaml")
).resolve()
SCREENING_LEASE_SECONDS = float(os.environ.get("REVERIE_SCREENING_LEASE_SECONDS", "20"))
FRAME_CHECK_SECONDS = float(os.environ.get("REVERIE_FRAME_CHECK_SECONDS", "60"))
SCREENING_MAX_ATTEMPTS = 3
TEXT_DETECTORS = [path for path in os.environ.get("REVERIE_TEXT_DETECTORS", "").split(",") if path]
TEXT_CHECK_SECONDS: float = float(os.environ.get("REVERIE_TEXT_CHECK_SECONDS", "5"))
MODERATION_URL = os.environ.get("REVERIE_MODERATION_URL", "")
MODERATION_KEY = os.environ.get("REVERIE_MODERATION_KEY", "")
MODERATION_MODEL = os.environ.get("REVERIE_MODERATION_MODEL", "omni-moderation-latest")
GUARD_URL = os.environ.get("REVERIE_GUARD_URL", "")
GUARD_KEY = os.environ.get("REVERIE_GUARD_KEY", "")
GUARD_MODEL = os.environ.get("REVERIE_GUARD_MODEL", "llama-guard-4-12b")
SELF_TEST_SECONDS = float(os.environ.get("REVERIE_SELF_TEST_SECONDS", "15"))
DETECTOR_SILENT_SECONDS = float(os.environ.get("REVERIE_DETECTOR_SILENT_SECONDS", "300"))
DETECTOR_FAILURES = int(os.environ.get("REVERIE_DETECTOR_FAILURES", "3"))
DETECTOR_ANSWERS = int(os.environ.get("REVERIE_DETECTOR_ANSWERS", "2"))
UNGUARDED_ENGINES = frozenset(
    filter(None, os.environ.get("REVERIE_UNGUARDED_ENGINES", "").split(","))
)
DESK_LEASE_SECONDS = float(os.environ.get("REVERIE_DESK_LEASE_SECONDS", "90"))
DESK_LONGEST_CLAIM_SECONDS = 1800.0
DESK_UNDO_SECONDS = float(os.environ.get("REVERIE_DESK_UNDO_SECONDS", "30"))
DESK_SEVERE_PER_HOUR = int(os.environ.get("REVERIE_DESK_SEVERE_PER_HOUR", "20"))
DESK_SEVERE_PER_DAY = int(os.environ.get("REVERIE_DESK_SEVERE_PER_DAY", "80"))
QUALITY_SHARE_OF_PEOPLE = float(os.environ.get("REVERIE_QUALITY_SHARE_OF_PEOPLE", "0.05"))
QUALITY_SHARE_OF_MACHINES = float(os.environ.get("REVERIE_QUALITY_SHARE_OF_MACHINES", "0.02"))
SWEEP_SECONDS = float(os.environ.get("REVERIE_SWEEP_SECONDS", "2"))
FRAME_DETECTORS = [
    path
    for path in os.environ.get(
        "REVERIE_FRAME_DETECTORS", "moderation.classifiers.nudity.nudity_detector"
    ).split(",")
    if path
]

# --- feed ---
FEED_TIME_ZONE = os.environ.get("REVERIE_TIME_ZONE", "UTC")
STEERING_DAYS = float(os.environ.get("REVERIE_STEERING_DAYS", "7"))
EVENT_DAYS = int(os.environ.get("REVERIE_EVENT_DAYS", "90"))
EVENT_RATE = os.environ.get("REVERIE_EVENT_RATE", "120/min")

# --- feeds of others ---
GUEST_FEED_SECONDS = float(os.environ.get("REVERIE_GUEST_FEED_SECONDS", "2"))
GUEST_FEED_RATE = os.environ.get("REVERIE_GUEST_FEED_RATE", "10/h")
OUTGOING_PORTS = frozenset(map(int, os.environ.get("REVERIE_OUTGOING_PORTS", "443").split(",")))
OUTGOING_LOOPBACK = _flag("REVERIE_OUTGOING_LOOPBACK", default=False)
OUTGOING_AUTHORITIES = os.environ.get("REVERIE_OUTGOING_AUTHORITIES", "")

# --- pages ---
STATIC_URL = "/static/"
STATIC_ROOT = REVERIE_DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
