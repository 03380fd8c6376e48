from django.db.models import QuerySet

from livecomp import LiveComponent, event, state

from .models import Todo


class TodoList(LiveComponent):
    template_name = "todos/todo_list.html"
    watch = [Todo]  # a committed change in any browser or process renders this list again

    filter: str = state("all", bind=True, url="filter")

    @property
    def todos(self) -> QuerySet[Todo]:
        todos = Todo.objects.all()
        if self.filter == "active":
            return todos.filter(done=False)
        if self.filter == "completed":
            return todos.filter(done=True)
        return todos

    @property
    def left(self) -> int:
        return Todo.objects.filter(done=False).count()

    @event
    def add(self, title: str) -> None:
        if title := title.strip()[:200]:
            Todo.objects.create(title=title)

    @event
    def toggle(self, todo: Todo) -> None:
        todo.done = not todo.done
        todo.save()

    @event
    def destroy(self, todo: Todo) -> None:
        todo.delete()
