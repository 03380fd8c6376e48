"""An `HttpRequest` for a page on a WebSocket: made from the handshake, with the session, user and language of its cookies."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.encoding import repercent_broken_unicode

from livecomp.read_only import find_user_lazily

MAX_URL = 16 * 1024  # characters


def build_request(scope: Mapping[str, Any]) -> HttpRequest:
    """The request of a WebSocket handshake, as a GET of the page. Session and user are read when first used."""
    http_scope = {
        **scope,
        "type": "http",
        "method": "GET",
        "scheme": {"ws": "http", "wss": "https"}.get(scope.get("scheme", "ws"), "http"),
        "query_string": b"",
        "http_version": scope.get("http_version", "1.1"),
    }
    request = ASGIRequest(http_scope, BytesIO())
    if "django.contrib.sessions" in settings.INSTALLED_APPS:
        SessionMiddleware(_no_response).process_request(request)
        find_user_lazily(request)
    else:
        from django.contrib.auth.models import AnonymousUser

        request.user = AnonymousUser()
    CsrfViewMiddleware(_no_response).process_request(request)
    return request


def renew_visitor(request: HttpRequest) -> None:
    """Have session and user read from the store and the database again, when they are next used."""
    request.session = type(request.session)(request.session.session_key)
    for name in ("_cached_user", "_acached_user"):
        request.__dict__.pop(name, None)
    find_user_lazily(request)


def set_page_url(request: HttpRequest, url: str) -> None:
    """Make ``request`` look like a GET of ``url`` (path and query string), the page that the browser shows."""
    parts = urlsplit(url)
    prefix = request.META.get("SCRIPT_NAME", "") or ""
    path = repercent_broken_unicode(unquote_to_bytes(parts.path)).decode()  # as Django reads one over HTTP
    request.path = path
    request.path_info = path.removeprefix(prefix) if prefix else path
    request.META["PATH_INFO"], request.META["QUERY_STRING"] = request.path_info, parts.query
    query: Any = QueryDict(parts.query)
    request.GET = query


def is_page_url(url: str) -> bool:
    """Whether ``url`` is a path on this site, as a browser's location gives it."""
    path, _, _ = url.partition("?")
    is_path = path.startswith("/") and not path.startswith("//") and "\\" not in path
    most: int | None = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS  # Django reads no query string of more
    return is_path and len(url) <= MAX_URL and url.isprintable() and (most is None or url.count("&") < most)


def _no_response(request: HttpRequest) -> HttpResponse:
    raise AssertionError("only process_request is used")
