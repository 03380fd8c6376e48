"""What a page has told its browser beside patches (flash, redirect, push, URL, title), until the browser has it.

Whatever bears effects bears a version, so the browser's word on the version that it has is also its word on those. What
it cannot have had when it comes back comes again with the reply to its join.
"""

from livecomp import protocol
from livecomp.conf import settings

MAX_MESSAGES = 100  # the newest; more than a browser leaves unacknowledged while it is heard of
SHARE_OF_STATE = 4  # … and a quarter of what a page's state may take


class Told:
    """The effects that left with a message and are not known to have come."""

    __slots__ = ("messages", "size", "url")

    def __init__(self, url: str) -> None:
        self.url = url  # what the browser is known to show
        self.messages: list[tuple[int, str]] = []  # version, and effects as JSON: their values may change later
        self.size = 0

    def add(self, version: int, effects: protocol.Effects) -> None:
        """These leave with the message of that version."""
        if not effects:
            return
        try:
            text = protocol.to_json(effects)
        except (TypeError, ValueError, RecursionError):  # then they are not sent either
            return
        self.messages.append((version, text))
        self.size += len(text)
        while len(self.messages) > MAX_MESSAGES or self.size > settings.max_state_bytes // SHARE_OF_STATE:
            self._drop_oldest()

    def forget(self, version: int) -> None:
        """The browser has all up to that version."""
        while self.messages and self.messages[0][0] <= version:
            self.url = url_of(protocol.from_json(self._drop_oldest())) or self.url

    def missed_by(self, version: int, url: str) -> protocol.Effects:
        """What a browser cannot have had that has all up to that version and shows this URL. Where it has gone on to another
        one by itself, it stays there."""
        self.forget(version)
        effects = [tuple(effect) for _, text in self.messages for effect in protocol.from_json(text)]
        return effects if url == self.url else [effect for effect in effects if effect[0] != "url"]

    def moved(self, url: str) -> None:
        """The browser has gone to this URL by itself: there it stays."""
        self.url = url
        messages, self.messages, self.size = self.messages, [], 0
        for version, text in messages:
            self.add(version, [effect for effect in protocol.from_json(text) if effect[0] != "url"])

    def _drop_oldest(self) -> str:
        _, text = self.messages.pop(0)
        self.size -= len(text)
        return text


def url_of(effects: protocol.Effects) -> str:
    """The URL that the browser shows after these, empty when none of them is about it."""
    return next((effect[2] for effect in reversed(effects) if effect[0] == "url"), "")
