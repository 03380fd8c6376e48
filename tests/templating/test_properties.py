"""Random templates, random changes: the patched page is always the page of a fresh render."""

from typing import Any

from hypothesis import HealthCheck, given, reject, settings

from livecomp.exceptions import TemplateError
from livecomp.templating import compile_template
from tests.fuzz.templates import INCLUDES, cases
from tests.templating.rendering import Browser, make_engine


def check(source: str, steps: list[dict[str, Any]]) -> None:
    template = compile_template(make_engine(INCLUDES).from_string(source))
    try:
        browser = Browser(template, steps[0])
        browser.check_plain(steps[0])
        for step in steps[1:]:
            browser.show(step)
            browser.check_plain(step)
    except TemplateError:  # it says that there is no single root element
        reject()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_patches_give_what_a_fresh_render_gives(case: tuple[str, list[dict[str, Any]]]) -> None:
    check(*case)
