from datetime import timedelta

from django.db import models
from django.utils import timezone


class Presence(models.Model):
    """A guest has a place open, or had it open until a moment ago."""

    place = models.CharField(max_length=80)
    name = models.CharField(max_length=60)
    seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "name"], name="present_once")]

    def __str__(self) -> str:
        return f"{self.name} at {self.place}"

    @classmethod
    def refresh(cls, place: str, name: str) -> None:
        cls.objects.update_or_create(place=place, name=name, defaults={"seen": timezone.now()})

    @classmethod
    def names(cls, place: str, silence: timedelta) -> list[str]:
        """Those who gave a sign of life within the time given."""
        alive = cls.objects.filter(place=place, seen__gte=timezone.now() - silence)
        return list(alive.order_by("name").values_list("name", flat=True))
