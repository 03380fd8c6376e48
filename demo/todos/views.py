from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from demosite.views import DemoView

from .models import Todo


class TodosView(DemoView):
    slug = "todos"

    def post(self, request: HttpRequest) -> HttpResponse:
        """The form's way without JavaScript."""
        if title := request.POST.get("title", "").strip()[:200]:
            Todo.objects.create(title=title)
        return HttpResponseRedirect(request.get_full_path())
