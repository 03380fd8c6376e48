"""Settings of the demo site. Everything that varies comes from the environment:

DATABASE    path of the SQLite file (default: db.sqlite3 beside manage.py)
REDIS_URL   channel layer, cache and Celery's broker over Redis (default: files and sockets of this machine)
DEBUG       1 for Django's debug pages and livecomp's development warnings (default: 1; run.py says 0)
HOSTS       further host names to answer to, separated by commas
SECRET_KEY  signs cookies and tokens; must be the same in all processes
"""

import hashlib
import os
import tempfile
from pathlib import Path

from django import VERSION

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE = Path(os.environ.get("DATABASE", BASE_DIR / "db.sqlite3")).resolve()
REDIS_URL = os.environ.get("REDIS_URL", "")

DEBUG = os.environ.get("DEBUG", "1") == "1"
SECRET_KEY = os.environ.get("SECRET_KEY", "the demo's key is public: it guards sample data only")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *filter(None, os.environ.get("HOSTS", "").split(","))]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "django_components",
    "livecomp",
    # The site itself, then one app for each page.
    "demosite",
    "counter",
    "todos",
    "checkout",
    "table",
    "chat",
    "cards",
    "signup",
    "feed",
    "notifications",
    "scores",
    "stocks",
    "notes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "demosite.middleware.ContentSecurityPolicyMiddleware"
    if VERSION < (6, 0)
    else "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

SECURE_CSP = {
    "default-src": ["'self'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}

ROOT_URLCONF = "demosite.urls"
ASGI_APPLICATION = "demosite.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.app_directories.Loader",
                        "django_components.template_loader.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE,
        "OPTIONS": {
            # Writers wait for each other instead of failing; readers never wait.
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    TIME_OUTS = {"socket_timeout": 5, "socket_connect_timeout": 5}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": TIME_OUTS,
        }
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [{"address": REDIS_URL, **TIME_OUTS}]},
        }
    }
else:
    # Both work across processes and survive a restart, so that `manage.py notify` in another terminal reaches the
    # open pages, and a page that reconnects to a restarted server finds its state.
    SITE = hashlib.sha256(str(DATABASE).encode()).hexdigest()[:12]
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": f"{DATABASE}-cache",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "demosite.layers.LocalChannelLayer",
            "CONFIG": {"folder": Path(tempfile.gettempdir()) / f"livecomp-{os.getuid()}-{SITE}"},
        }
    }

if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
else:
    BROKER = Path(f"{DATABASE}-broker")
    BROKER.mkdir(mode=0o700, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        **dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(BROKER)),
        "polling_interval": 0.2,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True

AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
