from base64 import b64decode, b64encode
from typing import Any

from demosite.guests import hue
from livecomp import LiveComponent, event, on

from .models import Note


class SharedNote(LiveComponent):
    template_name = "notes/note.html"

    slug: str
    author: str
    text: str = ""  # as it was when the page was made; from then on the editor has it
    vector: bytes = b""  # how far this browser's document has got

    def mount(self, slug: str, author: str) -> None:
        self.slug, self.author = slug, author
        self.text = self.note.text
        self.join_presence(f"note:{slug}", name=author)

    @property
    def editors(self) -> list[str]:
        return [somebody.name for somebody in self.presence(f"note:{self.slug}")]

    @property
    def note(self) -> Note:
        return Note.objects.get(slug=self.slug)

    @event
    def open(self, vector: str) -> None:
        """The browser says how far it has got, at the start and after every reconnect. It gets the rest, and in
        return sends what the server lacks."""
        self.vector = b64decode(vector, validate=True)
        self.changed()
        self.push_event("opened", {"vector": text(self.vector)})

    @event
    def write(self, update: str) -> None:
        Note.merge(self.slug, b64decode(update, validate=True))
        self.publish(f"note:{self.slug}")

    @on("note:{slug}")
    def changed(self, message: Any = None) -> None:
        doc = self.note.doc
        self.push_event("changed", {"update": text(doc.get_update(self.vector or None))})
        self.vector = doc.get_state()

    @event
    def point(self, head: str) -> None:
        """Where this browser's caret is now."""
        self.publish(f"note:{self.slug}:carets", {"who": self.author, "hue": hue(self.author), "head": head})

    @on("note:{slug}:carets")
    def pointed(self, message: dict[str, Any] | None) -> None:
        if message and message["who"] != self.author:
            self.push_event("pointed", message)


def text(data: bytes) -> str:
    return b64encode(data).decode()
