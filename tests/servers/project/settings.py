"""Settings of the servers that the tests start; what varies comes from the environment."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

_directory = os.environ["SERVER_DIRECTORY"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.servers.project"]
ROOT_URLCONF = "tests.servers.project.urls"
ASGI_APPLICATION = "tests.servers.project.asgi.application"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"{_directory}/db.sqlite3",
        "OPTIONS": {"timeout": 20, "init_command": "PRAGMA journal_mode=wal; PRAGMA synchronous=off"},
    }
}
if "DATABASE_PORT" in os.environ:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": "127.0.0.1",
            "PORT": os.environ["DATABASE_PORT"],
            "USER": "livecomp",
            "NAME": "postgres",
            "CONN_MAX_AGE": int(os.environ.get("CONN_MAX_AGE", 0)),
            "CONN_HEALTH_CHECKS": "CONN_HEALTH_CHECKS" in os.environ,
        }
    }
DATABASES["default"]["ATOMIC_REQUESTS"] = "ATOMIC_REQUESTS" in os.environ
SESSION_ENGINE = os.environ.get("SESSION_ENGINE", "django.contrib.sessions.backends.db")
SESSION_FILE_PATH = _directory
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": f"{_directory}/cache"}
}
if "CACHE_URL" in os.environ:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["CACHE_URL"]}
    }
if "CACHE_IN_MEMORY" in os.environ:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # as in a new project
LIVECOMP = json.loads(os.environ.get("LIVECOMP", "{}"))
if "RATE_LIMIT" not in LIVECOMP:
    LIVECOMP["RATE_LIMIT"] = (1000, 2000)
if "REDIS_URL" in os.environ:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": os.environ.get("CHANNEL_LAYER", "channels_redis.pubsub.RedisPubSubChannelLayer"),
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
        }
    }
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": f"{_directory}/errors.log", "level": "ERROR"}},
    "loggers": {name: {"handlers": ["file"]} for name in ("livecomp", "django", "asyncio")},
}
