"""Send a notification to every open page."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from notifications.models import notify


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", nargs="?", default="Hello from a management command.")

    def handle(self, *args: Any, **options: Any) -> None:
        notify(options["text"], "command")
