"""The pytest plugin: fixture `live`.

Imports nothing of Django: pytest loads this also in projects that have livecomp installed and no settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from livecomp.testing.client import LiveClient


@pytest.fixture
def live(request: pytest.FixtureRequest) -> Iterator[LiveClient]:
    """A visitor who opens pages with live components: see `livecomp.testing.LiveClient`.

    Components that use the database need pytest-django's `db`, like everything else.
    """
    for fixture in ("transactional_db", "db"):
        if fixture in request.fixturenames:
            request.getfixturevalue(fixture)  # it has to end after this fixture
    from livecomp.testing.client import LiveClient

    client = LiveClient()
    yield client
    client.close()
