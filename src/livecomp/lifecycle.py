"""The calls of a component's life: `mount`, `updated`, `resumed`. One that fails has not happened.

On the WebSocket the failure of the first two, or the guard's refusal, is shown in the component's place, and the component is
*broken*: nothing of it is shown or called until its parent gives it another try. Over HTTP it comes through, as from any view.
"""

from collections.abc import Mapping
from typing import Any

from livecomp import auth, notices
from livecomp.exceptions import ComponentError, Refused
from livecomp.failures import report, show_error
from livecomp.mounted import Mounted
from livecomp.raised import contained


def mount(mounted: Mounted, arguments: Mapping[str, Any]) -> bool:
    """Mount a component that is in its place. False when it asked for a redirect.

    The fields with ``url=`` have their values before mount() runs; what reads them sees the arguments."""
    page = mounted.page
    try:
        auth.guard(mounted)
        if mounted.component.url_fields:
            with contained:
                page.read_url(mounted, arguments)
        return page.stays(
            lambda: page.collect_effects(mounted, lambda: page.try_out(lambda: mounted.component.mount(**arguments)))
        )
    except ComponentError:
        raise
    except Exception as error:
        if not page.is_live:
            raise
        _break(mounted, "mount", error)
        return True


def update(child: Mounted, changed: dict[str, Any]) -> None:
    """Give a child its new arguments; it is rendered after its parent."""
    page = child.page
    if child.broken:
        child.broken = ""
        page.turn.verdicts.clear()  # its children were refused with it
    try:
        auth.guard(child)
        page.try_out(lambda: child.component.updated(**changed))
    except Exception as error:
        _break(child, "updated", error)
    page.dirty.add(child.id)


def resume(mounted: Mounted) -> None:
    """Tell a component that its page is back. One that fails at it is shown with the state that it had, whatever else has to
    be rendered in this process, and the visitor is told."""
    try:
        auth.guard(mounted)
    except Refused:
        return  # shown by the render that follows
    except Exception:  # it stays as it is until the guard can tell
        mounted.must_resume = True
        mounted.page.dirty.add(mounted.id)
        return
    if mounted.is_withheld:
        return
    mounted.must_resume = False
    try:
        mounted.page.try_out(mounted.component.resumed)
    except Exception as error:
        failure = report(mounted, error, "resumed")
        mounted.page.flash("error", notices.failure_text(error, failure))


def _break(mounted: Mounted, what: str, error: Exception) -> None:
    mounted.page.note(mounted)
    mounted.broken = what
    mounted.page.turn.verdicts.pop(mounted.id, None)
    show_error(mounted, error, what)
