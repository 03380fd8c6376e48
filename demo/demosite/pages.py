"""The demo's table of contents: every page with its texts and the files whose source it shows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    slug: str
    title: str
    tagline: str
    group: str
    sources: tuple[str, ...]
    url: str = ""

    @property
    def path(self) -> str:
        return self.url or f"/{self.slug}/"


PAGES = (
    Page(
        "counter",
        "Counter",
        "State in Python, one event, thirty bytes back.",
        "Start here",
        (
            "counter/live.py",
            "counter/templates/counter/counter.html",
            "counter/templates/counter/page.html",
        ),
    ),
    Page(
        "cards",
        "Cards",
        "django-components with slots, and live components inside them.",
        "Start here",
        (
            "cards/live.py",
            "cards/templates/cards/deck.html",
            "cards/templates/cards/like.html",
            "cards/components/card/card.html",
            "cards/components/card/card.py",
            "cards/templates/cards/page.html",
        ),
    ),
    Page(
        "signup",
        "Sign-up",
        "A ModelForm that is validated while you type.",
        "Start here",
        (
            "signup/live.py",
            "signup/templates/signup/signup.html",
            "signup/forms.py",
            "signup/models.py",
            "signup/views.py",
            "signup/templates/signup/page.html",
        ),
    ),
    Page(
        "todos",
        "Todos",
        "A list in the database. Open it twice: both windows stay in step.",
        "Data",
        (
            "todos/live.py",
            "todos/templates/todos/todo_list.html",
            "todos/models.py",
            "todos/views.py",
            "todos/templates/todos/page.html",
        ),
    ),
    Page(
        "checkout",
        "Checkout",
        "A Pay button that pays exactly once, whatever breaks.",
        "Data",
        (
            "checkout/live.py",
            "checkout/templates/checkout/checkout.html",
            "checkout/models.py",
            "checkout/views.py",
            "checkout/templates/checkout/page.html",
        ),
    ),
    Page(
        "table",
        "Big table",
        "A thousand rows, and a click costs one of them.",
        "Data",
        (
            "table/live.py",
            "table/templates/table/table.html",
            "table/templates/table/page.html",
        ),
    ),
    Page(
        "feed",
        "Feed",
        "Endless downwards, live on top.",
        "Data",
        (
            "feed/live.py",
            "feed/templates/feed/feed.html",
            "feed/models.py",
            "feed/views.py",
            "feed/templates/feed/page.html",
        ),
    ),
    Page(
        "chat",
        "Chat",
        "New messages reach everybody in the room at once.",
        "Real time",
        (
            "chat/live.py",
            "chat/templates/chat/room.html",
            "chat/models.py",
            "chat/views.py",
            "chat/templates/chat/page.html",
        ),
        url="/chat/lobby/",
    ),
    Page(
        "notifications",
        "Notifications",
        "Pushed from a view, a task, a command or the admin.",
        "Real time",
        (
            "notifications/live.py",
            "notifications/templates/notifications/notifications.html",
            "notifications/models.py",
            "notifications/tasks.py",
            "notifications/management/commands/notify.py",
            "notifications/views.py",
            "notifications/admin.py",
            "notifications/templates/notifications/page.html",
        ),
    ),
    Page(
        "scores",
        "Live scores",
        "A background process plays. One render serves all viewers.",
        "Real time",
        (
            "scores/live.py",
            "scores/templates/scores/scoreboard.html",
            "scores/management/commands/play_match.py",
            "scores/models.py",
            "scores/templates/scores/page.html",
        ),
    ),
    Page(
        "stocks",
        "Stock ticker",
        "Twenty prices with sparklines, several updates a second.",
        "Real time",
        (
            "stocks/live.py",
            "stocks/templates/stocks/ticker.html",
            "stocks/management/commands/move_prices.py",
            "stocks/models.py",
            "stocks/templates/stocks/page.html",
        ),
    ),
    Page(
        "notes",
        "Shared notes",
        "Several people write in one text, and nothing is lost.",
        "Real time",
        (
            "notes/live.py",
            "notes/templates/notes/note.html",
            "notes/editor/note.js",
            "notes/models.py",
            "notes/views.py",
            "notes/templates/notes/page.html",
        ),
        url="/notes/welcome/",
    ),
)

BY_SLUG = {page.slug: page for page in PAGES}


def groups() -> dict[str, list[Page]]:
    """The pages under their headings, both in the order of the table."""
    grouped: dict[str, list[Page]] = {}
    for page in PAGES:
        grouped.setdefault(page.group, []).append(page)
    return grouped
