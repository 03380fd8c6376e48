"""Names for visitors who have none: one for each session, kept in it."""

import random
from typing import Any

MOODS = [
    "Amber",
    "Brisk",
    "Calm",
    "Dapper",
    "Eager",
    "Fond",
    "Gentle",
    "Happy",
    "Jolly",
    "Keen",
    "Lucky",
    "Merry",
    "Noble",
    "Plucky",
    "Quick",
    "Sunny",
]
ANIMALS = [
    "Badger",
    "Crane",
    "Dingo",
    "Egret",
    "Ferret",
    "Gecko",
    "Heron",
    "Ibis",
    "Jackal",
    "Koala",
    "Lynx",
    "Marten",
    "Newt",
    "Otter",
    "Puffin",
    "Raven",
]
HUES = 8


def guest_name(session: Any) -> str:
    """This visitor's name. Chosen by chance and written to the session when it has none."""
    if "guest" not in session:
        session["guest"] = f"{random.choice(MOODS)} {random.choice(ANIMALS)}"
    return session["guest"]


def hue(name: str) -> int:
    """Number of the colour that goes with a name, the same for everybody who looks at it."""
    return sum(map(ord, name)) % HUES


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2])
