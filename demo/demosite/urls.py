from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from .views import DemoView, IndexView, healthz

urlpatterns = [
    path("", IndexView.as_view(), name="index"),
    path("healthz", healthz),
    path("favicon.ico", RedirectView.as_view(url="/static/demo/icon.svg")),
    path("counter/", DemoView.as_view(slug="counter")),
    path("cards/", DemoView.as_view(slug="cards")),
    path("signup/", include("signup.urls")),
    path("todos/", include("todos.urls")),
    path("checkout/", include("checkout.urls")),
    path("table/", include("table.urls")),
    path("feed/", include("feed.urls")),
    path("chat/", include("chat.urls")),
    path("notifications/", include("notifications.urls")),
    path("scores/", DemoView.as_view(slug="scores")),
    path("stocks/", DemoView.as_view(slug="stocks")),
    path("notes/", include("notes.urls")),
    path("admin/", admin.site.urls),
]
