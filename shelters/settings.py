"""All settings, read from the environment with types. A wrong value stops the start with a sentence.

Nothing needs to be set on one laptop. What a public server sets is in docs/deploying.md:
HTTPS, ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS, DATABASE_URL, SECRET_KEY, AUDIT_KEY, NOTE_KEY_LEGAL, NOTE_KEY_HEALTH.
"""

import secrets
from pathlib import Path

import environ
import pyrage
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = environ.Env()


def kept_secret(path):
    """The key of this installation: 50 random characters, made once, readable by its owner alone."""
    try:
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(50))
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"Set SECRET_KEY: the key file cannot be kept ({error})") from error


def switch(name):
    """An on/off setting, off when not set. A word that is neither stops the start: "HTTPS=ture" must not mean off."""
    word = env.str(name, "off").strip().lower()
    if word not in {"on", "true", "yes", "1", "off", "false", "no", "0", ""}:
        raise ImproperlyConfigured(f"{name} is “{word}”. Write on or off.")
    return word in {"on", "true", "yes", "1"}


def public_keys(keys):
    """The keys that backups are sealed to. A private one stops the start, and so does half a key."""
    keys = [key.strip() for key in keys]
    for key in keys:
        if key.upper().startswith("AGE-SECRET-KEY-"):
            raise ImproperlyConfigured(
                "BACKUP_PUBLIC_KEY holds a private key, which must not be on this machine. Make a new pair."
            )
        try:
            pyrage.x25519.Recipient.from_str(key)
        except pyrage.RecipientError as error:
            raise ImproperlyConfigured(
                f"BACKUP_PUBLIC_KEY: “{key}” is not a public key (age1 and 58 letters; commas between several)."
            ) from error
    return keys


def private_keys(name, keys):
    """Keys that open what lies sealed in the database: the first seals, the others are earlier ones."""
    keys = [key.strip() for key in keys]
    try:
        for key in keys:
            pyrage.x25519.Identity.from_str(key)
    except pyrage.IdentityError:
        raise ImproperlyConfigured(
            f"{name} holds what is no private key (AGE-SECRET-KEY-1 and 58 letters; commas between several)."
        ) from None
    return keys


def days(name, usual, most):
    """A number of days. More than the law of the house allows stops the start."""
    value = env.int(name, usual)
    if not 1 <= value <= most:
        raise ImproperlyConfigured(f"{name} is {value}. Write a number of days from 1 to {most}.")
    return value


# --- where we are ------------------------------------------------------------------------------------------

DEBUG = switch("DEBUG")
HTTPS = switch("HTTPS")  # served behind TLS: cookies, redirects and HSTS follow
SECRET_KEY = env.str("SECRET_KEY", "") or kept_secret(VAR_DIR / "secret_key")
AUDIT_KEY = env.str("AUDIT_KEY", "")  # seals the access trail; kept apart from the database and its backups
NOTE_KEYS = {  # open the notes of each side; without them there are no notes. See docs/adr/0025
    "legal": private_keys("NOTE_KEY_LEGAL", env.list("NOTE_KEY_LEGAL", default=[])),
    "health": private_keys("NOTE_KEY_HEALTH", env.list("NOTE_KEY_HEALTH", default=[])),
}
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "shelters.urls"
WSGI_APPLICATION = "shelters.wsgi.application"

INSTALLED_APPS = [
    "shelters",  # before the admin, so that our templates and Spanish win
    "intake",
    "shelters.admin_site.PuenteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_countries",
    "crispy_forms",
    "crispy_bootstrap5",
    "simple_history",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "shelters.middleware.private_pages",
    "shelters.middleware.floor",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # every page, unless a view says otherwise
    "intake.access.PolicyMiddleware",  # and the rights of intake/policy.py
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "shelters.second_factor.nothing_before_it",
    "simple_history.middleware.HistoryRequestMiddleware",
    "shelters.middleware.shift",
    "shelters.locking.lock",
    "intake.middleware.StopsReading",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]

# --- data --------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'puente.sqlite3'}")}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        # A transaction takes the write lock when it begins, so it never fails half-way as "locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 15,
        # FULL: "saved" is said only after the disk has it.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA recursive_triggers=ON; "  # REPLACE deletes too, and the trail refuses that
        "PRAGMA secure_delete=ON;",  # what is deleted is overwritten, not only forgotten
    }
else:
    # Compiling a query, or starting helpers for it, costs more than any of ours takes. No disk of today turns, so to
    # look people up one by one is cheap; and what the reports sort fits into memory.
    planner = ("jit=off", "max_parallel_workers_per_gather=0", "random_page_cost=1.1", "work_mem=32MB")
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", " ".join(f"-c {choice}" for choice in planner)
    )
    DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 4)  # seconds; then the page says so
BACKUP_PUBLIC_KEY = public_keys(env.list("BACKUP_PUBLIC_KEY", default=[]))
RETENTION_DAYS = days("RETENTION_DAYS", 90, most=365)  # after the last presence names go: intake/retention.py
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Shared by all processes: the lock-out after wrong passwords must count them together.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "shared_cache"}}
# Far more than a shelter has accounts: a flood of invented names must not push out who is locked.
CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 1_000_000}
SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

# --- people who work here --------------------------------------------------------------------------------

AUTH_USER_MODEL = "shelters.User"
AUTHENTICATION_BACKENDS = ["shelters.access.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "shift"
ACCOUNT_ADAPTER = "shelters.access.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Per account, and for guesses at many accounts per device: see shelters/devices.py.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "5/15m/key",
    "failed_on_device": "30/10m/key",
    "failed_from_address": "100/10m/key",  # a whole shelter sits behind one
    "change_password": "5/m/user",
    "reauthenticate": "5/15m/user",
}
MFA_ADAPTER = "shelters.second_factor.SealedSecrets"
MFA_TOTP_ISSUER = "Puente"
MFA_TOTP_TOLERANCE = 1  # a phone whose clock is half a minute off; a code is still taken only once
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# --- what the browser is told ------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the arrows inside Bootstrap's stylesheet
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (
    ("__Host-sessionid", "__Host-csrftoken") if HTTPS else ("sessionid", "csrftoken")
)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(VAR_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = []  # no page takes a file: what comes of one is dropped as it is read
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- what is written down when something breaks ------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "places": {
            "()": "shelters.logs.PlacesOnly",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "places", "level": "ERROR"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "ERROR", "propagate": False} for name in ("django", "intake")
    },
}

# --- language and place --------------------------------------------------------------------------------

LANGUAGE_CODE = "es"
LANGUAGES = [("es", "Español"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "shelters" / "locale"]
FORMAT_MODULE_PATH = "shelters.formats"
TIME_ZONE = "America/Mexico_City"  # until a shelter's own zone is activated
USE_TZ = True
COUNTRIES_FIRST = ["HN", "GT", "SV", "NI", "MX"]
COUNTRIES_OVERRIDE = {
    "XA": {"name": _("Stateless"), "alpha3": "XXA"},
    "XU": _("Not recorded"),
}
