"""`LiveComponent`: what a user subclasses."""

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.http import HttpRequest, QueryDict
from django.utils import functional as django_functional

from livecomp import calling, protocol, registry
from livecomp.defaults import copy_defaults
from livecomp.events import EventSpec, collect_events
from livecomp.exceptions import ComponentError
from livecomp.presence import Present
from livecomp.state import MISSING, Field, collect_fields
from livecomp.synchronous import refuse_asynchronous
from livecomp.triggers import TimerTrigger, TopicTrigger, collect_timers, collect_topics

if TYPE_CHECKING:
    from livecomp.mounted import Mounted

_CACHED = (functools.cached_property, django_functional.cached_property)
Method = str | Callable[..., Any]
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def component_name(class_name: str) -> str:
    """The default name of a component: ``TodoList`` is ``"todo_list"``."""
    return _CAPITAL.sub("_", class_name).lower()


class LiveComponent:
    """A part of a page that keeps its state on the server and is rendered again when it changes.

    Annotated class attributes are its state, ``@event`` methods are what the browser may call, the template sees the
    state, the public properties and what `get_context_data` gives.
    """

    name: ClassVar[str] = ""
    """Name in ``{% live_component %}``; by default the class name in snake case."""
    template_name: ClassVar[str] = ""
    """Template to render, or ``template`` for the template's source itself. One of the two is required."""
    template: ClassVar[str] = ""
    layout_template_name: ClassVar[str] = "livecomp/layout.html"
    """Template around the component when it is a page of its own (`as_view`)."""
    login_required: ClassVar[bool] = False
    permission_required: ClassVar[str | tuple[str, ...]] = ()
    watch: ClassVar[list[type[models.Model]]] = []
    """Models whose committed changes render this component again."""
    shared: ClassVar[bool] = False

    _is_transparent: ClassVar[bool] = False
    fields: ClassVar[dict[str, Field]] = {}
    events: ClassVar[dict[str, EventSpec]] = {}
    topics: ClassVar[list[TopicTrigger]] = []
    timers: ClassVar[list[TimerTrigger]] = []
    url_fields: ClassVar[dict[str, str]] = {}
    computed: ClassVar[dict[str, bool]] = {}
    """Public properties by name; true for those to compute afresh, ``cached_property``."""

    _live: "Mounted"

    def __init_subclass__(cls, shared: bool | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if shared is not None:
            cls.shared = shared
        _refuse_reserved(cls)
        copy_defaults(cls)
        cls.fields = {**cls.fields, **collect_fields(cls)}
        cls.events = collect_events(cls)
        _refuse_views(cls)
        cls.topics = collect_topics(cls)
        cls.timers = collect_timers(cls)
        cls.url_fields = {field.url: name for name, field in cls.fields.items() if field.url}
        cls.computed = _computed(cls)
        refuse_asynchronous(cls, cls.computed, {name: field.factory for name, field in cls.fields.items()})
        if cls.shared:
            _refuse_in_shared(cls)
        if cls.template or cls.template_name:
            if "name" not in cls.__dict__:
                cls.name = component_name(cls.__name__)
            registry.register(cls)

    def __init__(self, live: "Mounted") -> None:
        self.__dict__["_live"] = live
        for name, field in self.fields.items():
            if (value := field.initial()) is not MISSING:
                self.__dict__[name] = value

    def __setattr__(self, name: str, value: Any) -> None:
        if name[0] != "_" and not hasattr(getattr(type(self), name, None), "__set__"):
            if name in self.computed:
                raise AttributeError(
                    f"{type(self).__name__}.{name} is a cached_property, computed afresh for each render, so {value!r} "
                    "would be lost. Change the state that it is computed from, or declare it as state instead."
                )
            raise AttributeError(
                f"{type(self).__name__}.{name} is not declared, so it would be lost when the page resumes. "
                f"Declare it as state, `{name}: {type(value).__name__}`, or start its name with an underscore."
            )
        object.__setattr__(self, name, value)

    # Life cycle, for subclasses to override

    def mount(self, *args: Any, **kwargs: Any) -> None:  # typed so that a method with any parameters may override it
        """Set the first state from the tag's arguments. By default each argument sets the field of its name."""
        self._assign(kwargs)

    def updated(self, *args: Any, **changed: Any) -> None:
        """The parent passes other arguments than before. By default each sets the field of its name."""
        self._assign(changed)

    def resumed(self) -> None:
        """The page came back after its connection was lost; ``self.path`` and subscriptions are as before."""

    def unmount(self) -> None:
        """The component leaves the page, or the page's connection is gone. It may come back: see `resumed`."""

    def upgrade_state(self, old: dict[str, Any], version: str) -> dict[str, Any] | None:
        """State saved by code of another ``LIVECOMP["VERSION"]``, made to fit. None begins anew."""
        return old

    # Context and access, for subclasses to override

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """More names for the template. Called for each render."""
        return kwargs

    def get_queryset(self, model: type[models.Model]) -> "models.QuerySet[Any]":
        """Rows that this visitor may name in an event whose argument is annotated with ``model``."""
        return model._default_manager.all()

    def has_permission(self) -> bool:
        """Whether this visitor may see and use the component, beside `login_required` and `permission_required`. True or
        false, not async. Before mount() and updated() it sees their arguments in the fields of the same names."""
        return True

    # What a component can look at

    @property
    def id(self) -> str:
        """Name within the page, ``c0``."""
        return self._live.id

    @property
    def request(self) -> HttpRequest:
        """The HTTP request of the first render; on the WebSocket one made from the handshake."""
        self._live.reads_request = True
        return self._live.page.visitor

    @property
    def user(self) -> Any:
        """Who the visitor is: renewed when the account changes, and every ``REVALIDATE_SESSION`` seconds."""
        self._live.reads_request = True
        return self._live.page.visitor.user

    @property
    def session(self) -> Any:
        """The visitor's session, renewed together with `user`."""
        self._live.reads_request = True
        return self._live.page.visitor.session

    @property
    def path(self) -> str:
        """Path of the page's URL in the browser, without the query string."""
        self._live.reads_request = True
        return self._live.page.path

    @property
    def query(self) -> QueryDict:
        """Query string of the page's URL in the browser."""
        self._live.reads_request = True
        return self._live.page.query

    @property
    def connected(self) -> bool:
        """False during the HTTP render and after the connection is gone."""
        page = self._live.page
        return page.is_live and not page.is_cut

    @property
    def parent(self) -> "LiveComponent | None":
        """The component in whose template this one stands."""
        parent = self._live.parent
        while parent is not None and parent.component._is_transparent:
            parent = parent.parent
        return parent.component if parent else None

    # What a component can ask for

    def push_event(self, name: str, payload: Any = None) -> None:
        """Give an event to the browser: hooks get it by ``handleEvent``, the page as ``live:push``. Raises TypeError for
        a payload without a JSON form."""
        name = protocol.plain_text(name, "push_event(…): the name")
        payload = protocol.plain(payload, f"push_event({name!r}, …)")
        self._in_turn("push_event").page.effect("push", name, payload, self.id)

    def redirect(self, to: Any, *args: Any, **kwargs: Any) -> None:
        """Leave for another page of this site: a URL, a view name with arguments, or an object with
        ``get_absolute_url``. Raises ValueError for an address of another site or scheme."""
        self._in_turn("redirect").page.redirect(to, *args, **kwargs)

    def push_url(self, to: str) -> None:
        """Show another URL of this site in the address bar, as a new entry of the browser's history."""
        self._in_turn("push_url").page.show_url("push", to)

    def replace_url(self, to: str) -> None:
        """As `push_url`, but in place of the current history entry."""
        self._in_turn("replace_url").page.show_url("replace", to)

    def publish(self, topic: str, message: Any = None) -> None:
        """Publish to a topic when the running transaction commits. See `livecomp.publish`."""
        self._live.page.publish(topic, message)

    def subscribe(self, topic: str) -> None:
        """Render again for each message of the topic. `on` does this by declaration, and calls a method."""
        self._in_turn("subscribe").subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        """Undo `subscribe`."""
        self._in_turn("unsubscribe").unsubscribe(topic)

    def presence(self, topic: str) -> list[Present]:
        """Who is on the topic in all processes, the longest first. A component that asks for it while it is rendered
        is rendered again when somebody joins or leaves."""
        return self._live.presence(topic)

    def join_presence(self, topic: str, **meta: Any) -> None:
        """Be present on the topic while this page is open, as this user, else as this session: two tabs are one.
        ``meta``: what others shall see, with a JSON form; ``name`` is the user's name where nothing else is given."""
        self._in_turn("join_presence").join_presence(topic, meta)

    def leave_presence(self, topic: str) -> None:
        """Undo `join_presence`."""
        self._in_turn("leave_presence").leave_presence(topic)

    def start_task(
        self,
        call: Callable[..., Any],
        *args: Any,
        then: Method = "",
        progress: Method = "",
        failed: Method = "",
        **kwargs: Any,
    ) -> str:
        """Run a function in a thread, or a coroutine function on the event loop, beside the page; gives the task's id.

        ``then`` is the method that takes the result, ``progress`` the one for each value that it yields, ``failed`` the
        one for the exception: methods of this component, by name or as ``self.method``. `update` sets fields from within. The task is cancelled with the page. One that mount
        starts over HTTP begins when the page is connected.
        """
        return self._in_turn("start_task").start_task(call, args, kwargs, (then, progress, failed))

    def update(self, **fields: Any) -> None:
        """Set fields and render: the way in which a running task changes the component. The values are set in the
        page's own turn, after the handler that may be at work; when they come faster than the page can render, some are
        shown together. In a task that was cancelled it raises `asyncio.CancelledError`, which ends it."""
        self._live.update(fields)

    def cancel_task(self, task: str) -> None:
        """Cancel a task of `start_task` if it still runs."""
        self._in_turn("cancel_task").cancel_task(task)

    def send_after(self, seconds: float, method: Method, **kwargs: Any) -> None:
        """Call the method once, later, if the page is still open."""
        self._in_turn("send_after").send_after(seconds, method, kwargs)

    def flash(self, level: int | str, text: str) -> None:
        """Show a message in the page: ``live:flash`` in the browser. Levels are those of ``django.contrib.messages``."""
        self._in_turn("flash").page.flash(level, text)

    def skip_render(self) -> None:
        """Do not render after this handler: what it changed is shown with the next render."""
        if (attempt := self._in_turn("skip_render").page.attempt) is not None:
            attempt.skipped.add(self.id)

    def send_to(self, component: "LiveComponent | str", method: Method, **kwargs: Any) -> Any:
        """Call a method of another component of this page, named by the object or by its id. It is rendered again."""
        return self._in_turn("send_to").page.send_to(component, method, kwargs)

    def _in_turn(self, call: str) -> "Mounted":
        """The component's place, for a call that only the page's own turn may make."""
        calling.require_turn(self._live.page, f"{type(self).__name__}.{call}()")
        return self._live

    def _assign(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name not in self.fields:
                raise TypeError(
                    f"{self.name!r} takes no argument {name!r}: declare a field of this name, or write "
                    f"`def mount(self, {name})`. Its fields are: {', '.join(self.fields) or 'none'}."
                )
            setattr(self, name, value)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:
        """The component as a whole page, for ``path()``: URL arguments become arguments of mount.

        Takes ``title``, the text of the page's title, and Django's ``http_method_names``. Raises TypeError for any other.
        """
        from livecomp.views import OPTIONS, LiveView

        for name in initkwargs:
            if name not in OPTIONS:
                raise TypeError(
                    f"as_view() of {cls.name!r} takes {' and '.join(OPTIONS)}, not {name!r}. Arguments of the component "
                    f'come from the URL: path("<{name}>/", {cls.__name__}.as_view()), or '
                    f'path("", {cls.__name__}.as_view(), {{"{name}": …}}).'
                )
        return LiveView.as_view(component_class=cls, **initkwargs)


_CONFIG = frozenset(name for name in LiveComponent.__annotations__ if not name.startswith("_"))
_DATA = frozenset({"request", "user", "session", "path", "query", "parent", "id", "connected"})
_METHODS = frozenset(name for name in vars(LiveComponent) if not name.startswith("_")) - _CONFIG - _DATA
_INTERNAL = frozenset({"fields", "events", "topics", "timers", "url_fields", "computed"})
LiveComponent._reserved = _CONFIG  # type: ignore[attr-defined]


def _refuse_reserved(cls: type[LiveComponent]) -> None:
    annotated = inspect.get_annotations(cls)
    for name in (_METHODS | _INTERNAL | {"name", "template"}) & annotated.keys():
        raise ComponentError(
            f"{cls.__name__}.{name}: livecomp uses this name itself; call the state field something else."
        )
    texts = {name for name in ("name", "template", "template_name") if not isinstance(cls.__dict__.get(name, ""), str)}
    for name in texts | _INTERNAL & cls.__dict__.keys():
        raise ComponentError(f"{cls.__name__}.{name}: livecomp uses this name itself; choose another.")


_INSTEAD = {
    "LoginRequiredMixin": "login_required = True",
    "PermissionRequiredMixin": 'permission_required = "app.permission"',
}
_HTTP = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def _refuse_views(cls: type[LiveComponent]) -> None:
    """A component is no view: what guards a view's ``dispatch()`` would guard nothing, without a word."""
    for base in cls.__mro__:
        if base.__module__ == "django.contrib.auth.mixins":
            instead = _INSTEAD.get(base.__name__, "a method has_permission(self) that gives True or False")
            raise ComponentError(
                f"{cls.__name__}: {base.__name__} guards views, and a component is none: nothing would be guarded. Write "
                f"{instead} in the component instead."
            )
    for name in ("dispatch", *_HTTP):
        method = getattr(cls, name, None)
        if name not in cls.events and inspect.isfunction(method) and _takes_a_request(name, method):
            raise ComponentError(
                f"{cls.__name__}.{name}: a component is no view, so {name}() is never called. Write login_required = True, "
                "permission_required or has_permission() for who may see it, mount() for what comes with the page, and "
                "@event methods for what the browser calls."
            )


def _takes_a_request(name: str, method: Callable[..., Any]) -> bool:
    parameters = inspect.signature(method).parameters
    return "request" in parameters or (
        name == "dispatch" and any(each.kind is each.VAR_POSITIONAL for each in parameters.values())
    )


def _refuse_in_shared(cls: type[LiveComponent]) -> None:
    """What belongs to one visitor has no place in a component that is the same for all."""
    if cls.events:
        raise ComponentError(
            f"{cls.__name__}.{next(iter(cls.events))}: a shared component has no @event methods, because it belongs to no "
            "visitor in particular. Put what visitors do into an ordinary component beside it, which changes the data "
            "and publishes."
        )
    for name, field in cls.fields.items():
        if field.bind or field.url:
            raise ComponentError(
                f"{cls.__name__}.{name}: a shared component has no fields that visitors write (bind=, url=). Put the "
                "field into an ordinary component beside it."
            )
    if cls.has_permission is not LiveComponent.has_permission:
        raise ComponentError(
            f"{cls.__name__}.has_permission: a shared component has no visitor to ask about. Use login_required or "
            "permission_required, or place it in an ordinary component that has has_permission()."
        )


def _computed(cls: type[LiveComponent]) -> dict[str, bool]:
    names: dict[str, bool] = {}
    for base in reversed(cls.__mro__):
        if base in (LiveComponent, object):
            continue
        for name, value in vars(base).items():
            if not name.startswith("_") and isinstance(value, (property, *_CACHED)):
                names[name] = isinstance(value, _CACHED)
    return names
