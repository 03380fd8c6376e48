"""Shared components, as a viewer's page sees them: which one it is, and where it stands.

A shared component's id comes from what it is, so its addresses are the same on every page, and one render serves all
who look at it. It lives in a page of its own (`livecomp.sharing`); a viewer's page only knows its place.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.http import HttpRequest
from django.template import RequestContext

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


def no_visitor(name: str, what: str) -> ComponentError:
    """What is raised where a shared component is asked for something of one visitor."""
    return ComponentError(
        f"{name!r} is shared: it belongs to no visitor, so it has no {what}. Put what depends on the visitor into an "
        "ordinary component beside it."
    )


class NobodysRequest(HttpRequest):
    """The request that the template tags of a shared component see: nothing of a visitor can be read from it."""

    def __init__(self, request: HttpRequest, name: str) -> None:
        self.__dict__.update(request.__dict__)
        self._livecomp_name = name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._livecomp_name!r}>"


def _refusing(what: str) -> property:
    def refuse(request: NobodysRequest) -> Any:
        raise no_visitor(request._livecomp_name, f"request.{what}")

    return property(refuse)


for _name in (
    *("user", "auser", "session", "GET", "POST", "COOKIES", "FILES", "META", "headers", "body"),
    *("path", "path_info", "get_full_path", "get_full_path_info", "build_absolute_uri", "get_host", "get_port"),
    *("scheme", "is_secure", "get_signed_cookie", "accepts"),
):
    setattr(NobodysRequest, _name, _refusing(_name))


class Nobody:
    """Stands for what context processors give of a visitor (``user``, ``perms``, ``messages``): whoever looks is told."""

    def __init__(self, name: str, what: str) -> None:
        self.__dict__.update(_name=name, _what=what)

    def _refuse(self, *args: Any) -> Any:
        raise no_visitor(self.__dict__["_name"], self.__dict__["_what"])

    __getattr__ = __getitem__ = __call__ = __str__ = __bool__ = __iter__ = __len__ = __eq__ = __contains__ = _refuse
    __hash__ = None  # type: ignore[assignment]


class SharedContext(RequestContext):
    """The context of a shared component's template. Context processors see an anonymous request, as outside of any page;
    what they give of the visitor is refused."""

    def __init__(self, request: HttpRequest, name: str) -> None:
        super().__init__(request)
        self._nobodys = NobodysRequest(request, name)
        self.refused: dict[str, Any] = {what: Nobody(name, what) for what in VISITOR_NAMES - {"request", "csrf_token"}}
        self.refused["request"] = self._nobodys

    @contextlib.contextmanager
    def bind_template(self, template: Any) -> Iterator[None]:
        """As Django's, with the processors' request out of the template's sight."""
        with super().bind_template(template):
            before, self.request = self.request, self._nobodys
            try:
                yield
            finally:
                self.request = before
