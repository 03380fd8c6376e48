"""Models of the test project."""

from django.db import models


class Note(models.Model):
    """A row that components watch and list."""

    text = models.CharField(max_length=200)
    owner = models.CharField(max_length=50, blank=True)

    def __str__(self) -> str:
        return self.text


class Membership(models.Model):
    """Hangs on a user."""

    user = models.OneToOneField("auth.User", models.CASCADE, related_name="membership", db_constraint=False)
    is_member = models.BooleanField(default=True)
