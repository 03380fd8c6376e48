from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from demosite.views import DemoView

from .models import notify


class NotificationsView(DemoView):
    slug = "notifications"

    def post(self, request: HttpRequest) -> HttpResponse:
        notify("Hello from a Django view.", "view")
        return HttpResponseRedirect(request.path)
