"""Shared components in tests: each lives once, while any page of the test shows it."""

from __future__ import annotations

from functools import partial

from livecomp import inputs, sharing
from livecomp.effects import Attach
from livecomp.rendering import without_address
from livecomp.shared import Key
from livecomp.testing.driver import Clock, Message, PageDriver

at_work: dict[str, SharedDriver] = {}
"""The shared components of the running test, by id."""


def attach(viewer: PageDriver, output: Attach) -> None:
    """A page shows a shared component. What it misses comes when the server is done with the page's own message."""
    driver = at_work.get(output.key.id)
    if driver is None:
        driver = at_work[output.key.id] = SharedDriver(output.key, viewer.clock)
    driver.viewers.add(viewer)
    viewer.turn(partial(driver.catch_up, viewer, output.digest))


def detach(viewer: PageDriver, id: str) -> None:
    """A page does not show it any more. With the last one the component ends."""
    driver = at_work.get(id)
    if driver is None:
        return
    driver.viewers.discard(viewer)
    if not driver.viewers:
        del at_work[id]
        driver.close()


class SharedDriver(PageDriver):
    """Drives one shared component. Its timers follow the clock of the first page that shows it."""

    def __init__(self, key: Key, clock: Clock) -> None:
        self.key = key
        self.viewers: set[PageDriver] = set()
        page = sharing.SharedPage(key)
        super().__init__(page, clock, self._to_all, lambda job: job())
        sharing.living[key.id] = page

    def catch_up(self, viewer: PageDriver, digest: str) -> None:
        """Gives a page the present HTML, unless it has it."""
        if viewer not in self.viewers:
            return
        self.give(inputs.Whole())
        while self.run_task():
            pass
        rendered = self.rendered
        assert rendered is not None
        patches = (
            [[f"{self.key.id}.0", without_address(rendered.html, self.key.id)]] if rendered.digest != digest else []
        )
        viewer.receive(["shared", self.key.id, rendered.version, patches, True])

    def close(self) -> None:
        """Nobody looks at it any more."""
        super().close()
        if sharing.living.get(self.key.id) is self.page:
            del sharing.living[self.key.id]

    def _to_all(self, message: Message) -> None:
        for viewer in tuple(self.viewers):
            viewer.turn(partial(self._to_one, viewer, message))

    def _to_one(self, viewer: PageDriver, message: Message) -> None:
        if viewer in self.viewers:
            viewer.receive(message)
