import time

from livecomp import LiveComponent, event, on, state

from .models import Message

SHOWN = 50
PAUSE = 3.0  # seconds after the last key until somebody no longer types


class ChatRoom(LiveComponent):
    template_name = "chat/room.html"

    room: str
    author: str
    typists: dict[str, float] = state({})  # name -> when the last key was heard of

    def mount(self, room: str, author: str) -> None:
        self.room, self.author = room, author
        self.join_presence(f"room:{room}", name=author)

    @property
    def present(self) -> list[str]:
        return [somebody.name for somebody in self.presence(f"room:{self.room}")]

    @property
    def history(self) -> list[Message]:
        return list(Message.objects.filter(room=self.room).order_by("-id")[:SHOWN])[::-1]

    @event
    def say(self, text: str) -> None:
        if Message.say(self.room, self.author, text):
            self.publish(f"room:{self.room}", self.author)

    @on("room:{room}")
    def somebody_spoke(self, author: str | None) -> None:
        self.typists.pop(author, None)

    @event
    def typing(self) -> None:
        self.publish(f"room:{self.room}:typing", self.author)

    @on("room:{room}:typing")
    def somebody_types(self, author: str | None) -> None:
        if author and author != self.author:
            self.typists[author] = time.time()
            self.send_after(PAUSE, "stop_typing", author=author)

    def stop_typing(self, author: str) -> None:
        if time.time() - self.typists.get(author, 0) >= PAUSE - 0.1:
            self.typists.pop(author, None)
