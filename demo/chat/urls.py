from django.urls import path
from django.views.generic import RedirectView

from .views import ChatView

urlpatterns = [
    path("", RedirectView.as_view(url="/chat/lobby/")),
    path("<slug:room>/", ChatView.as_view()),
]
