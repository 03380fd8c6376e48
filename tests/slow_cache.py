"""A cache that answers when a test lets it, for tests of what must not wait for it."""

import threading
from typing import Any

from django.core.cache.backends.base import BaseCache


class SlowCache(BaseCache):
    """One store for all threads. While ``gate`` is not set, calls hang; ``refuses`` makes writes fail."""

    gate = threading.Event()
    refuses = False
    values: dict[str, Any] = {}
    calls: list[str] = []

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    @classmethod
    def reset(cls) -> None:
        """Empty and quick."""
        cls.gate.set()
        cls.refuses = False
        cls.values.clear()
        cls.calls.clear()

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        self.calls.append("get")
        self.gate.wait()
        return self.values.get(key, default)

    def set(self, key: str, value: Any, timeout: Any = 0, version: int | None = None) -> None:
        self.calls.append("set")
        self.gate.wait()
        if self.refuses:
            raise ConnectionError("OOM command not allowed")
        self.values[key] = value

    def delete(self, key: str, version: int | None = None) -> bool:
        self.calls.append("delete")
        self.gate.wait()
        return self.values.pop(key, None) is not None
