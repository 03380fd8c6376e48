from django.db.models import QuerySet

from livecomp import LiveComponent, event

from .models import Post

STEP = 10


class Feed(LiveComponent):
    template_name = "feed/feed.html"
    watch = [Post]

    author: str
    oldest: int = 0  # primary key of the last post shown

    def mount(self, author: str, shown: int = STEP) -> None:
        self.author = author
        self.reach_back(Post.objects.all(), shown)

    @property
    def posts(self) -> QuerySet[Post]:
        return Post.objects.filter(pk__gte=self.oldest)

    @property
    def has_more(self) -> bool:
        return Post.objects.filter(pk__lt=self.oldest).exists()

    @event
    def more(self) -> None:
        self.reach_back(Post.objects.filter(pk__lt=self.oldest), STEP)

    @event
    def post(self, text: str) -> None:
        if text := text.strip()[:500]:
            Post.objects.create(author=self.author, text=text)

    def reach_back(self, older: QuerySet[Post], count: int) -> None:
        self.oldest = min(older.values_list("pk", flat=True)[:count], default=self.oldest)
