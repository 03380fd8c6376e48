"""Runs Django's test runner with livecomp's renderer in place of the engine's.

``python bootstrap.py TESTS_FOLDER [--engine] LABEL…``; with ``--engine`` the engine stays as it is, for comparison.
"""

import os
import runpy
import sys
from pathlib import Path


def replace_renderer() -> None:
    """Every `Template.render` from here on is ours; so are the templates that others include."""
    from django.template.base import Template

    from livecomp.templating import compile_template

    def render(self: Template, context: object) -> object:
        return compile_template(self).render_plain(context)  # type: ignore[arg-type]

    Template.render = render  # type: ignore[method-assign,assignment]


def main(tests: str, *arguments: str) -> None:
    folder = Path(tests).resolve()
    sys.path[:0] = [str(folder), str(folder.parent)]
    os.chdir(folder)
    labels = [each for each in arguments if each != "--engine"]
    if "--engine" not in arguments:
        replace_renderer()
    sys.argv = ["runtests.py", "--parallel=1", "--verbosity=1", *labels]
    runpy.run_path(str(folder / "runtests.py"), run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
