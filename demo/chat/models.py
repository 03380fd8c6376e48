from django.db import models


class Message(models.Model):
    room = models.SlugField()
    author = models.CharField(max_length=60)
    text = models.CharField(max_length=1000)
    sent = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"

    @classmethod
    def say(cls, room: str, author: str, text: str) -> "Message | None":
        """Store a message. None when there is nothing in it to say."""
        if text := text.strip()[:1000]:
            return cls.objects.create(room=room, author=author, text=text)
        return None
