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
from livecomp.synchronous import call_to_end
from livecomp.values import copy_arguments


def mount(mounted: Mounted, arguments: Mapping[str, Any]) -> bool:
    """Mount a component that is in its place. False when it asked for a redirect.

    The fields with ``url=`` have their values before mount() runs; what reads them, and the guard, see the arguments. The
    guard is asked again after it."""
    page = mounted.page
    try:
        arguments = copy_arguments(arguments)
        ask_before(mounted, arguments)
        return page.try_out(lambda: _set_up(mounted, arguments), notes_fields=True)
    except ComponentError:
        raise
    except Exception as error:
        if not page.is_live:
            raise
        _break(mounted, "mount", error)
        return True


def _set_up(mounted: Mounted, arguments: Mapping[str, Any]) -> None:
    page = mounted.page
    page.collect_effects(
        mounted, lambda: page.mount_at_url(mounted, arguments, lambda: _call(mounted, "mount", arguments))
    )


def update(child: Mounted, changed: dict[str, Any]) -> None:
    """Give a child its new arguments; it is rendered after its parent."""
    page, changed = child.page, copy_arguments(changed)
    if child.broken:
        child.broken = ""
        page.turn.verdicts.clear()  # its children were refused with it
    try:
        ask_before(child, changed)
        page.try_out(lambda: _call(child, "updated", changed), notes_fields=True)
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
        mounted.page.try_out(lambda: call_to_end(mounted.component, "resumed", {}), notes_fields=True)
    except Exception as error:
        failure = report(mounted, error, "resumed")
        mounted.page.flash("error", notices.failure_text(error, failure))
    auth.forget_rule(mounted)  # it is asked again before anything is shown


def ask_before(mounted: Mounted, arguments: Mapping[str, Any]) -> None:
    """Ask the guard before mount() or updated(). The component's own rule sees what these are going to get."""
    if not auth.has_rule(mounted.component):
        return auth.guard(mounted)
    auth.forget_rule(mounted)
    with mounted.page.seeing(mounted, arguments):
        auth.guard(mounted)


def _call(mounted: Mounted, method: str, arguments: Mapping[str, Any]) -> None:
    """Call mount() or updated(), and ask the guard about the state that it leaves."""
    call_to_end(mounted.component, method, arguments)
    mounted.page.promises.require_begun()
    if auth.has_rule(mounted.component) and not mounted.page.leaving:
        auth.forget_rule(mounted)
        auth.guard(mounted)


def _break(mounted: Mounted, what: str, error: Exception) -> None:
    mounted.page.note(mounted)
    mounted.broken = what
    mounted.page.turn.verdicts.pop(mounted.id, None)
    show_error(mounted, error, what)
