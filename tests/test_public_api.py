"""The public names: declared once, all there, all described."""

import inspect
from pathlib import Path

import pytest

import livecomp
from livecomp.exceptions import ComponentError


def test_all_names_exist_once():
    assert len(set(livecomp.__all__)) == len(livecomp.__all__)
    for name in livecomp.__all__:
        assert hasattr(livecomp, name), name


def test_nothing_else_is_public():
    own = {name for name, value in vars(livecomp).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert own == set(livecomp.__all__)


def test_every_name_is_described():
    for name in livecomp.__all__:
        value = getattr(livecomp, name)
        assert inspect.getdoc(value) or inspect.getdoc(type(value)), name


def test_the_whole_api_fits_on_a_screen():
    lines = Path(livecomp.__file__).read_text().splitlines()
    assert len(lines) < 25


def test_every_public_method_of_a_component_is_described():
    for name, value in vars(livecomp.LiveComponent).items():
        if not name.startswith("_") and inspect.isfunction(value):
            assert inspect.getdoc(value), name


@pytest.mark.parametrize("name", ["name", "template", "template_name"])
def test_a_property_cannot_take_the_place_of_a_text_that_livecomp_reads(name):
    with pytest.raises(ComponentError, match=f"Broken.{name}: livecomp uses this name itself"):
        type("Broken", (livecomp.LiveComponent,), {name: property(lambda self: "x"), "__module__": __name__})
