"""What `lazy` and `defer` place: a placeholder, until it is time for the component itself."""

from typing import Any

from livecomp import auth, registry
from livecomp.component import LiveComponent
from livecomp.events import event
from livecomp.state import state


class Left(LiveComponent):
    """Stands where a component asked for a redirect when it was mounted: the visitor is on the way to another page."""

    name = "livecomp.left"
    template = "<span hidden></span>"


class Refused(LiveComponent):
    """Stands where a shared component is that the visitor may not see any more."""

    name = "livecomp.refused"
    template = "<span hidden></span>"

    def has_permission(self) -> bool:
        return False


class Later(LiveComponent):
    """Stands for a component that is mounted when it is scrolled to (``lazy``) or right after the page is live
    (``defer``). It is nobody's parent: `LiveComponent.parent` of what it holds is the component around it.
    """

    name = "livecomp.later"
    template = (
        "{% load livecomp %}"
        """<div class="live-later"{% if later_when == "lazy" and not is_shown %} live-intersect="show"{% endif %}>"""
        "{% if is_shown %}{% live_component later_name ...arguments %}{% else %}{{ fills.placeholder }}{% endif %}"
        "</div>"
    )
    _is_transparent = True

    later_name: str
    later_when: str
    arguments: dict[str, Any] = state({})
    is_shown: bool = False

    def mount(self, later_name: str, later_when: str, **arguments: Any) -> None:
        auth.check(registry.get(later_name), self.request, self._live.page.turn.verdicts)
        self.later_name, self.later_when, self.arguments = later_name, later_when, arguments
        if later_when == "defer":
            self.send_after(0, "show")

    def updated(self, later_name: str = "", later_when: str = "", **changed: Any) -> None:
        self.arguments |= changed

    @event
    def show(self) -> None:
        self.is_shown = True
