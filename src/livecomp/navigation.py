"""URLs of a page, and the fields that the browser may write: through ``live-model`` or the query string."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from django.contrib.messages import constants as levels
from django.http import HttpRequest, QueryDict
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from livecomp import protocol
from livecomp.coercion import Coerce, coercion
from livecomp.component import LiveComponent
from livecomp.constants import ErrorCode
from livecomp.constraints import refuse_nul
from livecomp.exceptions import Refused
from livecomp.state import MISSING, Field
from livecomp.values import copy_value

NO_DEFAULTS: Mapping[str, Any] = {}

_coercions: dict[Field, Coerce] = {}


def _coerce(component: LiveComponent, field: Field, value: Any) -> Any:
    coerce = _coercions.get(field)
    if coerce is None:
        coerce = _coercions[field] = coercion(field.annotation)
    return coerce(value, component)


def bound_values(component: LiveComponent, values: dict[str, Any]) -> tuple[dict[str, Any], Refused | None]:
    """Typed values for the fields declared with ``bind=True``, and why the first of the others is refused: because it is
    not such a field, or its value does not fit. One bad value keeps none of the others out."""
    typed: dict[str, Any] = {}
    refused: Refused | None = None
    for name, value in values.items():
        try:
            typed[name] = _bound_value(component, name, value)
        except Refused as refusal:
            refused = refused or refusal
    return typed, refused


def _bound_value(component: LiveComponent, name: str, value: Any) -> Any:
    field = component.fields.get(name)
    if field is None or not field.bind:
        raise Refused(
            ErrorCode.FORBIDDEN_FIELD,
            f"{name[:80]!r} cannot be set from the browser; declare it with state(bind=True).",
            name,
        )
    try:
        refuse_nul(value)
        return _coerce(component, field, value)
    except (ValueError, ArithmeticError, msgspec.ValidationError) as error:
        raise Refused(ErrorCode.BAD_ARGUMENTS, f"{name}: {error}.", name) from None


def fields_from_query(
    component: LiveComponent, query: QueryDict, defaults: Mapping[str, Any] = NO_DEFAULTS
) -> dict[str, Any]:
    """Values of the ``url=`` fields in a query string. Where a name is absent or its value does not fit: what `mount` made
    of it (``defaults``, see `set_by_mount`), else the default."""
    values = {}
    for parameter, name in component.url_fields.items():
        field = component.fields[name]
        if (initial := _initial(field, defaults)) is not MISSING:
            values[name] = initial
        if field.query is not None and (texts := query.getlist(parameter)):
            try:
                values[name] = field.query.read(texts, component)
            except (ValueError, ArithmeticError, msgspec.ValidationError):
                pass
    return values


def _initial(field: Field, defaults: Mapping[str, Any]) -> Any:
    return copy_value(defaults[field.name]) if field.name in defaults else field.initial()


def set_by_mount(component: LiveComponent, query: QueryDict, mount: Callable[[], object]) -> dict[str, Any]:
    """Call `mount`. Gives the ``url=`` fields with another value than their default that the address did not name, or that
    `mount` set whatever the address named: that is what an address without them stands for."""
    read = {name: copy_value(component.__dict__.get(name, MISSING)) for name in component.url_fields.values()}
    mount()
    defaults = {}
    for parameter, name in component.url_fields.items():
        value = component.__dict__.get(name, MISSING)
        is_own = parameter not in query or value != read[name]
        if is_own and value is not MISSING and value != component.fields[name].initial():
            defaults[name] = copy_value(value)
    return defaults


def url_with_fields(
    component: LiveComponent, path: str, query: QueryDict, defaults: Mapping[str, Any] = NO_DEFAULTS
) -> str:
    """The page's URL with the present values of the ``url=`` fields. Those are left out that `fields_from_query` gives the
    same value without it."""
    query = query.copy()
    for parameter, name in component.url_fields.items():
        field, value = component.fields[name], component.__dict__.get(name, MISSING)
        initial = _initial(field, defaults)
        write = field.query.write if field.query is not None and value is not MISSING else None
        # Equal is not enough for a default: Decimal("1.0") == Decimal("1.00").
        if write is None or (type(value) is type(initial) and value == initial and write(value) == write(initial)):
            query.pop(parameter, None)
        else:
            query.setlist(parameter, write(value))
    encoded = query.urlencode(safe="/")
    return f"{path}?{encoded}" if encoded else path


def safe_redirect(request: HttpRequest, to: Any, args: Any, kwargs: Any) -> str:
    """The URL to go to. Raises ValueError for another site or scheme, and for control characters."""
    url = str.__str__(str(resolve_url(to, *args, **kwargs)))
    if not url.isprintable() or not url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        raise ValueError(f"{url!r} is not a page of this site; link to it with an ordinary <a href>.")
    return url


def level_name(level: int | str) -> str:
    """``"success"`` for ``messages.SUCCESS``; a name is given back as it is."""
    if isinstance(level, int) and not isinstance(level, bool):
        return levels.DEFAULT_TAGS.get(level, str(int(level)))
    return protocol.plain_text(level, "flash(…): the level")
