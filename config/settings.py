"""Django settings, one file for both profiles: ATW_PROFILE=prod or dev.

Without ATW_PROFILE it is prod where a SECRET_KEY is set, else dev with a key of the moment,
reachable under local addresses only.

Every variable is listed in docs/CONFIGURATION.md; `config.environment` says where they are read.
"""

import secrets
from datetime import timedelta

from csp.constants import NONCE, SELF
from csp.constants import NONE as NO_SOURCE
from django.core.exceptions import ImproperlyConfigured

from config import sentry
from config.environment import (
    BASE_DIR,
    DATA_DIR,
    env,
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_url,
    hours,
    postgres_parts,
    redis_db,
)
from config.storage import KINDS as STORAGE_KINDS
from config.storage import storage_settings
from users.languages import LANGUAGES as LANGUAGES_OF_PEOPLE

PROFILE = env("ATW_PROFILE", "prod" if env("SECRET_KEY") else "dev")
if PROFILE not in {"dev", "prod"}:
    raise ImproperlyConfigured(f"ATW_PROFILE is dev or prod, not {PROFILE!r}")
PRODUCTION = PROFILE == "prod"
DEMO = env_bool("ATW_DEMO")
# The launcher's door, through which the demo breaks its own parts.
CONTROL_SOCKET = env("ATW_CONTROL") if DEMO else ""
DEBUG = env_bool("ATW_DEBUG")

SECRET_KEY = env("SECRET_KEY") or ("" if PRODUCTION else secrets.token_urlsafe(50))
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set (start with `python3 dev.py up`, or set it)")

# Origins are full (scheme, host, port): the sockets' Origin check and CSRF need the scheme.
ORIGINS = env_list("ATW_ORIGINS")
if bare := [origin for origin in ORIGINS if "://" not in origin]:
    raise ImproperlyConfigured(f"ATW_ORIGINS are full, like https://{bare[0]}, not {bare[0]}")
BASE_URL = env("ATW_BASE_URL", ORIGINS[0] if ORIGINS else "http://127.0.0.1:8000")
#: Reverse proxies of ours that add to X-Forwarded-For; what stands before their entries is hearsay.
PROXIES = env_int("ATW_PROXIES", 1 if PRODUCTION else 0)
SECURITY_CONTACT = env("ATW_SECURITY_CONTACT")
ALLOWED_HOSTS = [origin.split("://", 1)[-1].rsplit(":", 1)[0] for origin in ORIGINS]
# Under which Prometheus, say, asks a process by itself.
ALLOWED_HOSTS += env_list("ATW_HOSTS")
if ORIGINS or not PRODUCTION:
    # For the machine's own probes. Without an origin `check --deploy` still warns.
    ALLOWED_HOSTS += ["127.0.0.1", "localhost"]
if not PRODUCTION:
    ALLOWED_HOSTS += ["testserver"]
CSRF_TRUSTED_ORIGINS = ORIGINS

