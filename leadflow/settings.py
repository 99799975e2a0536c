"""The one settings module: everything that differs between installations comes from the environment."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONCE, NONE, SELF

from leadflow.runtime import addresses, secret

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = addresses.home()

env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret.secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default=f"http://127.0.0.1:{env.str('PORT', default='8000')}")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "lucide",
    "csp",
    "rules",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "django_structlog",
    "leadflow.core",
    "content",
    "leads",
    "scoring",
    "nurture",
    "handoff",
    "reports",
    "leadflow.operations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "leadflow.core.middleware.BareMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads at random, so that lengths tell no secret
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "leadflow.core.middleware.SignInMiddleware",
    "leadflow.core.middleware.UserTimezoneMiddleware",
    "leadflow.core.middleware.DomainErrorMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

BARE_PATHS = frozenset(
    {"/t/", "/t/pixel.gif"}
)  # answered without the middleware below the first two

ROOT_URLCONF = "leadflow.urls"
WSGI_APPLICATION = "leadflow.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # Both packages would set up their loader themselves, and each overwrites the other's.
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "leadflow.core.navigation.navigation",
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.static",
                "django.contrib.humanize.templatetags.humanize",
                "lucide.templatetags.lucide",
                "leadflow.core.templatetags.leadflow",
            ],
        },
    },
]
COTTON_DIR = "components"

# Database. Connections are not kept: idle web threads would leak them (see docs/adr/).
DATABASES = {"default": {**env.db_url_config(addresses.database_url()), "CONN_MAX_AGE": 0}}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Background work. PostgreSQL is the truth: the broker carries nudges only, so publishing fails fast.
CELERY_BROKER_URL = addresses.broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
}
DJANGO_STRUCTLOG_CELERY_ENABLED = True
CELERY_TIMEZONE = "UTC"
NUDGES = env.bool("NUDGES", default=True)

# People
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "leadflow.core.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

# Mail. Without EMAIL_URL every message is written to a file under the data folder.
EMAIL_CONFIG = env.email_url("EMAIL_URL", default=f"filemail://{HOME / 'mail'}")
vars().update(EMAIL_CONFIG)
if EMAIL_BACKEND.endswith("filebased.EmailBackend"):  # type: ignore[name-defined]  # noqa: F821
    EMAIL_FILE_PATH = str(HOME / "mail")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="LeadFlow <hello@leadflow.example>")
POSTAL_ADDRESS = env.str("POSTAL_ADDRESS", default="LeadFlow, 1 Example Street, Example City")

# Languages and time: stored in UTC, shown in the user's zone
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Static files
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = HOME / "media"

# Identity. The region of numbers without a country code, where the person's country is not known
DEFAULT_PHONE_REGION = env.str("DEFAULT_PHONE_REGION", default="").upper()
# Whether a.da+x@gmail.com is the same person as ada@gmail.com
EMAIL_PROVIDER_RULES = env.bool("EMAIL_PROVIDER_RULES", default=False)
# What addresses that must stay silent are hashed with: the first makes hashes, all are tried
# (docs/privacy.md tells how to change it)
SUPPRESSION_KEYS = env.list("SUPPRESSION_KEYS", default=[SECRET_KEY])

# Safety. HTTPS=1 behind a TLS-terminating proxy turns the cookie and HSTS switches on.
HTTPS = env.bool("HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "leadflow.core.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
RATE_LIMITS = {  # for one address, which an office may share, and for the network around it
    "form": env.str("RATE_LIMIT_FORMS", default="60/minute"),
    "form_network": env.str("RATE_LIMIT_FORMS_NETWORK", default="300/minute"),
    "track": env.str("RATE_LIMIT_TRACKING", default="1200/minute"),
    "track_network": env.str("RATE_LIMIT_TRACKING_NETWORK", default="6000/minute"),
}
# Networks of proxies whose X-Forwarded-For is believed, like 10.0.0.0/8
TRUSTED_PROXIES = [
    str(ip_network(text, strict=False)) for text in env.list("TRUSTED_PROXIES", default=[])
]

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "leadflow.core.api.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["leadflow.core.api.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "leadflow.core.api.KeysetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "leadflow.core.api.handle_exception",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LeadFlow API",
    "DESCRIPTION": "Leads, their verbs and their activities.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Logs: one line per entry on stderr, with the request, task and user it belongs to
_LOG_FIELDS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
]
structlog.configure(
    processors=[*_LOG_FIELDS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.dev.ConsoleRenderer(colors=False),
            "foreign_pre_chain": _LOG_FIELDS,
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django_structlog": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # addresses are unique whatever their case, by a constraint on lower(email)
    # Whether TLS ends in front of LeadFlow is the operator's choice: HTTPS=1 (docs/operations.md).
    *([] if HTTPS else ["security.W004", "security.W008", "security.W012", "security.W016"]),
]
