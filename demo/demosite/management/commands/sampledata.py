"""Fill empty tables with something to look at. Tables that hold rows are left as they are."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from demosite import sample


class Command(BaseCommand):
    help = __doc__

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        sample.load()
