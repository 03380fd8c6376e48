"""Who has a place open: a row for each guest, kept fresh by the open page, forgotten when it falls silent."""

from datetime import timedelta

from livecomp import LiveComponent, event, every, on, state

from .models import Presence

BEAT = 2.0  # seconds between two signs of life
SILENCE = timedelta(seconds=5)  # after which somebody is gone


class WithPresence(LiveComponent):
    """A component that knows who else has it open. Its root element says `live-init="arrive"`."""

    author: str
    present: list[str] = state([])

    @property
    def place(self) -> str:
        """Name of what is open, such as `room:lobby`."""
        raise NotImplementedError

    @event
    def arrive(self) -> None:
        Presence.refresh(self.place, self.author)
        self.look_around()
        self.publish(f"presence:{self.place}")

    @on("presence:{place}")
    def look_around(self, message: None = None) -> None:
        self.present = Presence.names(self.place, SILENCE)

    @every(seconds=BEAT)
    def stay(self) -> None:
        before = self.present
        Presence.refresh(self.place, self.author)
        self.look_around()
        if self.present == before:
            self.skip_render()
