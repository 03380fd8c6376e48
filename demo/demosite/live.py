from datetime import datetime

from django.utils import timezone

from livecomp import LiveComponent, every


class Clock(LiveComponent):
    template_name = "demo/clock.html"

    @property
    def now(self) -> datetime:
        return timezone.now()

    @every(seconds=1)
    def tick(self) -> None:
        """Nothing to do: after it, the component is rendered again."""
