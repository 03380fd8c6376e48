from django.db import models

from livecomp import publish


class Notification(models.Model):
    text = models.CharField(max_length=200)
    source = models.CharField(max_length=40)
    read = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text


def notify(text: str, source: str) -> Notification:
    """Store a notification and tell every open page. Works from anywhere: a view, a task, a command, the shell."""
    notification = Notification.objects.create(text=text[:200], source=source)
    publish("notifications", {"text": notification.text})
    return notification
