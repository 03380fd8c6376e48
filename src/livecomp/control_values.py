"""Values as text that a form control takes, whatever the language: what a control with `live-model` is rendered with.

A control of the browser takes one spelling only and shows the user his own: `1.5` in `<input type="number">`,
`2026-02-28T12:30` in `<input type="datetime-local">`. A text that it does not take leaves it empty.
"""

import datetime
import enum
import re
from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.formats import sanitize_separators

from livecomp.spelling import simplify

_NUMBER = re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def control_text(value: Any, form: str) -> str | None:
    """The text of a value for a control of this form: "text", "number", "date", "time", "datetime", "month" or "week".

    None for a value that has no such text (a list, an object).
    """
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, Model):
        value = value.pk
    if value is None:
        return ""
    if form in _DATES and isinstance(value, datetime.date | datetime.time):
        return _DATES[form](_local(value))
    try:
        simple = simplify(value)
    except TypeError:
        return None
    if type(simple) is bool:
        return "true" if simple else "false"
    if type(simple) in (int, float):
        return repr(simple)
    if type(simple) is not str:
        return None
    return _number(simple) if form == "number" else simple


def _number(text: str) -> str:
    """The number in a text that may be formatted for the language, as `floatformat` does."""
    if _NUMBER.fullmatch(text):
        return text
    plain = str(sanitize_separators(text))
    return plain if _NUMBER.fullmatch(plain) else text


def _local(value: datetime.date | datetime.time) -> Any:
    """A point in time as the clock of the current time zone shows it."""
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).replace(tzinfo=None) if timezone.is_aware(value) else value
    return value.replace(tzinfo=None) if isinstance(value, datetime.time) else value


def _time(value: datetime.datetime | datetime.time) -> str:
    if value.microsecond:
        return value.strftime("%H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    return value.strftime("%H:%M:%S" if value.second else "%H:%M")


def _date(value: datetime.date) -> str:
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


def _as_date(value: Any) -> str:
    return _date(value) if isinstance(value, datetime.date) else str(value.isoformat())


def _as_time(value: Any) -> str:
    return _time(value) if isinstance(value, datetime.datetime | datetime.time) else "00:00"


def _as_datetime(value: Any) -> str:
    if not isinstance(value, datetime.date):
        return _time(value)
    return f"{_date(value)}T{_as_time(value)}"


def _as_month(value: Any) -> str:
    return _as_date(value)[:7]


def _as_week(value: Any) -> str:
    if not isinstance(value, datetime.date):
        return _as_date(value)
    year, week, _ = value.isocalendar()
    return f"{year:04d}-W{week:02d}"


_DATES: dict[str, Callable[[Any], str]] = {
    "date": _as_date,
    "time": _as_time,
    "datetime": _as_datetime,
    "month": _as_month,
    "week": _as_week,
}
FORMS = ("text", "number", *_DATES)
