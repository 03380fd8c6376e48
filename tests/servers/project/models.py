"""What handlers leave behind, so that a test can count how often they ran."""

from django.db import models


class Tally(models.Model):
    """One row for each time that something was done."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Latest(models.Model):
    """The one number that walls show."""

    number = models.IntegerField(default=-1)

    def __str__(self) -> str:
        return str(self.number)
