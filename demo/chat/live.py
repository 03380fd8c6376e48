from typing import Any

from livecomp import LiveComponent, event, on, publish

from .models import Message

SHOWN = 50


class ChatRoom(LiveComponent):
    template_name = "chat/room.html"

    room: str
    author: str

    @property
    def history(self) -> list[Message]:
        return list(Message.objects.filter(room=self.room).order_by("-id")[:SHOWN])[::-1]

    @event
    def say(self, text: str) -> None:
        if Message.say(self.room, self.author, text):
            publish(f"room:{self.room}")

    @on("room:{room}")
    def somebody_spoke(self, message: Any) -> None:
        """Nothing to do: after it, everybody's list is rendered again."""
