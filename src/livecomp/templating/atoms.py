"""Values that cannot change, and the one that stands for no value."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.utils.safestring import SafeString


class _Missing:
    """The type of `MISSING`: a name that is not in the context."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

# Exactly these types, never subclasses: their values are immutable, and cannot be called.
ATOMS: Final = frozenset(
    (str, int, float, bool, type(None), SafeString, Decimal, date, datetime, time, timedelta, UUID, bytes)
)
