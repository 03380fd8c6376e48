from typing import Any

from django.db.models import QuerySet

from livecomp import LiveComponent, on

from .models import Stock


class Ticker(LiveComponent, shared=True):
    template_name = "stocks/ticker.html"

    @property
    def stocks(self) -> QuerySet[Stock]:
        return Stock.objects.all()

    @on("stocks")
    def changed(self, message: Any) -> None:
        """Nothing to do: after it, the rows that differ are sent."""
