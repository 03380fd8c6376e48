"""What the template of a component sees."""

import functools
from typing import Any

from django.template import Context, RequestContext

from livecomp.component import LiveComponent
from livecomp.mounted import Mounted
from livecomp.shared import SharedContext, refuse_names

_URL_NAMES = frozenset({"path", "query"})
_OF_THE_REQUEST = _URL_NAMES | {"request", "user", "perms", "session", "messages"}


def build_context(mounted: Mounted, names: frozenset[str] | None) -> Context:
    """What the template sees. ``names`` are those it can look up; None when that is not known."""
    component = mounted.component
    cls = type(component)
    mounted.reads_request = names is None or not names.isdisjoint(_OF_THE_REQUEST)
    if mounted.page.is_shared:
        refuse_names(cls, names)
    mounted.forget_computed()
    values: dict[str, Any] = mounted.state()
    for name in cls.computed:
        if names is not None and name not in names:
            continue
        values[name] = functools.partial(getattr, component, name)  # computed where the template comes to it
    values["self"] = component
    if mounted.reads_request and names is not None:
        for name in _URL_NAMES & names - values.keys():
            values[name] = functools.partial(getattr, component, name)
    if cls.get_context_data is not LiveComponent.get_context_data:
        values.update(component.get_context_data())
    if mounted.fills:
        values["fills"] = mounted.fills
    page = mounted.page
    if names is None or "csrf_token" in names:
        values["csrf_token"] = page.csrf_token
    if names is not None and names <= values.keys():
        return Context(values)
    if names is not None and names <= values.keys() | {"request", "user"}:
        return Context({"request": page.request, "user": page.request.user, **values})
    mounted.reads_request = True  # a context processor may
    if page.is_shared:
        shared = SharedContext(page.request, component.name)
        shared.push(shared.refused | values)
        return shared
    context = RequestContext(page.request)
    context.push(values)
    return context
