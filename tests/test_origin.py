"""Which pages may open a live connection."""

import logging
from typing import Any

import pytest
from django.test import override_settings

from livecomp.origin import is_allowed


def scope(origin: str | None, host: str = "example.com", scheme: str = "wss", **headers: str) -> dict[str, Any]:
    pairs = [(b"host", host.encode())]
    if origin is not None:
        pairs.append((b"origin", origin.encode()))
    pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "websocket", "scheme": scheme, "headers": pairs, "server": ("10.0.0.1", 8000)}


@pytest.fixture(autouse=True)
def hosts() -> Any:
    with override_settings(ALLOWED_HOSTS=["example.com", ".example.org", "xn--bcher-kva.example", "[::1]"]):
        yield


@pytest.mark.parametrize(
    "given",
    [
        scope("https://example.com"),
        scope("https://EXAMPLE.com"),
        scope("https://example.com", host="EXAMPLE.COM"),
        scope("https://example.com:443"),
        scope("https://example.com", host="example.com:443"),
        scope("http://example.com:8000", host="example.com:8000", scheme="ws"),
        scope("https://sub.example.org", host="sub.example.org"),
        scope("https://xn--bcher-kva.example", host="xn--bcher-kva.example"),
        scope("http://[::1]:8000", host="[::1]:8000", scheme="ws"),
    ],
)
def test_t42_the_pages_own_origin_is_allowed(given: dict[str, Any]) -> None:
    assert is_allowed(given)


@pytest.mark.parametrize(
    "given",
    [
        scope(None),
        scope(""),
        scope("null"),
        scope("https://evil.com"),
        scope("http://example.com"),
        scope("https://example.com", scheme="ws"),
        scope("https://example.com:8443"),
        scope("https://example.com", host="example.com:8443"),
        scope("https://evilexample.com"),
        scope("https://example.com.evil.com"),
        scope("https://example.com."),
        scope("https://sub.example.com"),
        scope("https://bücher.example", host="xn--bcher-kva.example"),
        scope("https://evil@example.com"),
        scope("https://example.com/"),
        scope("https://example.com/path"),
        scope("https://example.com?x"),
        scope("https://example.com:abc"),
        scope("https://example.com:99999"),
        scope("https://[::1"),
        scope("https://example.com, https://evil.com"),
        scope("https://example.com https://evil.com"),
        scope("https://example.com\n"),
        scope("ftp://example.com"),
        scope("file://"),
        scope("https://evil.com", host="evil.com"),
    ],
)
def test_t42_every_other_origin_is_refused(given: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert not is_allowed(given)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("livecomp.security", logging.WARNING)


def test_t42_two_origin_headers_are_refused() -> None:
    given = scope("https://example.com")
    given["headers"].append((b"origin", b"https://evil.com"))
    assert not is_allowed(given)


@override_settings(ALLOWED_HOSTS=["*"])
def test_t43_with_every_host_allowed_origin_still_has_to_equal_host() -> None:
    assert is_allowed(scope("https://anything.com", host="anything.com"))
    assert not is_allowed(scope("https://evil.com", host="anything.com"))


def test_t44_forwarded_headers_count_only_when_django_trusts_them() -> None:
    tls_ends_before = scope("https://example.com", scheme="ws", x_forwarded_proto="https")
    other_host = scope("https://example.com", host="10.0.0.1", x_forwarded_host="example.com")
    forged = scope("https://evil.com", x_forwarded_host="evil.com")
    assert not is_allowed(tls_ends_before)
    assert not is_allowed(other_host)
    assert not is_allowed(forged)
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        assert is_allowed(tls_ends_before)
    with override_settings(USE_X_FORWARDED_HOST=True):
        assert is_allowed(other_host)
        assert not is_allowed(forged)  # not one of ALLOWED_HOSTS


@pytest.mark.parametrize(
    ("entry", "origin", "allowed"),
    [
        ("https://app.example.net", "https://app.example.net", True),
        ("https://app.example.net", "http://app.example.net", False),
        ("https://app.example.net:8443", "https://app.example.net:8443", True),
        ("https://*.example.net", "https://a.example.net", True),
        ("https://*.example.net", "https://a.b.example.net", True),
        ("https://*.example.net", "https://evilexample.net", False),
        ("https://*.example.net", "http://a.example.net", False),
        ("nonsense", "https://a.example.net", False),
    ],
)
def test_t44_listed_origins(entry: str, origin: str, allowed: bool) -> None:
    with override_settings(LIVECOMP={"ALLOWED_ORIGINS": [entry]}):
        assert is_allowed(scope(origin)) is allowed
    with override_settings(CSRF_TRUSTED_ORIGINS=[entry]):
        assert is_allowed(scope(origin)) is allowed
