from django.db import models, transaction
from pycrdt import Doc, Text

TEXT = "text"  # name of the shared text within the document, the same in the browser


class Note(models.Model):
    slug = models.SlugField(unique=True)
    document = models.BinaryField(default=b"")  # everything that was ever written, as a Yjs update
    text = models.TextField(blank=True)  # the same, for those who only read

    def __str__(self) -> str:
        return self.slug

    @property
    def doc(self) -> Doc:
        doc: Doc = Doc()
        doc[TEXT] = Text()
        if self.document:
            doc.apply_update(bytes(self.document))
        return doc

    def write(self, text: str) -> None:
        """Put text at the end."""
        doc = self.doc
        doc[TEXT] += text
        self._store(doc)

    @classmethod
    def merge(cls, slug: str, update: bytes) -> None:
        """Add what somebody wrote. Updates may come in any order, and twice. Raises ValueError for bytes that are none."""
        with transaction.atomic():
            note = cls.objects.select_for_update().get(slug=slug)
            doc = note.doc
            doc.apply_update(update)
            note._store(doc)

    def _store(self, doc: Doc) -> None:
        self.document, self.text = doc.get_update(), str(doc[TEXT])
        self.save()
