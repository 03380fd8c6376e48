"""Every exception that livecomp raises on purpose.

LivecompError
 ├── ComponentError       a component class is declared wrongly   (also ImproperlyConfigured)
 ├── UnknownComponent     no component is registered by that name (also LookupError)
 ├── TemplateError        a live template cannot be compiled      (also TemplateSyntaxError)
 ├── ProtocolError        a frame from the browser is malformed
 ├── TokenRefused         a page token is forged, stale or somebody else's
 ├── SessionIsReadOnly    the session of a live page was written  (also RuntimeError)
 └── Refused              one message from the browser is answered with an error
"""

from django.core.exceptions import ImproperlyConfigured
from django.template import TemplateSyntaxError

from livecomp.constants import CloseCode, ErrorCode


class LivecompError(Exception):
    """Base of all of livecomp's own exceptions."""


class ComponentError(LivecompError, ImproperlyConfigured):
    """A component class is declared in a way that cannot work; the message tells the fix."""


class UnknownComponent(LivecompError, LookupError):
    """No component is registered by this name; the message lists near ones."""


class TemplateError(LivecompError, TemplateSyntaxError):
    """A live template cannot be compiled; the message names the template and the line."""


class ProtocolError(LivecompError):
    """A frame is not JSON, or not one of the protocol's messages."""


class TokenRefused(LivecompError):
    """A token is not valid for this visitor. ``code`` tells the client whether a reload helps, ``component`` is the id that
    the token names, where that is known."""

    def __init__(self, message: str, code: CloseCode = CloseCode.VERSION_CHANGED, component: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.component = component


class SessionIsReadOnly(LivecompError, RuntimeError):
    """A handler of a live page wrote to the session, signed somebody in or out."""

    def __init__(self) -> None:
        super().__init__(
            "The session cannot be written on a live connection, which has no response to carry its cookie: what was "
            "written would be lost, and so would login() and logout(). Do it in an ordinary view, and go there with a form "
            "or with self.redirect(…); or keep the value in the component's state, or in the database."
        )


class TaskLost(LivecompError):
    """A page is back, and a task of `LiveComponent.start_task` that it had is not here any more: its process has ended, or
    the page has come to another one, or was away for too long. Whether the task has done its work is not known."""

    def __init__(self) -> None:
        super().__init__("The page is back without its task: whether that has done its work is not known.")


class Refused(LivecompError):
    """One message of the browser is refused. ``code`` goes to the client together with the message, and with the name of
    the field or argument that it is about, if it is about one."""

    def __init__(self, code: ErrorCode, message: str, field: str = "") -> None:
        super().__init__(str.__str__(message))
        self.code = code
        self.field = field
