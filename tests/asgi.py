"""The test project's ASGI application."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
http = get_asgi_application()

from livecomp.asgi import live_application  # noqa: E402 (needs the apps)

application = live_application(http)
