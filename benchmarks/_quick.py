"""Small sizes for a run that only shows that a benchmark works: ``--quick``."""

import sys
from typing import TypeVar

Size = TypeVar("Size", int, float)

QUICK = "--quick" in sys.argv


def sized(full: Size, quick: Size) -> Size:
    """The size of a measurement, or of a quick run."""
    return quick if QUICK else full
