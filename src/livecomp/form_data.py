"""Forms of the browser as views know them."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict


def query_dict(entries: Iterable[tuple[str, str | None]]) -> QueryDict:
    """The entries of a form, as a view gets them in ``request.POST``. Those without a value are left out."""
    data = QueryDict(mutable=True)
    for name, value in entries:
        if value is not None:
            data.appendlist(name, value)
    data._mutable = False
    return data


def read_form(value: Any) -> QueryDict:
    """A form by hand: an object of texts or of lists of texts. Raises ValueError for anything else."""
    given = value.items() if type(value) is dict else ()
    pairs = [(name, each) for name, values in given for each in (values if type(values) is list else [values])]
    if type(value) is not dict or not all(type(each) is str for _, each in pairs):
        raise ValueError("the fields of a form were expected, each a text or a list of texts")
    return query_dict(pairs)
