"""System checks ``livecomp.E…`` and ``livecomp.W…``. Each is described in the reference documentation."""

import os
import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.contrib.sessions.backends.cache import SessionStore as CacheStore
from django.contrib.sessions.backends.cached_db import SessionStore as CachedStore
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieStore
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateDoesNotExist
from django.utils.module_loading import import_string

from livecomp import registry, resume
from livecomp.conf import settings

_SECRET = re.compile(r"password|passwd|token|secret|api_?key", re.IGNORECASE)
_MANY = 10_000  # entries: a cache that holds fewer may lose snapshots of open pages
_ONE_PROCESS = "channels.layers.InMemoryChannelLayer"
_TIME_OUTS = ("socket_timeout", "socket_connect_timeout")
_REQUEST = "django.template.context_processors.request"


@register("livecomp")
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: the LIVECOMP dict is wrong."""
    try:
        snapshot = settings.snapshot
    except ImproperlyConfigured as error:
        return [Error(str(error), id="livecomp.E001")]
    if snapshot not in ("event", "disconnect", "off"):
        hint = "Use 'event', 'disconnect' or 'off'."
        return [Error(f"LIVECOMP['SNAPSHOT'] is {snapshot!r}.", hint=hint, id="livecomp.E001")]
    return []


@register("livecomp")
def check_request_processor(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E002: the template engine gives no request to templates."""
    templates: list[dict[str, Any]] = django_settings.TEMPLATES
    engines = [each for each in templates if each["BACKEND"].endswith("DjangoTemplates")]
    if any(_REQUEST in each.get("OPTIONS", {}).get("context_processors", ()) for each in engines):
        return []
    return [
        Error(
            "{% live_component %} needs the request in templates.",
            hint=f"Add {_REQUEST!r} to the context_processors in TEMPLATES.",
            id="livecomp.E002",
        )
    ]


