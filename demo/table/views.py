from demosite.views import DemoView

from .live import MOST


class TableView(DemoView):
    slug = "table"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        asked = self.request.GET.get("rows", "")
        rows = min(int(asked), MOST) if asked.isascii() and asked.isdigit() else 1000
        return super().get_context_data(rows=rows, **kwargs)
