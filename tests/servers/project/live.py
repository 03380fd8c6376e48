"""Components of the test servers."""

import asyncio
import time
from typing import Any

from livecomp import LiveComponent, event, every, on, state
from tests.servers.project import realtime  # noqa: F401 (more components)
from tests.servers.project.models import Latest, Tally


class Counting(LiveComponent):
    """A counter whose handlers take their time."""

    template = '<div><b id="count">{{ count }}</b><input live-model="text" value="{{ text }}"></div>'
    count: int = 0
    hidden: int = 0
    text: str = state("", bind=True)

    @event
    def add(self, by: int = 1) -> None:
        self.count += by

    @event
    def tally(self, name: str, seconds: float = 0.0) -> None:
        """Leaves a row for each run."""
        time.sleep(seconds)
        Tally.objects.create(name=name)
        self.count += 1

    @event(once=True)
    def tally_once(self, name: str, seconds: float = 0.0) -> None:
        Tally.objects.create(name=name)
        time.sleep(seconds)
        self.count += 1

    @event
    async def tally_later(self, name: str, seconds: float = 0.0) -> None:
        await asyncio.sleep(seconds)
        await Tally.objects.acreate(name=name)
        self.count += 1

    @event
    def begin(self, name: str, seconds: float) -> None:
        """Leaves a row at its beginning."""
        Tally.objects.create(name=name)
        time.sleep(seconds)

    @event
    async def begin_later(self, name: str, seconds: float) -> None:
        await Tally.objects.acreate(name=name)
        await asyncio.sleep(seconds)

    @event
    def meet(self, name: str, size: int) -> None:
        """Ends when so many run at once."""
        Tally.objects.create(name=name)
        deadline = time.monotonic() + 20
        while Tally.objects.filter(name=name).count() < size:
            if time.monotonic() > deadline:
                raise TimeoutError(name)
            time.sleep(0.02)

    @event
    def hide(self) -> None:
        self.hidden += 1

    @event
    def show(self) -> None:
        self.count = self.hidden

    @event
    def slow(self, seconds: float) -> None:
        time.sleep(seconds)
        self.count += 1

    @event
    async def slow_async(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.count += 1


class Telling(LiveComponent):
    """Says things that no render shows."""

    template = "<div>{{ count }}</div>"
    count: int = 0

    @event
    def say(self, text: str, seconds: float = 0.0) -> None:
        time.sleep(seconds)
        self.flash("info", text)
        Tally.objects.create(name=f"said {text}")

    @event
    def begin_to_say(self, name: str, text: str, seconds: float) -> None:
        Tally.objects.create(name=name)
        self.say(text, seconds)

    @event(once=True)
    def pay(self, text: str) -> None:
        Tally.objects.create(name=text)
        self.push_event("paid", text)
        self.redirect("/thanks/")

    @event
    def say_later(self, text: str) -> None:
        self.send_after(0.1, "say", text=text)

    @event
    def add(self) -> None:
        self.count += 1


class Working(LiveComponent):
    """Has a task."""

    template = "<p>{{ told }}</p>"
    told: str = ""

    @event
    def start(self, name: str, seconds: float) -> None:
        self.told = "begun"
        self.start_task(work, name, seconds, then="ended", failed="failed", progress="progress")

    def progress(self, value: str) -> None:
        self.told += f" {value}"

    def ended(self, value: str) -> None:
        self.told += f" {value}"

    def failed(self, error: Exception) -> None:
        self.told += f" {type(error).__name__}"


def work(name: str, seconds: float) -> Any:
    yield "half"
    Tally.objects.create(name=name)
    time.sleep(seconds)
    yield "most"
    return "all"


class Wall(LiveComponent):
    """Shows the latest number, and a lot of filler, for each hint."""

    template = '<div><p id="text">{{ number }} {{ filler }}</p></div>'
    size: int = 10

    @property
    def number(self) -> int:
        latest = Latest.objects.first()
        return latest.number if latest else -1

    @property
    def filler(self) -> str:
        return "x" * self.size

    def mount(self, size: int = 10) -> None:
        self.size = size

    @event
    def grow(self, size: int) -> None:
        self.size = size

    @on("wall")
    def changed(self, message: Any) -> None:
        """Whatever the message says, the database knows better."""


class Tallies(LiveComponent):
    """Shows the database, rendered again for each hint."""

    template = '<p id="tallies">{{ tallies }} after {{ renders }}</p>'
    renders: int = 0

    @property
    def tallies(self) -> int:
        return Tally.objects.count()

    @on("tallies")
    def changed(self, message: Any) -> None:
        self.renders += 1


class Ticking(LiveComponent):
    """A server timer."""

    template = "<p>{{ ticks }}</p>"
    ticks: int = 0

    @every(seconds=0.05)
    def tick(self) -> None:
        self.ticks += 1


class Members(LiveComponent):
    """For signed-in visitors."""

    template = "<p>{{ count }}</p>"
    login_required = True
    count: int = 0

    @event
    def add(self) -> None:
        self.count += 1


class Heavy(LiveComponent):
    """A megabyte of state."""

    template = "<b>{{ count }}</b>"
    count: int = 0
    ballast: str = ""

    def mount(self) -> None:
        self.ballast = "x" * 1_000_000

    @event
    def add(self) -> None:
        self.count += 1


class Asking(LiveComponent):
    """Says who is there, whatever name is asked for."""

    template = "<b>{{ count }}</b>"
    count: int = 0

    @event
    def ask(self, name: str) -> None:
        self.count = len(self.presence(f"people:{name}"))
        self.skip_render()
