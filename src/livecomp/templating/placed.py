"""The place of a child component in its parent's content."""


class Placed:
    """Stands for a child component, by its id."""

    __slots__ = ("id",)

    def __init__(self, id: str) -> None:
        self.id = id
