from livecomp import LiveComponent, event, state

from .data import BIRDS, Bird


class Deck(LiveComponent):
    template_name = "cards/deck.html"

    order: list[str] = state(list(BIRDS))
    likes: dict[str, int] = state({})

    @property
    def birds(self) -> list[Bird]:
        return [BIRDS[name] for name in self.order]

    @property
    def total(self) -> int:
        return sum(self.likes.values())

    @event
    def turn(self) -> None:
        self.order.append(self.order.pop(0))

    def liked(self, bird: str, likes: int) -> None:
        self.likes[bird] = likes


class Like(LiveComponent):
    template_name = "cards/like.html"

    bird: str
    likes: int = 0

    @event
    def like(self) -> None:
        self.likes += 1
        if self.parent:
            self.send_to(self.parent, "liked", bird=self.bird, likes=self.likes)
