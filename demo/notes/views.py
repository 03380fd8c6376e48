from demosite.guests import guest_name
from demosite.views import DemoView

from .models import Note


class NoteView(DemoView):
    slug = "notes"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        note, _ = Note.objects.get_or_create(slug=self.kwargs["slug"])
        return super().get_context_data(note=note, author=guest_name(self.request.session), **kwargs)
