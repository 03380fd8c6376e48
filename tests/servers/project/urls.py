"""Pages of the test servers, and views by which a test looks into a server process."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

from django.contrib.auth import alogout, login, logout
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path

from livecomp import publish, publish_batch
from livecomp.counters import counters
from livecomp.runtime.process import Runtime
from livecomp.topics import CONTROL_GROUP
from tests.servers.project.models import Latest, Tally
from tests.servers.project.realtime import Watched


def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page with one component."""
    return render(request, "servers/page.html", {"name": name})


def _unjoined(runtime: Runtime) -> int:
    """How many groups of the channel layer the process wants to be in, and is not yet."""
    link = runtime.hub._link
    return 0 if link is None else len({CONTROL_GROUP, link._own_group, *link._groups} - link._joined)


async def stats(request: HttpRequest) -> JsonResponse:
    """The server process, seen from inside."""
    runtime = Runtime.current()
    loop: Any = asyncio.get_running_loop()
    return JsonResponse(
        {
            "pid": os.getpid(),
            "tasks": len(asyncio.all_tasks()),
            "connections": len(runtime.connections),
            "subscribers": len(runtime.hub.subscribers),
            "topics": len(runtime.hub.topics),
            "pages": len(runtime.pages),
            "counted": len(runtime.counter),
            "timers": len(loop._scheduled) - loop._timer_cancelled_count if hasattr(loop, "_scheduled") else 0,
            "busy": sum(driver._started > 0 for driver in runtime.drivers),
            "unsaved": sum(
                driver._started > 0 or driver._agenda.save_due or driver._saving.timer is not None
                for driver in runtime.drivers
            ),
            "renders": Watched.renders,
            "sent": counters.sent,
            "received": counters.received,
            "unjoined": _unjoined(runtime),
            # Those of the pools stay, and are at most as many as the settings say.
            "threads": sum(not each.name.startswith("livecomp-") for each in threading.enumerate()),
            "kilobytes": int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024,
        }
    )


def send(request: HttpRequest, topic: str) -> HttpResponse:
    """Count up to ``to`` - 1, and tell the topic of each number."""
    for number in range(int(request.GET.get("from", 0)), int(request.GET["to"])):
        Latest.objects.update_or_create(pk=1, defaults={"number": number})
        publish(topic, number)
    return HttpResponse("ok")


def bulk(request: HttpRequest) -> HttpResponse:
    """Save a thousand rows in one transaction, each with its message; roll back if asked to."""
    try:
        with transaction.atomic():
            for number in range(1000):
                Tally.objects.create(name=f"bulk {number}")
                publish("tallies", number)
            if "fail" in request.GET:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    return HttpResponse("ok")


def score(request: HttpRequest, points: int) -> HttpResponse:
    """Add points one by one, and publish each."""
    for _ in range(points):
        Tally.objects.create(name="point")
        publish("board")
    return HttpResponse("ok")


def batch(request: HttpRequest) -> HttpResponse:
    """Publish many messages at once."""
    publish_batch((f"topic {number % 10}", number) for number in range(1000))
    return HttpResponse("ok")


def sign_in(request: HttpRequest, name: str) -> HttpResponse:
    """Sign in as this user."""
    user, _ = User.objects.get_or_create(username=name)
    login(request, user, "django.contrib.auth.backends.ModelBackend")
    return HttpResponse("ok")


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    logout(request)
    return HttpResponse("ok")


def sign_out_slowly(request: HttpRequest) -> HttpResponse:
    """Sign out, and then have more to do. A file tells a test that it has begun."""
    logout(request)
    Path(os.environ["SERVER_DIRECTORY"], "signing-out").touch()
    time.sleep(1)
    return HttpResponse("ok")


@transaction.non_atomic_requests
async def sign_out_async(request: HttpRequest) -> HttpResponse:
    """Sign out on the event loop."""
    await alogout(request)
    return HttpResponse("ok")


def remember(request: HttpRequest) -> HttpResponse:
    """Write the session."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse("ok")


urlpatterns = [
    path("page/<str:name>/", page),
    path("stats/", stats),
    path("send/<str:topic>/", send),
    path("bulk/", bulk),
    path("batch/", batch),
    path("score/<int:points>/", score),
    path("in/<str:name>/", sign_in),
    path("out/", sign_out),
    path("out/slowly/", sign_out_slowly),
    path("out/async/", sign_out_async),
    path("remember/", remember),
]
