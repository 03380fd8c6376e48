"""URLs of the test project. Tests that need pages bring their own with `override_settings(ROOT_URLCONF=…)`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
