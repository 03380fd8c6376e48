"""URLs of the test project."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tests.testapp.live import Counter


def page(request: HttpRequest, name: str) -> HttpResponse:
    """Any component on an ordinary page."""
    return render(request, "testapp/page.html", {"name": name})


urlpatterns = [
    path("page/<str:name>/", page),
    path("view/<int:start>/", Counter.as_view()),
]
