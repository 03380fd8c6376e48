"""What a visitor reads when something went wrong: by error code, in the page's language. The texts of errors themselves are
for developers: the browser's console shows them, and `live:error` holds them."""

import functools
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop

from livecomp import locale
from livecomp.raised import text_of
from livecomp.spelling import as_attribute

_FAILED = gettext_noop("Something went wrong.")
_BY_CODE = {
    "protocol": _FAILED,
    "unknown_event": _FAILED,
    "unknown_component": _FAILED,
    "unknown_command": _FAILED,
    "forbidden_field": _FAILED,
    "bad_arguments": gettext_noop("This cannot be done with these values."),
    "forbidden": gettext_noop("You are not allowed to do this."),
    "gone": gettext_noop("This part of the page is out of date. Load the page again."),
    "too_large": gettext_noop("This is too long to be sent."),
    "rate_limited": gettext_noop("That was too much at once. Wait a moment and try again."),
    "timeout": gettext_noop("This takes longer than expected."),
    "broken": _FAILED,
    "extra": _FAILED,
    "doubt": gettext_noop("Your last action may be lost."),
    "closed": gettext_noop("The connection to the server has ended. Load the page again."),
    "reload": gettext_noop("This page is out of date. Load it again."),
    "redirects": gettext_noop("These pages lead from one to the next without end."),
    "dismiss": gettext_noop("Dismiss"),
}
"""By error code, and the label of the button that takes a notice away. The text of ``failed`` comes with the error, for it
holds the number to look for in the log; while ``DEBUG`` is on that is the exception's, and not for visitors."""


def failed(failure: str = "") -> str:
    """What is said of an exception. ``failure``: the number to look for in the log."""
    if failure:
        return gettext("Something went wrong (%(failure)s).") % {"failure": failure}
    return gettext("Something went wrong. Try again.")


def failure_text(error: BaseException, failure: str) -> str:
    """What is said of an exception: in DEBUG its text, otherwise only the number to look for in the log."""
    return f"{type(error).__name__}: {text_of(error)}" if settings.DEBUG else failed(failure)


def put_off(page: Any) -> str:
    """What is said, in the page's language, while the visitor cannot be checked."""
    with locale.override(page.language, page.timezone):
        return failed()


def client_texts() -> SafeString:
    """The client's texts in the active language, as JSON for an attribute in single quotes."""
    return _client_texts(get_language(), settings.DEBUG)


@functools.cache
def _client_texts(language: str | None, debug: bool) -> SafeString:
    texts = _BY_CODE | ({"failed": _FAILED} if debug else {})
    return as_attribute({code: gettext(text) for code, text in texts.items()})
