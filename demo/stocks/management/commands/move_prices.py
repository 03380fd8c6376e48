"""Move some prices up or down, several times a second, for ever."""

import random
import time
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from livecomp import publish
from stocks.models import POINTS, Stock

MOVED_AT_ONCE = 4


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=0.25, help="between two changes (default: 0.25)")

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        while True:
            move(random.sample(list(Stock.objects.all()), MOVED_AT_ONCE))
            time.sleep(seconds)


def move(stocks: list[Stock]) -> None:
    for stock in stocks:
        price = max(100, round(stock.history[-1] * random.gauss(1, 0.004)))
        stock.history = [*stock.history, price][-POINTS:]
        stock.price = Decimal(price) / 100
    Stock.objects.bulk_update(stocks, ["history", "price"])
    publish("stocks")