@register("livecomp")
def check_templates(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003: a component's template is missing or cannot be compiled."""
    from livecomp.source import compiled_template

    found: list[CheckMessage] = []
    for name, cls in registry.all_components().items():
        try:
            compiled_template(cls)
        except TemplateDoesNotExist as error:
            found.append(Error(f"Component {name!r}: there is no template {error}.", obj=cls, id="livecomp.E003"))
        except Exception as error:
            found.append(Error(f"Component {name!r}: {error}", obj=cls, id="livecomp.E003"))
    return found


@register("livecomp")
def check_names_of_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W001: an argument of mount is named like a secret; arguments are signed, but readable in the page."""
    import inspect

    found: list[CheckMessage] = []
    for name, cls in registry.all_components().items():
        for parameter in inspect.signature(cls.mount).parameters:
            if _SECRET.search(parameter):
                found.append(
                    Warning(
                        f"Component {name!r}: mount({parameter}=…) looks like a secret.",
                        hint="Arguments are signed, not encrypted: anyone can read them in the page. Look the value up in mount().",
                        obj=cls,
                        id="livecomp.W001",
                    )
                )
    return found


@register("livecomp")
def check_origin(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W002: any host is allowed, so only the Origin header's equality with Host protects the WebSocket."""
    if "*" in django_settings.ALLOWED_HOSTS and not django_settings.DEBUG and not settings.allowed_origins:
        hint = "Name your hosts in ALLOWED_HOSTS."
        return [Warning("ALLOWED_HOSTS allows every host.", hint=hint, id="livecomp.W002")]
    return []


@register("livecomp")
def check_asgi(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W003: no ASGI application is named, so nothing answers the WebSocket."""
    if getattr(django_settings, "ASGI_APPLICATION", None):
        return []
    hint = "Set ASGI_APPLICATION, and wrap the application in asgi.py with livecomp.asgi.live_application."
    return [Warning("ASGI_APPLICATION is not set.", hint=hint, id="livecomp.W003")]


@register("livecomp")
def check_sessions(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W010: sessions are kept in the browser only, so nothing tells whether one has ended."""
    engine = import_module(django_settings.SESSION_ENGINE)
    if not issubclass(engine.SessionStore, CookieStore):
        return []
    return [
        Warning(
            "Sessions are kept in signed_cookies: the server does not know which of them have ended.",
            hint="Signing out ends all live pages of that user, and whoever has kept the old cookie can go on with it. Use "
            "a session engine with a store, such as 'django.contrib.sessions.backends.cached_db'.",
            id="livecomp.W010",
        )
    ]


@register("livecomp")
def check_snapshot_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004, W004, W005, W006: the cache of snapshots is not there, keeps nothing, keeps little, or is one process's own."""
    try:
        alias = settings.snapshot_cache
        cache = caches[alias]
    except InvalidCacheBackendError as error:
        hint = "Name an entry of CACHES in LIVECOMP['SNAPSHOT_CACHE']."
        return [Error(f"The cache of snapshots: {error}", hint=hint, id="livecomp.E004")]
    except ImproperlyConfigured:  # E001 says so
        return []
    found: list[CheckMessage] = []
    if isinstance(cache, DummyCache):
        hint = (
            "Name another entry of CACHES in LIVECOMP['SNAPSHOT_CACHE']: a local-memory cache will do for one process."
        )
        text = f"The cache {alias!r} keeps no snapshots, so pages are mounted twice and lose their state with the connection."
        found.append(Warning(text, hint=hint, id="livecomp.W004"))
    elif (entries := resume.entries_that_fit()) is not None and entries < _MANY and not django_settings.DEBUG:
        hint = (
            f"Give it 'OPTIONS': {{'MAX_ENTRIES': {2 * _MANY}}} in CACHES, or use Redis. Count two entries for each page that "
            "is open at once, and what else you keep there."
        )
        text = (
            f"The cache {alias!r} holds {entries} entries: the state of {resume.pages_that_fit()} open pages. With more, a "
            "third of all is dropped at once, and pages whose connection breaks lose their state."
        )
        if resume.has_room_of_its_own():
            text = f"The cache {alias!r} holds {entries} entries: what else is put into it pushes out snapshots."
        found.append(Warning(text, hint=hint, id="livecomp.W005"))
    if isinstance(cache, LocMemCache) and _has_several_processes():
        hint = "Name a cache that all processes share in LIVECOMP['SNAPSHOT_CACHE']."
        text = f"The cache {alias!r} is in the memory of one process, so a page that comes back to another loses its state."
        found.append(Warning(text, hint=hint, id="livecomp.W006"))
    return found


def _has_several_processes() -> bool:
    layers: dict[str, dict[str, Any]] = getattr(django_settings, "CHANNEL_LAYERS", {})
    workers = os.environ.get("WEB_CONCURRENCY", "")
    return layers.get("default", {}).get("BACKEND", _ONE_PROCESS) != _ONE_PROCESS or (
        workers.isdecimal() and int(workers) > 1
    )


@register("livecomp")
def check_time_outs_of_caches(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W011: a Redis that pages depend on has no time-outs, so a frozen one is waited for."""
    if django_settings.DEBUG:
        return []
    try:
        uses = {settings.snapshot_cache: "snapshots"}
    except ImproperlyConfigured:  # E001 says so
        return []
    if issubclass(import_module(django_settings.SESSION_ENGINE).SessionStore, (CacheStore, CachedStore)):
        uses.setdefault(django_settings.SESSION_CACHE_ALIAS, "sessions")
    found: list[CheckMessage] = []
    for alias, use in uses.items():
        config: dict[str, Any] = django_settings.CACHES.get(alias, {})
        kind = _kind_of_redis(config.get("BACKEND", ""))
        missing = _missing_time_outs(_addresses(config.get("LOCATION")), _options(config)) if kind else []
        if missing:
            names = [name.upper() if kind == "django_redis" else name for name in _TIME_OUTS]
            hint = f"Add 'OPTIONS': {{'{names[0]}': 2, '{names[1]}': 2}} to CACHES[{alias!r}]; the numbers are seconds."
            found.append(Warning(f"The cache {alias!r} of {use} {_without(missing)}", hint=hint, id="livecomp.W011"))
    return found


@register("livecomp")
def check_time_outs_of_layer(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W012: the Redis of the channel layer has no time-outs."""
    layers: dict[str, dict[str, Any]] = getattr(django_settings, "CHANNEL_LAYERS", {})
    layer = layers.get("default", {})
    backend = str(layer.get("BACKEND", ""))
    if django_settings.DEBUG or not backend.startswith("channels_redis."):
        return []
    missing: list[str] = []
    for host in layer.get("CONFIG", {}).get("hosts") or ["redis://localhost:6379"]:
        options = host if isinstance(host, dict) else {}
        missing += _missing_time_outs(_addresses(options.get("address") if options else host), options)
    if not missing:
        return []
    seconds = 5 if backend.startswith("channels_redis.pubsub.") else 10  # the other layer's reads block for 5 seconds
    hint = (
        "Give each host in CHANNEL_LAYERS['default']['CONFIG']['hosts'] as {'address': 'redis://…', "
        f"'socket_timeout': {seconds}, 'socket_connect_timeout': 5}}; the numbers are seconds."
    )
    return [Warning(f"The channel layer {_without(missing)}", hint=hint, id="livecomp.W012")]


def _without(missing: list[str]) -> str:
    names = " and ".join(name for name in _TIME_OUTS if name in missing)
    return f"sets no {names}, so a Redis that is frozen or cut off can be waited for without an end."


def _kind_of_redis(backend: str) -> str:
    """``"django"`` or ``"django_redis"``, empty for any other cache."""
    try:
        cls = import_string(backend)
    except ImportError:
        return "django_redis" if backend.startswith("django_redis.") else ""
    if issubclass(cls, RedisCache):
        return "django"
    return "django_redis" if any(each.__module__.startswith("django_redis.") for each in cls.__mro__) else ""


def _addresses(location: Any) -> list[str]:
    locations = re.split("[;,]", location) if isinstance(location, str) else location or []
    return [each for each in locations if isinstance(each, str)] or [""]


def _options(config: dict[str, Any]) -> dict[str, Any]:
    """What is handed to redis-py: Django's spelling, and that of django-redis."""
    options: dict[str, Any] = config.get("OPTIONS", {})
    return {name.lower(): value for name, value in {**options.get("CONNECTION_POOL_KWARGS", {}), **options}.items()}


def _missing_time_outs(addresses: list[str], options: dict[str, Any]) -> list[str]:
    """Those that are neither among the options nor in each URL's query."""
    given = [{**dict(parse_qsl(urlsplit(address).query)), **options} for address in addresses]
    return [name for name in _TIME_OUTS if not all(each.get(name) for each in given)]
