"""Play the matches, one minute after the other, and publish every change."""

import random
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from livecomp import publish
from scores.models import Match

PLAYERS = [
    "Alder",
    "Birch",
    "Cedar",
    "Doyle",
    "Elm",
    "Frost",
    "Grove",
    "Hale",
    "Irwin",
    "Juno",
    "Kerr",
    "Lowe",
    "Marsh",
    "North",
    "Orr",
    "Pike",
]
GOALS_A_MINUTE = 0.035


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=1.0, help="length of a minute of play (default: 1)")
        parser.add_argument("--forever", action="store_true", help="begin anew when all matches are over")

    def handle(self, *args: Any, seconds: float, forever: bool, **options: Any) -> None:
        while True:
            matches = list(Match.objects.all())
            if all(match.is_over for match in matches):
                if not forever:
                    return
                time.sleep(8 * seconds)
                kick_off(matches)
            else:
                play_minute(matches)
            time.sleep(seconds)


def kick_off(matches: list[Match]) -> None:
    for match in matches:
        match.home = match.away = match.minute = 0
        match.last_goal = ""
    store(matches)


def play_minute(matches: list[Match]) -> None:
    for match in matches:
        if match.is_over:
            continue
        match.minute += 1
        if random.random() < GOALS_A_MINUTE:
            side = random.choice(["home", "away"])
            setattr(match, side, getattr(match, side) + 1)
            match.last_goal = f"{random.choice(PLAYERS)} ({match.minute}′)"
    store(matches)


def store(matches: list[Match]) -> None:
    Match.objects.bulk_update(matches, ["home", "away", "minute", "last_goal"])
    publish("scores")
