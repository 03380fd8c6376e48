"""The ASGI application of the test servers."""

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from livecomp.asgi import live_application  # noqa: E402 (needs the apps)

application = live_application(http)
