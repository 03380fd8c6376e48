"""A component as a whole page: ``path("poll/<int:pk>/", PollPage.as_view())``."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views import View

from livecomp.component import LiveComponent
from livecomp.page import page_for


class LiveView(View):
    """Renders one component in its layout. The URL's arguments become arguments of mount."""

    component_class: type[LiveComponent] | None = None
    title = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        component = self.component_class
        assert component is not None
        try:
            html = page_for(request).render_root(component.name, kwargs)
        except PermissionDenied:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            raise
        title = self.title or component.name.replace("_", " ").capitalize()
        context = {"component": mark_safe(html), "title": title}
        return render(request, component.layout_template_name, context)
