"""Django signals of live pages. Receivers are called in the thread that handles the page's message, in the page's order;
one that raises is logged by Django and harms nobody.

All carry ``request`` (of the page, with its user) and ``page`` (its id, the same across reconnects).
"""

from django.dispatch import Signal

connected = Signal()
"""A browser joined its page for the first time."""
resumed = Signal()
"""A browser came back to its page. Also carries ``in_doubt``: whether the state may be older than what was done."""
disconnected = Signal()
"""The connection of a page ended. It may come back."""
event_handled = Signal()
"""An event was handled, and is going to be rendered. The sender is the component's class; also carries ``component``,
``name``, ``succeeded`` and ``seconds``."""
