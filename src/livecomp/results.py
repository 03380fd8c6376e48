"""What a handler may not give back."""

from typing import Any

from django.http.response import HttpResponseBase


def refuse_response(result: Any) -> None:
    """Raise TypeError for a view's way of going elsewhere: nobody would see the response."""
    if isinstance(result, HttpResponseBase):
        raise TypeError(
            f"The handler gave back {result!r}, as a view does. There is no request to answer: write self.redirect(to) to "
            "go to another page, and change the component's state to show something else."
        )
