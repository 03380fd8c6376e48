"""`live_application`: what goes where."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from django.core.asgi import get_asgi_application
from django.test import override_settings

from livecomp.asgi import live_application
from livecomp.routing import websocket_urlpatterns
from tests.sockets import HEADERS

ROOT = Path(__file__).parent.parent
DOCUMENTED = ["README.md", "docs/howto/install.md", "docs/tutorial/counter.md"]


@pytest.mark.parametrize("page", DOCUMENTED)
@pytest.mark.parametrize("exported", [True, False])
def test_the_documented_asgi_py_works_where_nothing_has_set_django_up(
    page: str, exported: bool, tmp_path: Path
) -> None:
    """As a server imports it, which is not what runserver and this test process do."""
    (source,) = re.findall(r"^(import os\n.*?live_application\(.*?)```", (ROOT / page).read_text(), re.DOTALL | re.M)
    (package,) = re.findall(r'"(\w+)\.settings"', source)
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    (tmp_path / package / "settings.py").write_text("from tests.settings import *\n")
    (tmp_path / package / "asgi.py").write_text(source)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT), str(ROOT / "src")])}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    if exported:
        environment["DJANGO_SETTINGS_MODULE"] = f"{package}.settings"
    script = f"from {package}.asgi import application; print(callable(application))"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def communicator(application: Any, path: str, **scope: Any) -> WebsocketCommunicator:
    made = WebsocketCommunicator(application, path, headers=HEADERS)
    made.scope.update(scope)
    return made


async def is_accepted(application: Any, path: str, **scope: Any) -> bool:
    made = communicator(application, path, **scope)
    accepted, _ = await made.connect(5)
    if accepted:
        await made.disconnect(timeout=5)
    return bool(accepted)


@pytest.mark.parametrize(
    ("path", "scope", "accepted"),
    [
        ("/livecomp/ws", {}, True),
        ("/sub/livecomp/ws", {"root_path": "/sub"}, True),
        ("/sub/livecomp/ws", {"root_path": "/sub/"}, True),
        ("/livecomp/ws", {"root_path": "/sub"}, True),
        ("/livecomp/ws/", {}, False),
        ("/livecomp", {}, False),
        ("/other/livecomp/ws", {}, False),
        ("/sub/livecomp/ws", {}, False),
        ("/", {}, False),
    ],
)
async def test_the_websocket_has_one_path_below_the_script_name(
    path: str, scope: dict[str, Any], accepted: bool
) -> None:
    assert await is_accepted(live_application(get_asgi_application()), path, **scope) is accepted


@override_settings(LIVECOMP={"PATH": "/live/socket"})
async def test_the_path_is_a_setting() -> None:
    assert await is_accepted(live_application(get_asgi_application()), "/live/socket")
    assert not await is_accepted(live_application(get_asgi_application()), "/livecomp/ws")


@override_settings(FORCE_SCRIPT_NAME="/sub")
async def test_a_forced_script_name_counts() -> None:
    assert await is_accepted(live_application(get_asgi_application()), "/sub/livecomp/ws")


async def test_a_foreign_websocket_is_answered_with_404_where_the_server_can() -> None:
    extensions = {"websocket.http.response": {}}
    made = communicator(live_application(get_asgi_application()), "/else", extensions=extensions)
    await made.send_input({"type": "websocket.connect"})
    assert (await made.receive_output())["status"] == 404


async def test_foreign_websockets_can_have_their_own_application() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "theirs"})

    made = communicator(live_application(get_asgi_application(), websocket=echo), "/else")
    assert await made.connect() == (True, "theirs")


async def test_t42_a_page_of_another_site_is_refused_at_the_handshake() -> None:
    made = communicator(live_application(get_asgi_application()), "/livecomp/ws")
    made.scope["headers"] = [(b"host", b"testserver"), (b"origin", b"https://evil.com")]
    assert (await made.connect())[0] is False


async def test_the_url_patterns_fit_a_router_of_the_project() -> None:
    assert await is_accepted(URLRouter(websocket_urlpatterns), "/livecomp/ws")


async def test_http_goes_to_django() -> None:
    scope = {"type": "http", "method": "GET", "path": "/nowhere", "headers": HEADERS, "query_string": b""}
    made = ApplicationCommunicator(live_application(get_asgi_application()), scope)
    await made.send_input({"type": "http.request", "body": b""})
    assert (await made.receive_output(10))["status"] == 404
    assert (await made.receive_output(10))["type"] == "http.response.body"


# Lifespan


async def live_through(application: Any) -> list[str]:
    """Start and stop a server; gives the answers."""
    made = ApplicationCommunicator(live_application(application), {"type": "lifespan"})
    await made.send_input({"type": "lifespan.startup"})
    answers = [(await made.receive_output(5))["type"]]
    await made.send_input({"type": "lifespan.shutdown"})
    answers.append((await made.receive_output(5))["type"])
    await made.wait(5)
    return answers


ANSWERS = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_lifespan_with_django_which_knows_none() -> None:
    assert await live_through(get_asgi_application()) == ANSWERS


async def test_lifespan_with_an_application_that_fails_after_reading() -> None:
    async def careless(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ValueError("no lifespan here")

    assert await live_through(careless) == ANSWERS


async def test_lifespan_with_an_application_that_serves_it() -> None:
    told: list[str] = []

    async def own(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            told.append((await receive())["type"])
            await send({"type": f"{told[-1]}.complete"})

    assert await live_through(own) == ANSWERS
    assert told == ["lifespan.startup", "lifespan.shutdown"]


async def test_the_shutdown_closes_what_is_open() -> None:
    application = live_application(get_asgi_application())
    lifespan = ApplicationCommunicator(application, {"type": "lifespan"})
    await lifespan.send_input({"type": "lifespan.startup"})
    await lifespan.receive_output(5)
    socket = communicator(application, "/livecomp/ws")
    assert (await socket.connect(5))[0]
    await lifespan.send_input({"type": "lifespan.shutdown"})
    assert await socket.receive_output(5) == {
        "type": "websocket.close",
        "code": 1012,
        "reason": "the server restarts",
    }
    await lifespan.receive_output(5)
    await lifespan.wait(5)
    await asyncio.wait_for(socket.future, 5)
