"""The one table of livecomp: which events with ``once=True`` have happened, and what was answered."""

from django.db import models


class OnceEvent(models.Model):
    """An event that happened. Written in the transaction of its handler, so it is there if and only if that was
    committed. Kept for ``LIVECOMP["ONCE_MAX_AGE"]`` seconds."""

    key = models.CharField(max_length=150, primary_key=True)
    """The page, which nobody can guess, and the event's number on it."""
    user = models.CharField(max_length=100)
    """Primary key of who made the event, empty for a visitor who was not signed in."""
    happened = models.DateTimeField(auto_now_add=True, db_index=True)
    answer = models.BinaryField(null=True)
    """What the browser was to do and the state of the components afterwards, pickled. Null: the event was given up before
    it happened."""

    class Meta:
        verbose_name = "event that happens once"
        verbose_name_plural = "events that happen once"

    def __str__(self) -> str:
        return self.key
