"""For projects with a ``ProtocolTypeRouter`` of their own: ``URLRouter([*websocket_urlpatterns, …])``.

`livecomp.asgi.live_application` needs none of this.
"""

from django.urls import path

from livecomp.conf import settings
from livecomp.websocket import live_websocket

websocket_urlpatterns = [path(settings.path.lstrip("/"), live_websocket)]  # type: ignore[arg-type]

__all__ = ["live_websocket", "websocket_urlpatterns"]
