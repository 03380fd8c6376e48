"""What the demo starts with. Everything here is invented."""

import random
from decimal import Decimal

from django.contrib.auth.models import User

from chat.models import Message
from feed.models import Post
from notes.models import Note
from notifications.models import Notification
from scores.models import Match
from signup.models import Account
from stocks.models import POINTS, Stock
from todos.models import Todo

TODOS = (
    ("Read the tutorial", True),
    ("Write a first component", True),
    ("Open this page in a second window", False),
    ("Tick something off and watch the other window", False),
    ("Water the plants", False),
)

MESSAGES = (
    ("Calm Heron", "Morning! Is anybody else up?"),
    ("Jolly Newt", "Wide awake. I am watching the clock on the front page tick."),
    ("Calm Heron", "Its whole class fits on half a screen."),
    ("Keen Puffin", "And no JavaScript? I looked for some."),
    ("Jolly Newt", "None that you would write. Say something, we will see it at once."),
)

POSTS = (
    "The kettle is on.",
    "Found a bug, wrote a test, the bug is gone. The test stays.",
    "Rain again. The server does not mind.",
    "Somebody should count how many rows fit on a screen.",
    "Deployed on a Friday. Pages came back by themselves.",
    "A template is a template is a template.",
    "Read the whole changelog over lunch. Recommended.",
    "The cat walked over the keyboard and everybody saw it at once.",
    "Today's best commit removed four hundred lines.",
    "Who left the window open? The plants are dancing.",
    "Renamed three variables and understood my own code.",
    "Bread rises more slowly than a build, and smells better.",
    "The night train was on time, so I missed it.",
    "Drew the whole thing on paper first. Took ten minutes, saved a week.",
    "There is a heron in the car park. Nobody moves.",
    "If it needs a comment, ask it why.",
    "Found my glasses. They were where I looked first.",
    "The backup was restored, on purpose, just to see.",
    "Learned the word for the gap between two tiles. Forgot it again.",
)

TEAMS = (
    ("Accra Waves", "Bergen Rovers"),
    ("Cusco Condors", "Dakar Lions"),
    ("Espoo Pines", "Faro Lights"),
    ("Ghent Spires", "Hanoi Kites"),
    ("Izmir Gulls", "Jaipur Jasmine"),
    ("Kyoto Maples", "Lima Coast"),
    ("Malmö Bridges", "Nantes Tides"),
    ("Oslo Firs", "Porto Bells"),
)

COMPANIES = [
    "Amber Tea",
    "Birch Paper",
    "Coral Ferries",
    "Dune Glass",
    "Ember Bakeries",
    "Fjord Wool",
    "Grove Orchards",
    "Harbour Ropes",
    "Inlet Boats",
    "Juniper Soaps",
    "Kestrel Post",
    "Lantern Books",
    "Meadow Bees",
    "North Clocks",
    "Orbit Maps",
    "Pebble Tiles",
    "Quarry Stone",
    "River Mills",
    "Summit Boots",
    "Tundra Tents",
]

NOTE = """Welcome

This text belongs to everybody who has it open.
Open it in a second browser and write in both at once.

Pull the plug, write on, plug it in again: nothing is lost.
"""


def load() -> None:
    """Fill the tables that are empty."""
    if not Todo.objects.exists():
        Todo.objects.bulk_create(Todo(title=title, done=done) for title, done in TODOS)
    if not Message.objects.exists():
        Message.objects.bulk_create(Message(room="lobby", author=author, text=text) for author, text in MESSAGES)
    if not Post.objects.exists():
        Post.objects.bulk_create(_post(number) for number in range(200))
    if not Notification.objects.exists():
        Notification.objects.create(text="The demo is running.", source="command", read=True)
    if not Match.objects.exists():
        Match.objects.bulk_create(Match(home_team=home, away_team=away) for home, away in TEAMS)
    if not Stock.objects.exists():
        Stock.objects.bulk_create(map(_stock, COMPANIES))
    if not Account.objects.exists():
        Account.objects.create(username="demo", email="demo@example.com")
    if not Note.objects.exists():
        Note.objects.create(slug="welcome").write(NOTE)
    if not User.objects.exists():
        User.objects.create_superuser("demo", password="demo")


def _post(number: int) -> Post:
    authors = [author for author, _ in MESSAGES]
    return Post(author=authors[number * 7 % len(authors)], text=POSTS[number * 11 % len(POSTS)])


def _stock(company: str) -> Stock:
    prices = [random.randint(1_000, 60_000)]
    while len(prices) < POINTS:
        prices.append(max(100, round(prices[-1] * random.gauss(1, 0.004))))
    symbol = company.replace(" ", "")[:4].upper()
    return Stock(symbol=symbol, company=company, price=Decimal(prices[-1]) / 100, history=prices)
