"""A page for the tests beside this file."""

from django.urls import path

from tests.security.test_resources import Long

urlpatterns = [path("long/", Long.as_view())]
