from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from demosite.views import DemoView

from .forms import SignupForm


class SignupView(DemoView):
    slug = "signup"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return super().get_context_data(
            **{"data": {}, "submitted": False, "welcome": self.request.GET.get("welcome", ""), **kwargs}
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """The form's way without JavaScript."""
        form = SignupForm(request.POST)
        if form.is_valid():
            return HttpResponseRedirect(f"?welcome={form.save().username}")
        return self.render_to_response(
            self.get_context_data(data={name: request.POST.get(name, "") for name in form.fields})
        )
