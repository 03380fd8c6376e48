"""Testing pages with live components: no browser, no server, no waiting.

pytest's fixture `live` and unittest's `LiveTestCase` open pages; see `LiveClient` and `TestPage`. Needs the extra
`livecomp[testing]`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livecomp.testing.case import LiveTestCase, LiveTestMixin
    from livecomp.testing.client import LiveClient
    from livecomp.testing.elements import PageElement
    from livecomp.testing.page import TestPage
    from livecomp.testing.wire import LiveClosed, LiveError

__all__ = ["LiveClient", "LiveClosed", "LiveError", "LiveTestCase", "LiveTestMixin", "PageElement", "TestPage"]

_HOMES = {
    "LiveClient": "client",
    "LiveClosed": "wire",
    "LiveError": "wire",
    "LiveTestCase": "case",
    "LiveTestMixin": "case",
    "PageElement": "elements",
    "TestPage": "page",
}


def __getattr__(name: str) -> Any:
    # Late, since pytest imports this package for the plugin in every project that has it installed.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    except AttributeError as error:  # or "from livecomp.testing import" would hide what went wrong
        raise ImportError(str(error)) from error
