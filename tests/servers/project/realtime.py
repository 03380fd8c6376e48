"""Components of the test servers that many look at: presence, shared components, watched models, work elsewhere."""

from typing import Any, ClassVar

from livecomp import LiveComponent, event, on
from livecomp.presence import Present
from tests.servers.project.models import Tally


class Lobby(LiveComponent):
    """Who is here."""

    template = '<p id="people">{% for each in people %}{{ each.name }}×{{ each.count }} {% endfor %}.</p>'

    def mount(self) -> None:
        self.join_presence("lobby")

    @property
    def people(self) -> list[Present]:
        return self.presence("lobby")


class Board(LiveComponent, shared=True):
    """One number for all."""

    template = '<div><p id="number">{{ number }}</p></div>'

    @property
    def number(self) -> int:
        return Tally.objects.filter(name="point").count()

    @on("board")
    def changed(self, message: Any) -> None:
        """Rendered again."""


class Watched(LiveComponent):
    """The rows of a model, rendered again for each committed change."""

    template = '<p id="watched">{{ rows }} rows</p>'
    watch = [Tally]
    renders: ClassVar[int] = 0

    @property
    def rows(self) -> int:
        Watched.renders += 1
        return Tally.objects.count()


class Export(LiveComponent):
    """Shows how far a worker in another process is."""

    template = '<div><progress max="5" value="{{ step }}"></progress><p>{{ step }} of 5</p></div>'
    job: str = "1"
    step: int = 0

    @event
    def start(self) -> None:
        from tests.servers.project.celery import export

        export.delay(self.job)

    @on("export:{job}")
    def went_on(self, step: Any) -> None:
        self.step = step or self.step
