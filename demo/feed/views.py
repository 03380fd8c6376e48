from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from demosite.guests import guest_name
from demosite.views import DemoView

from .live import STEP
from .models import Post


class FeedView(DemoView):
    slug = "feed"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        asked = self.request.GET.get("shown", "")
        shown = min(int(asked), 500) if asked.isascii() and asked.isdigit() else STEP
        return super().get_context_data(author=guest_name(self.request.session), shown=shown, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """The form's way without JavaScript."""
        if text := request.POST.get("text", "").strip()[:500]:
            Post.objects.create(author=guest_name(request.session), text=text)
        return HttpResponseRedirect(request.path)
