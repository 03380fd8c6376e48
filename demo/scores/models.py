from django.db import models


class Match(models.Model):
    home_team = models.CharField(max_length=40)
    away_team = models.CharField(max_length=40)
    home = models.PositiveSmallIntegerField(default=0)
    away = models.PositiveSmallIntegerField(default=0)
    minute = models.PositiveSmallIntegerField(default=0)
    last_goal = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "matches"

    def __str__(self) -> str:
        return f"{self.home_team} {self.home}:{self.away} {self.away_team}"

    @property
    def is_over(self) -> bool:
        return self.minute >= 90
