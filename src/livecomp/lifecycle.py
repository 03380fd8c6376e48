"""The calls of a component's life: `mount`, `updated`, `resumed`. One that fails has not happened.

On the WebSocket the failure, or the guard's refusal, is shown in the component's place, and the component is *broken*:
nothing of it is shown or called until its parent gives it another try. Over HTTP it comes through, as from any view.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied

from livecomp import auth
from livecomp.exceptions import ComponentError, Refused
from livecomp.failures import show_failure, show_refusal
from livecomp.mounted import Mounted


def mount(mounted: Mounted, call: Callable[[], object]) -> bool:
    """Mount a component that is in its place, with ``call``. False when it asked for a redirect."""
    page = mounted.page
    try:
        auth.guard(mounted)
        return page.stays(lambda: page.try_out(lambda: page.mount_at_url(mounted, call)))
    except ComponentError:
        raise
    except Exception as error:
        if not page.connected:
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
    """Tell a component that its page is back."""
    try:
        auth.guard(mounted)
        mounted.page.try_out(mounted.component.resumed)
    except Refused:
        pass  # shown by the render that follows
    except Exception as error:
        show_failure(mounted, error, "resumed")


def _break(mounted: Mounted, what: str, error: Exception) -> None:
    mounted.broken = what
    mounted.page.turn.verdicts.pop(mounted.id, None)
    if isinstance(error, (Refused, PermissionDenied)):
        show_refusal(mounted)
    else:
        show_failure(mounted, error, what)
