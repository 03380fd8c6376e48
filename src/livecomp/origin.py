"""Which web pages may open a live connection: the browser names its page's origin, and it has to be ours.

Browsers send cookies with a WebSocket handshake from any page and apply no same-origin rule, so this check is what keeps
other sites from acting with the visitor's session. Scheme, host and port are compared, as Django's CSRF protection does.
"""

import logging
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.http import is_same_domain

from livecomp.conf import settings

logger = logging.getLogger("livecomp.security")

Scope = dict[str, Any]
DEFAULT_PORTS = {"http": 80, "https": 443}


class Handshake(HttpRequest):
    """The request of a handshake, for Django's own rules on hosts and proxies."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self._secure = scope.get("scheme") in ("wss", "https")
        for name, value in scope["headers"]:
            key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            text = value.decode("latin-1")
            self.META[key] = f"{self.META[key]},{text}" if key in self.META else text
        server = scope.get("server") or ("", None)
        self.META["SERVER_NAME"] = server[0] or "unknown"
        self.META["SERVER_PORT"] = str(server[1] or 0)

    def _get_scheme(self) -> str:
        return "https" if self._secure else "http"


def is_allowed(scope: Scope) -> bool:
    """Whether a handshake comes from a page of this site, or of ``ALLOWED_ORIGINS``. The refusal is logged with its fix."""
    handshake = Handshake(scope)
    given = handshake.META.get("HTTP_ORIGIN", "")
    origin = _parsed(given.lower())
    try:
        own = f"{handshake.scheme}://{handshake.get_host()}"
    except DisallowedHost as error:
        logger.warning("Live connection refused: %s", error)
        return False
    if origin is not None and (origin == _parsed(own.lower()) or _is_listed(origin)):
        return True
    logger.warning(
        "Live connection from origin %r refused, the page is served as %r. If they are the same site, tell Django of the "
        "proxy in front (SECURE_PROXY_SSL_HEADER, USE_X_FORWARDED_HOST), or add the origin to LIVECOMP['ALLOWED_ORIGINS'].",
        given[:200],
        own,
    )
    return False


def _parsed(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a lower-case origin; None for everything that is not exactly one."""
    try:
        parts = urlsplit(origin)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if not parts.hostname or f"{parts.scheme}://{parts.netloc}" != origin or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port


def _is_listed(origin: tuple[str, str, int]) -> bool:
    listed = [*settings.allowed_origins, *django_settings.CSRF_TRUSTED_ORIGINS]
    return any(_matches(origin, entry) for entry in listed)


def _matches(origin: tuple[str, str, int], entry: str) -> bool:
    """``entry`` is an origin, or has a wildcard for its subdomains: ``https://*.example.com``."""
    scheme, separator, host = entry.partition("://*.")
    if not separator:
        return origin == _parsed(entry.lower())
    wanted = _parsed(f"{scheme}://{host}".lower())
    if wanted is None:
        return False
    return (origin[0], origin[2]) == (wanted[0], wanted[2]) and is_same_domain(origin[1], f".{wanted[1]}")
