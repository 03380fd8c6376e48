from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.conftest import Visitors
from tests.e2e.server import Site

Visit = Callable[..., Page]
TEXT = "#editor .cm-content"
WRITTEN = "[...document.querySelectorAll('#editor .cm-line')].map(line => line.textContent).join('\\n')"


class Line:
    """A page's way to the server, which can be cut. The page is loaded again for it."""

    def __init__(self, page: Page) -> None:
        self._is_cut = False
        self._socket: WebSocketRoute | None = None
        page.route_web_socket("**/livecomp/ws", self._carry)
        page.reload()

    def _carry(self, socket: WebSocketRoute) -> None:
        if self._is_cut:
            socket.close(code=1001)
        else:
            socket.connect_to_server()
            self._socket = socket

    def cut(self) -> None:
        """End the connection, and every new one."""
        self._is_cut = True
        assert self._socket
        self._socket.close(code=1001)

    def mend(self) -> None:
        """Let new connections through."""
        self._is_cut = False


def test_two_people_write_in_one_text(visit: Visit) -> None:
    one, other = visit("/notes/duet/"), visit("/notes/duet/")
    one.click(TEXT)
    one.keyboard.type("First line. ")
    other.wait_for_function(f"text => {WRITTEN} === text", arg="First line. ")
    other.click(TEXT)
    other.keyboard.press("Control+End")
    other.keyboard.type("Second voice.")
    expect(one.locator(TEXT)).to_contain_text("First line. Second voice.")


def test_both_write_at_once_and_nothing_is_lost(visit: Visit) -> None:
    one, other = visit("/notes/both/"), visit("/notes/both/")
    for page in (one, other):
        page.click(TEXT)
    for number in range(12):
        one.keyboard.type(f"a{number} ")
        other.keyboard.type(f"b{number} ")
    words = {f"{who}{number}" for who in "ab" for number in range(12)}
    one.wait_for_function(f"words => words.every(word => {WRITTEN}.split(' ').includes(word))", arg=sorted(words))
    other.wait_for_function(f"text => {WRITTEN} === text", arg=one.evaluate(WRITTEN))
    for who in "ab":
        order = [int(word[1:]) for word in one.evaluate(WRITTEN).split() if word.startswith(who)]
        assert order == list(range(12))


def test_one_is_cut_off_while_both_write_on_and_nothing_is_lost(visit: Visit) -> None:
    one, other = visit("/notes/cut/"), visit("/notes/cut/")
    line = Line(one)
    one.click(TEXT)
    one.keyboard.type("Before. ")
    expect(other.locator(TEXT)).to_contain_text("Before.")
    line.cut()
    expect(one.locator("#connection")).to_have_attribute("data-state", "lost")
    other.click(TEXT)
    other.keyboard.press("Control+End")
    for number in range(5):
        one.keyboard.type(f"a{number} ")
        other.keyboard.type(f"b{number} ")
    expect(other.locator(TEXT)).to_contain_text("b4")
    assert "a0" not in other.inner_text(TEXT)
    line.mend()
    same = f"text => {WRITTEN} === text"
    words = ["Before.", *(f"{who}{number}" for who in "ab" for number in range(5))]
    for page in (one, other):
        page.wait_for_function(
            f"words => words.every(word => {WRITTEN}.split(' ').includes(word))", arg=words, timeout=40_000
        )
    other.wait_for_function(same, arg=one.evaluate(WRITTEN))
    one.keyboard.type("After.")
    expect(other.locator(TEXT)).to_contain_text("After.")


def test_both_write_while_the_server_is_away(own_site: Site, visitors: Visitors) -> None:
    visitors.allow("WebSocket connection to .* failed")
    one, other = (visitors.open(f"{own_site.url}/notes/away/") for _ in range(2))
    for page in (one, other):
        page.click(TEXT)
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    one.keyboard.type("Written before. ")
    expect(other.locator(TEXT)).to_contain_text("Written before.")
    own_site.kill()
    one.keyboard.type("By one. ")
    other.keyboard.press("Control+End")
    other.keyboard.type("By the other. ")
    own_site.start()
    for page in (one, other):
        for text in ("Written before.", "By one.", "By the other."):
            expect(page.locator(TEXT)).to_contain_text(text, timeout=40_000)
    other.wait_for_function(f"text => {WRITTEN} === text", arg=one.evaluate(WRITTEN))


def test_who_is_editing(visit: Visit) -> None:
    one = visit("/notes/people/")
    other = visit("/notes/people/")
    expect(one.locator("#editors > li")).to_have_count(2)
    other.close()
    expect(one.locator("#editors > li")).to_have_count(1)


def test_the_others_caret_is_shown(visit: Visit) -> None:
    one, other = visit("/notes/carets/"), visit("/notes/carets/")
    one.click(TEXT)
    one.keyboard.type("Here I am")
    expect(other.locator("#editor .caret")).to_be_attached()


def test_without_javascript_the_text_can_be_read(visit: Visit) -> None:
    page = visit("/notes/welcome/", java_script_enabled=False)
    expect(page.locator("#editor")).to_contain_text("This text belongs to everybody")
