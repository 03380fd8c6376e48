"""A template loader for templates that first pass through a generator which owns ``{% %}``."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.template import Origin
from django.template.engine import Engine
from django.template.loaders.base import Loader

_ANGLE_TAG = re.compile(r"<%\s*((?:load|live_component|endlive_component|fill|endfill|live_scripts)\b[^\n]*?)\s*%>")
_LOADED = re.compile(r"[{<]%\s*load\b[^\n]*?\blivecomp\b[^\n]*?%[}>]")


class AngleOrigin(Origin):
    """Where a template was found; it is read by way of `AngleTags`, also by a loader around that one."""

    def __init__(self, found: Origin, loader: "AngleTags") -> None:
        super().__init__(found.name, found.template_name, loader)
        self.found = found


class AngleTags(Loader):
    """Wraps other loaders and accepts livecomp's tags in angle brackets as well: ``<% live_component "clock" %>``.

    Set it up around the loaders that find the files::

        "loaders": [("livecomp.loaders.AngleTags", ["django.template.loaders.app_directories.Loader"])]

    ``{% load livecomp %}`` is not needed in a template that uses them.
    """

    def __init__(self, engine: Engine, loaders: Sequence[Any]) -> None:
        super().__init__(engine)
        self.loaders = engine.get_template_loaders(loaders)

    def get_dirs(self) -> Iterator[Any]:
        for loader in self.loaders:
            if hasattr(loader, "get_dirs"):
                yield from loader.get_dirs()

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        for loader in self.loaders:
            for origin in loader.get_template_sources(template_name):
                yield AngleOrigin(origin, self)

    def get_contents(self, origin: Any) -> str:
        return to_django_tags(origin.found.loader.get_contents(origin.found))

    def reset(self) -> None:
        for loader in self.loaders:
            loader.reset()


def to_django_tags(source: str) -> str:
    """The template's source with the angle tags as Django's. Line numbers stay."""
    load = "" if _LOADED.search(source) else "{% load livecomp %}"
    for_first = [load]

    def replace(match: re.Match[str]) -> str:
        return (for_first.pop() if for_first else "") + f"{{% {match[1]} %}}"

    return _ANGLE_TAG.sub(replace, source)
