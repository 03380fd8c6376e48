from livecomp import LiveComponent, event, state


class Counter(LiveComponent):
    template_name = "counter/counter.html"

    count: int = 0
    step: int = state(1, bind=True)

    def mount(self, start: int = 0) -> None:
        self.count = start

    @event
    def add(self) -> None:
        self.count += self.step

    @event
    def subtract(self) -> None:
        self.count -= self.step
