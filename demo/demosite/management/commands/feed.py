"""Play matches and move prices in the background, until standard input is closed."""

import sys
import threading
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

COMMANDS: dict[str, dict[str, Any]] = {"play_match": {"forever": True}, "move_prices": {}}


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        for name, arguments in COMMANDS.items():
            threading.Thread(target=call_command, args=[name], kwargs=arguments, daemon=True).start()
        sys.stdin.read()
