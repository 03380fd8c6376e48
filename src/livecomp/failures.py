"""What stands in a component's place when it failed, or may not be seen; and how a failure is reported."""

import logging
import traceback
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import gettext

from livecomp import auth, notices, standing, tracing
from livecomp.constants import ADDRESS
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted
from livecomp.templating import RenderMemory

if TYPE_CHECKING:
    from livecomp.page import LivePage

logger = logging.getLogger("livecomp")


def show_failure(mounted: Mounted, error: BaseException, doing: str) -> str:
    """Log an exception and make the component's error boundary of it. Gives the failure's id, for a report."""
    failure = report(mounted, error, doing)
    mounted.failure = _failure_boundary(mounted.component.name, failure, error)
    mounted.is_refused = False
    _forget_html(mounted)
    return failure


def shared_failure(page: "LivePage", name: str, error: Exception) -> str:
    """Log that there is no HTML of a shared component for this page, and make its error boundary."""
    return _failure_boundary(name, report_page(page, error, name), error)


def show_error(mounted: Mounted, error: BaseException, doing: str) -> None:
    """Have the component's place say what an exception of its own code means."""
    if isinstance(error, (Refused, PermissionDenied)):
        show_refusal(mounted)
    else:
        show_failure(mounted, error, doing)


def show_refusal(mounted: Mounted) -> None:
    """Have the component's place say that the visitor may not see it."""
    mounted.failure = refusal(mounted.component.name)
    mounted.is_refused = True
    standing.leave_presence(mounted.page, mounted.id)
    _forget_html(mounted)


def _forget_html(mounted: Mounted) -> None:
    """The browser has nothing of it, and what its children have ready may be old when it comes back."""
    mounted.memory = RenderMemory()
    standing.forget_html_within(mounted.page, mounted.id)


def is_refused(mounted: Mounted) -> bool:
    """Ask the guard before anything of the component is shown; where it refuses, a notice stands in its place. What the
    guard raises besides comes through."""
    try:
        auth.guard(mounted)
    except Refused:
        if mounted.failure is None or not (mounted.broken or mounted.is_refused):
            show_refusal(mounted)
        return True
    return False


def has_other_access(mounted: Mounted) -> bool:
    """Whether the guard would say something else than what its place shows. False where the guard cannot tell."""
    if not auth.is_restricted(mounted.component):
        return mounted.is_refused
    try:
        auth.guard(mounted)
    except Refused:
        return not mounted.is_refused
    except Exception:
        return False
    return mounted.is_refused


def notice_patches(mounted: Mounted) -> list[tuple[str, str]]:
    """The patch that shows the notice in the component's place; none where the browser has it."""
    if mounted.noticed == mounted.failure:
        return []
    mounted.noticed = mounted.failure
    return [failure_patch(mounted)]


def refusal(name: str) -> str:
    """The notice that a visitor may not see a component of this name."""
    return _boundary(component=name, is_refused=True)


def _failure_boundary(name: str, failure: str, error: BaseException) -> str:
    text = "".join(traceback.format_exception(error)) if settings.DEBUG else ""
    return _boundary(component=name, failure=failure, traceback=text, debug=settings.DEBUG)


def _boundary(**details: Any) -> str:
    try:
        text = render_to_string("livecomp/error.html", details).strip()
    except Exception:  # the project's own template
        logger.exception("livecomp/error.html could not be rendered.")
        failure = details.get("failure")
        words = notices.failed(failure) if failure else gettext("You are not allowed to see this.")
        text = f"{escape(words)}<!-- {escape(details['component'])} -->"
    return f"<livecomp-error>{text}</livecomp-error>"


def failure_of(mounted: Mounted, error: Exception, doing: str) -> str:
    """Report an exception, unless it is a refusal, which is no fault. Gives the id to look for in the log."""
    return "" if isinstance(error, (Refused, PermissionDenied)) else report(mounted, error, doing)


def report(mounted: Mounted, error: BaseException, doing: str) -> str:
    """Log an exception with the component's name, and tell Django's signal that error trackers listen to."""
    return _report(mounted.page, error, type(mounted.component), f"{mounted.component.name}.{doing}")


def report_page(page: "LivePage", error: BaseException, doing: str) -> str:
    """As `report`, for what belongs to no component."""
    return _report(page, error, type(page), f"The page {page.url}: {doing}")


def _report(page: "LivePage", error: BaseException, sender: type, what: str) -> str:
    failure = uuid.uuid4().hex[:8]
    try:
        raise error  # error trackers look at the exception that is being handled, and a task's was raised elsewhere
    except BaseException:
        try:
            tracing.record(error)
            logger.error("%s failed (%s)", what, failure, exc_info=error)
            for receiver, raised in got_request_exception.send_robust(sender=sender, request=page.request):
                if raised is not None:
                    logger.error("%r, a receiver of got_request_exception, failed", receiver, exc_info=raised)
        except Exception:
            logger.exception("A failure could not be reported.")
    return failure


def failure_patch(mounted: Mounted) -> tuple[str, str]:
    """The error boundary in place of the component."""
    return f"{mounted.id}.0", mounted.failure or ""


def with_address(html: str, component_id: str) -> str:
    """The notice as an element that patches find."""
    return html.replace("<livecomp-error>", f'<livecomp-error {ADDRESS}="{component_id}.0">', 1)
