"""A component as a whole page: ``path("poll/<int:pk>/", PollPage.as_view())``."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe
from django.views import View

from livecomp.component import LiveComponent
from livecomp.host import page_for

OPTIONS = ("title", "http_method_names")
"""What `as_view()` of a component takes."""


class LiveView(View):
    """Renders one component in its layout. The URL's arguments become arguments of mount; its redirect is the response."""

    component_class: type[LiveComponent] | None = None
    title = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        component = self.component_class
        assert component is not None
        page = page_for(request)
        try:
            html = page.render_root(component.name, kwargs)
        except PermissionDenied:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            raise
        if page.leaving:
            return HttpResponseRedirect(page.leaving)
        title = self.title or component.name.replace("_", " ").capitalize()
        context = {"component": mark_safe(html), "title": title}
        response = render(request, component.layout_template_name, context)
        if page.leaving:  # a component in the layout
            return HttpResponseRedirect(page.leaving)
        patch_cache_control(response, private=True)  # its tokens are this visitor's
        return response
