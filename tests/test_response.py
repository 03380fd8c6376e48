"""livecomp.response: the HTTP response around live components."""

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import path

from livecomp import LiveComponent
from livecomp.asgi import live_application

pytestmark = pytest.mark.urls(__name__)


class SentAway(LiveComponent):
    template = "<p>for the owner only</p>"

    def mount(self) -> None:
        self.redirect("/lögin/")


class ForAnyone(LiveComponent):
    template = "<p>for anyone</p>"


def _page(request: HttpRequest, name: str, cache_control: str = "") -> HttpResponse:
    source: Any = engines["django"].from_string("{% load livecomp %}<h1>Page</h1>{% live_component name %}")
    response = HttpResponse(source.render({"name": name}, request))
    response.set_cookie("kept", "1")
    if cache_control:
        response["Cache-Control"] = cache_control
    return response


urlpatterns = [
    path("guarded/", lambda request: _page(request, "sent_away")),
    path("json/", lambda request: JsonResponse({"html": _page(request, "sent_away").content.decode()})),
    path("open/", lambda request: _page(request, "for_anyone")),
    path("public/", lambda request: _page(request, "for_anyone", "public, max-age=60, s-maxage=600")),
    path("own/", lambda request: _page(request, "for_anyone", "no-store")),
    path("plain/", lambda request: HttpResponse("plain", headers={"Cache-Control": "public"})),
]


async def answer(url: str) -> tuple[int, dict[str, str], str]:
    scope = {"type": "http", "method": "GET", "path": url, "query_string": b"", "headers": [(b"host", b"testserver")]}
    communicator = ApplicationCommunicator(live_application(get_asgi_application()), scope)
    await communicator.send_input({"type": "http.request", "body": b""})
    start = await communicator.receive_output(5)
    body = await communicator.receive_output(5)
    await communicator.wait(5)
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"].decode()


async def test_through_the_tag_a_redirect_in_mount_is_the_response() -> None:
    status, headers, body = await answer("/guarded/")
    assert (status, headers["location"], body) == (302, "/l%C3%B6gin/", "")
    assert headers["set-cookie"].startswith("kept=1")
    assert headers["content-length"] == "0"


async def test_what_is_no_page_stays_what_it_is() -> None:
    status, headers, body = await answer("/json/")
    assert (status, "location" in headers) == (200, False)
    assert "only" not in body


@pytest.mark.parametrize(
    ("url", "expected"),
    [("/open/", "private"), ("/public/", "max-age=60, private"), ("/own/", "no-store"), ("/plain/", "public")],
)
async def test_a_page_with_live_components_is_kept_by_no_shared_cache(url: str, expected: str) -> None:
    assert (await answer(url))[1]["cache-control"] == expected
