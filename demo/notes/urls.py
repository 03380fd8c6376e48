from django.urls import path
from django.views.generic import RedirectView

from .views import NoteView

urlpatterns = [
    path("", RedirectView.as_view(url="/notes/welcome/")),
    path("<slug:slug>/", NoteView.as_view()),
]
