from typing import Any

from django.db.models import QuerySet

from livecomp import LiveComponent, on

from .models import Match


class Scoreboard(LiveComponent, shared=True):  # the same for all viewers: rendered once for each change
    template_name = "scores/scoreboard.html"

    @property
    def matches(self) -> QuerySet[Match]:
        return Match.objects.all()

    @on("scores")
    def changed(self, message: Any) -> None:
        """Nothing to do: after it, the board is rendered again."""
