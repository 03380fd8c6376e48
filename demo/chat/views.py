from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from demosite.guests import guest_name
from demosite.views import DemoView
from livecomp import publish

from .models import Message


class ChatView(DemoView):
    slug = "chat"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return super().get_context_data(author=guest_name(self.request.session), **kwargs)

    def post(self, request: HttpRequest, room: str) -> HttpResponse:
        """The form's way without JavaScript; those who have it see the message at once all the same."""
        author = guest_name(request.session)
        if Message.say(room, author, request.POST.get("text", "")):
            publish(f"room:{room}", author)
        return HttpResponseRedirect(request.path)
