from functools import cached_property

from livecomp import LiveComponent, event, state

from .forms import SignupForm


class Signup(LiveComponent):
    template_name = "signup/signup.html"

    data: dict[str, str] = state({})
    submitted: bool = False
    welcome: str = ""

    @cached_property
    def form(self) -> SignupForm:
        """Computed anew for each render. Fields that nobody has come to yet are not complained about."""
        seen = None if self.submitted else frozenset(name for name, value in self.data.items() if value)
        return SignupForm(self.data or None, only=seen)

    @event
    def validate(self, username: str = "", email: str = "") -> None:
        self.data = {"username": username, "email": email}
        self.welcome = ""

    @event
    def save(self, username: str, email: str) -> None:
        self.data, self.submitted = {"username": username, "email": email}, True
        if self.form.is_valid():
            self.welcome = self.form.save().username
            self.data, self.submitted = {}, False
