"""`LiveTestCase`: the test client for unittest."""

from __future__ import annotations

from django.test import TestCase

from livecomp.testing.client import LiveClient


class LiveTestMixin:
    """Adds `self.live` to any of Django's test cases."""

    _live: LiveClient | None = None

    @property
    def live(self) -> LiveClient:
        """An anonymous visitor; `self.live.as_user(user)` is a signed-in one."""
        if self._live is None:
            self._live = LiveClient()
            self.addCleanup(self._live.close)  # type: ignore[attr-defined]
        return self._live


class LiveTestCase(LiveTestMixin, TestCase):
    """A Django `TestCase` with `self.live`."""
