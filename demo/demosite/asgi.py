"""The demo as an ASGI application: Django's pages and livecomp's WebSocket."""

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demosite.settings")
django_application = get_asgi_application()

from livecomp.asgi import live_application  # noqa: E402 (needs the apps that the line above loads)

application = live_application(ASGIStaticFilesHandler(django_application))
