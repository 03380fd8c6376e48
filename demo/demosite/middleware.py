"""The Content-Security-Policy header for Django 5.2, which has no middleware of its own for it."""

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def ContentSecurityPolicyMiddleware(get_response: Callable) -> Callable:
    policy = "; ".join(f"{directive} {' '.join(values)}" for directive, values in settings.SECURE_CSP.items())

    def protect(response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", policy)
        return response

    if iscoroutinefunction(get_response):

        async def middleware(request: HttpRequest) -> HttpResponse:
            return protect(await get_response(request))

    else:

        def middleware(request: HttpRequest) -> HttpResponse:
            return protect(get_response(request))

    return middleware
