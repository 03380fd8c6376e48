"""Shared components, as a viewer's page sees them: which one it is, and where it stands.

A shared component's id comes from what it is, so its addresses are the same on every page, and one render serves all
who look at it. It lives in a page of its own (`livecomp.sharing`); a viewer's page only knows its place.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from livecomp import packing
from livecomp.component import LiveComponent
from livecomp.conf import settings
from livecomp.exceptions import ComponentError

VISITOR_NAMES = frozenset({"user", "perms", "request", "session", "messages", "csrf_token"})
"""What a template knows of the visitor."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a shared component is: all pages that name the same one show the same.

    ``arguments`` are JSON; ``language`` and ``timezone`` belong to it because a render differs by them.
    """

    id: str
    name: str
    arguments: str
    language: str
    timezone: str

    @classmethod
    def of(cls, name: str, arguments: Mapping[str, Any], language: str, timezone: str) -> "Key":
        """The key for these arguments, ``key=`` among them. Raises `ComponentError` when they have no JSON form."""
        packed = packing.packed(arguments)
        if packed is None:
            raise ComponentError(
                f"{name!r} is shared, so its arguments have to be the same for everybody: text, numbers, dates, saved model "
                f"instances, lists and dicts of these. {packing.reason_against(arguments)}. Got {dict(arguments)!r}."
            )
        return cls.of_packed(name, packed, language, timezone)

    @classmethod
    def of_packed(cls, name: str, packed: Mapping[str, Any], language: str, timezone: str) -> "Key":
        """As `of`, from arguments as a token holds them."""
        packed = dict(sorted(packed.items()))
        text = msgspec.json.encode(packed).decode()
        known = msgspec.json.encode((name, text, language, timezone, settings.version))
        return cls("s" + hashlib.blake2b(known, digest_size=6).hexdigest(), name, text, language, timezone)

    def kwargs(self) -> dict[str, Any]:
        """The arguments for mount. Reads model instances from the database."""
        arguments = packing.unpacked(self.name, msgspec.json.decode(self.arguments))
        arguments.pop("key", None)
        return arguments


@dataclass(slots=True)
class Place:
    """Where a shared component stands on a viewer's page. ``digest``: of the HTML that the browser got with the page."""

    key: Key
    parent: str  # id of the component in whose template it stands, "" for the page's own
    slot: tuple[object, ...]
    digest: str = ""
    is_left_out: bool = False  # what it is given to does not show it at present


def refuse_fills(cls: type[LiveComponent], fills: Any) -> None:
    """Raise `ComponentError` when a shared component is given content by one page."""
    if fills:
        raise ComponentError(f"{cls.name!r} is shared and takes no fills: they would come from one viewer's page.")


def refuse_names(cls: type[LiveComponent], names: frozenset[str] | None) -> None:
    """Raise `ComponentError` when a template that is rendered for all looks at one visitor."""
    for name in sorted(VISITOR_NAMES & (names or frozenset())):
        raise ComponentError(
            f"The template of {cls.name!r} uses {{{{ {name} }}}}, but it is rendered once for all viewers. Put what "
            "depends on the visitor into an ordinary component beside it."
        )