INSTALLED_APPS = [
    "config.apps.OurAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "users",
    "trips",
    "trips.dashboard",
    "trips.desk",
    "trips.driver_app",
    "billing",
]
MIDDLEWARE = [
    "config.observe.ObserveMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.headers.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.problems.DatabaseAwayMiddleware",
    "config.limits.TooManyMiddleware",
    "config.audit.AuditMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
#: Nothing inline, nothing foreign; the import map carries a nonce.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "worker-src": [SELF, "blob:"],
        "object-src": [NO_SOURCE],
        "base-uri": [NO_SOURCE],
        "form-action": [SELF],
        "frame-ancestors": [NO_SOURCE],
    }
}
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.navigation.frame",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        # After a restart of PostgreSQL the pool's old connections are dead: asked before use.
        "CONN_HEALTH_CHECKS": True,
        **postgres_parts(env("DATABASE_URL", "postgresql://atw@127.0.0.1:5432/atw")),
        # Under ASGI each request has its own thread: persistent connections would exhaust
        # PostgreSQL, a pool per process does not.
        "OPTIONS": {
            "pool": {
                "min_size": 0,
                "max_size": env_int("ATW_DB_POOL", 8),
                "timeout": 2,
                # By default it backs off for minutes, long after the database is back.
                "reconnect_timeout": 1,
            },
            "connect_timeout": 2,
            "application_name": "atw",
            # A trip with its relations is eight tables by primary key: to weigh all orders of
            # joining them took 1 ms for each tap, and these 0.3. They run in 0.05.
            "options": "-c join_collapse_limit=4",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.guarded_login.GuardedBackend"]
PASSWORD_HASHERS = [
    "users.hashers.Argon2",
    # What was stored before; replaced at the next log-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
#: How long the link of a welcome mail lets its reader choose a password.
PASSWORD_RESET_TIMEOUT = 7 * 86_400
# Each role has its own: config/home.py.
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
#: A shift and its hand-over; counted from the log-in, whatever is done meanwhile.
SESSION_COOKIE_AGE = 14 * 3600
#: Who has left the admin alone for so long signs in again.
ADMIN_IDLE_MINUTES = env_int("ATW_ADMIN_IDLE_MINUTES", 30)

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
# Of the people who are written to: users/languages.py.
LANGUAGES = LANGUAGES_OF_PEOPLE
# One catalogue for all rooms: docs/MAILS.md.
LOCALE_PATHS = [BASE_DIR / "config/locale"]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static" if PRODUCTION else None

STATICFILES_DIRS = [BASE_DIR / "config/static"] + [
    (package, path)
    for package, path in [("maplibre-gl", BASE_DIR / "node_modules/maplibre-gl/dist")]
    if path.is_dir()
]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False

if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env_bool("ATW_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    SECURE_HSTS_SECONDS = env_int("ATW_HSTS_SECONDS", 31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # Browsers take such a cookie from this very host alone: no neighbour can plant one.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

# --- Redis: one server, a database each; every part can be moved to a server of its own.
REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379")
BROKER_URL = env("CELERY_BROKER_URL", redis_db(REDIS_URL, 0))
RESULT_URL = env("CELERY_RESULT_BACKEND", redis_db(REDIS_URL, 1))
LAYER_URL = env("ATW_LAYER_URL", redis_db(REDIS_URL, 2))
CACHE_URL = env("ATW_CACHE_URL", redis_db(REDIS_URL, 3))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
}
CHANNEL_LAYERS = {
    "default": {
        # The core layer drops messages at its capacity and goes deaf after FLUSHALL;
        # pub/sub loses nothing while connected, and the streams' numbers heal the rest.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # redis-py 8 ends idle sockets after 5 s unless it is told not to.
        "CONFIG": {"hosts": [{"address": LAYER_URL, "socket_timeout": None}], "prefix": "atw"},
    }
}

#: Seconds that a web process takes to leave (`config.drain`); proxies notice in the first third.
DRAIN_S = env_int("ATW_DRAIN_S", 10 if PRODUCTION else 0)

# --- HTTP API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.auth.TokenAuthentication",
        "users.auth.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["config.api.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "config.api.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problems.problem_response",
    "NUM_PROXIES": PROXIES,
    "DATETIME_FORMAT": "iso-8601",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=env_int("ATW_TOKEN_DAYS", 30)),
    "AUTH_HEADER_PREFIX": "Token",
    "USER_SERIALIZER": "users.api.UserSerializer",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ATW Backend",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "OAS_VERSION": "3.1.0",
    "ENUM_NAME_OVERRIDES": {
        "VehicleStateEnum": "trips.models.Vehicle.State",
        "AlertStateEnum": ["open", "acknowledged", "resolved"],
        "MobilityEnum": "trips.models.Trip.Mobility",
        "DebtorKindEnum": ["payer", "facility", "patient"],
        "InvoiceKindEnum": "billing.models.Invoice.Kind",
        "InvoiceStateEnum": "billing.models.Invoice.State",
        "PaymentKindEnum": "billing.models.Payment.Kind",
        "NotificationStateEnum": "users.models.Notification.State",
        "WebhookDeliveryStateEnum": "users.models.WebhookDelivery.State",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.docs.complete",
    ],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# --- Limits (docs/CONFIGURATION.md). ATW_RATE_LIMITS=off lifts request rates, never sizes.
RATE_LIMITS = env_bool("ATW_RATE_LIMITS", True)
LOGIN_RATE = env("ATW_LOGIN_RATE", "10/min")
LOGIN_ADDRESS_RATE = env("ATW_LOGIN_ADDRESS_RATE", "60/min")
LOGIN_STRANGERS_RATE = env("ATW_LOGIN_STRANGERS_RATE", "100/hour")
ADMIN_LOGIN_RATE = env("ATW_ADMIN_LOGIN_RATE", "5/min")
RESET_RATE = env("ATW_RESET_RATE", "5/min")
ENROL_RATE = env("ATW_ENROL_RATE", "20/min")
LINK_RATE = env("ATW_LINK_RATE", "120/min")
HOOK_RATE = env("ATW_HOOK_RATE", "600/min")
MESSAGE_RATE = env("ATW_MESSAGE_RATE", "30/min")
MAX_USER_SOCKETS = env_int("ATW_MAX_USER_SOCKETS", 50)
MAX_ADDRESS_SOCKETS = env_int("ATW_MAX_ADDRESS_SOCKETS", 1_000)
#: From the first byte of a request to its last.
REQUEST_WITHIN_S = env_int("ATW_REQUEST_WITHIN_S", 60)
MAX_FIX_BYTES = env_int("ATW_MAX_FIX_BYTES", 65_536)
MAX_BATCH_BYTES = env_int("ATW_MAX_BATCH_BYTES", 1_048_576)
MAX_BATCH_FIXES = 1_000
MAX_FIXES_PER_S = env_int("ATW_MAX_FIXES_PER_S", 50)
MAX_TAPS = 100
MAX_IMPORT_BYTES = env_int("ATW_MAX_IMPORT_BYTES", 8_388_608)
MAX_IMPORT_ROWS = 20_000
GPS_KEEP_DAYS = env_int("ATW_GPS_KEEP_DAYS", 30)
#: Six years and the month that is running.
AUDIT_KEEP_MONTHS = env_int("ATW_AUDIT_KEEP_MONTHS", 73)

# --- Timers of trips
# Off in the demo: its desk does it, and seeded trips stay assigned.
DISPATCH_AHEAD_MINUTES = env_int("ATW_DISPATCH_AHEAD_MINUTES", 0 if DEMO else 45)
MISSED_AFTER_MINUTES = env_int("ATW_MISSED_AFTER_MINUTES", 120)

# --- Routing and geocoding: a company's own servers, where it has them
ROUTING_URL = env_url("ATW_ROUTING_URL")
ROUTING_KIND = env_choice("ATW_ROUTING_KIND", ("osrm", "valhalla"))
GEOCODER_URL = env_url("ATW_GEOCODER_URL")
GEOCODER_KIND = env_choice("ATW_GEOCODER_KIND", ("nominatim", "photon"))

# --- Mail
EMAIL_BACKEND = "users.channels.smtp.Backend"
EMAIL_HOST = env("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
#: The local hour of a person's daily digest.
DIGEST_HOUR = env_int("ATW_DIGEST_HOUR", 6)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "ATW Dispatch <dispatch@atw.invalid>")
MAILS_PER_MINUTE = env_int("ATW_MAILS_PER_MINUTE", 0)
MAIL_HOOK_SECRET = env("ATW_MAIL_HOOK_SECRET")

# --- Payments: by provider the keys that may sign; two while one is exchanged
PAYMENT_HOOK_SECRETS = {"stripe": env_list("ATW_STRIPE_HOOK_SECRETS")}

# --- Messages to people
#: (from, until) by a person's own clock, or None.
QUIET_HOURS = hours(env("ATW_QUIET_HOURS", "21:00-07:00"))
DAILY_CAP = env_int("ATW_DAILY_CAP", 12)
REMINDER_HOUR = env_int("ATW_REMINDER_HOUR", 16)
# Addresses of Apprise services with `{target}` where the person's number or topic goes.
SMS_URL = env("ATW_SMS_URL")
PUSH_URL = env("ATW_PUSH_URL")
# Plain http and private networks as addresses of webhooks: for a machine of one's own.
WEBHOOKS_PRIVATE = env_bool("ATW_WEBHOOKS_PRIVATE")

# --- Documents (invoices, statements): in PostgreSQL, or in a bucket of S3
STORAGES = {
    "default": storage_settings(
        env_choice("ATW_DOCUMENTS", STORAGE_KINDS),
        env("ATW_S3_BUCKET"),
        env_url("ATW_S3_ENDPOINT"),
        env("ATW_S3_REGION"),
    ),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# --- Money
#: Tax is rounded once on an invoice, or on each of its lines.
TAX_ROUNDING = env_choice("ATW_TAX_ROUNDING", ("total", "line"))

STREETS_FILE = env("ATW_STREETS")

# --- Looking in from outside (docs/MONITORING.md)
METRICS_TOKEN = env("ATW_METRICS_TOKEN")
METRICS_PORT = env_int("ATW_METRICS_PORT", 0)
if SENTRY_DSN := env("ATW_SENTRY_DSN"):
    sentry.start(SENTRY_DSN, PROFILE)

LOG_STYLE = env_choice("ATW_LOG", ("json", "line") if PRODUCTION else ("line", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_STYLE}},
    "root": {"handlers": ["stderr"], "level": env("ATW_LOG_LEVEL", "INFO")},
    # The access log would carry device tokens in paths; ours redacts them.
    "loggers": {"django.channels.server": {"level": "WARNING"}},
}
