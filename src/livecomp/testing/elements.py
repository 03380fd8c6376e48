"""`PageElement`: an element of a test page, as tests see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml.etree import _Element as Element

from livecomp.testing import controls
from livecomp.testing.html_text import inner_html, outer_html
from livecomp.testing.selectors import describe, is_visible, select, visible_text

if TYPE_CHECKING:
    from livecomp.testing.page import TestPage


class PageElement:
    """One element of the page. It stays valid, and shows what is there now, as long as the element is on the page."""

    def __init__(self, page: TestPage, node: Element) -> None:
        self.page = page
        self.node = node

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PageElement) and other.node is self.node

    def __hash__(self) -> int:
        return hash(self.node)

    def __repr__(self) -> str:
        return f"<PageElement {describe(self.node)}>"

    # What it is

    @property
    def tag(self) -> str:
        """The tag's name."""
        return str(self.node.tag)

    @property
    def text(self) -> str:
        """What a person reads: white space collapsed, hidden parts left out."""
        self.page.settle()
        return visible_text(self.node)

    @property
    def html(self) -> str:
        """The element with its tags."""
        self.page.settle()
        return outer_html(self.node)

    @property
    def inner_html(self) -> str:
        """What stands between the tags."""
        self.page.settle()
        return inner_html(self.node)

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes by name."""
        self.page.settle()
        return {str(name): str(value) for name, value in self.node.attrib.items()}

    def __getitem__(self, attribute: str) -> str:
        """An attribute's value. Raises KeyError when it is not there."""
        return self.attributes[attribute]

    def __contains__(self, attribute: str) -> bool:
        """Whether the attribute is there."""
        return attribute in self.attributes

    def get(self, attribute: str, default: str | None = None) -> str | None:
        """An attribute's value, or the default."""
        return self.attributes.get(attribute, default)

    @property
    def classes(self) -> set[str]:
        """The names in `class`."""
        return set((self.get("class") or "").split())

    # What it holds

    @property
    def value(self) -> str:
        """What the control holds now, as JavaScript's `value`."""
        self.page.settle()
        if not controls.is_control(self.node) and self.node.tag != "button":
            raise AssertionError(f"{describe(self.node)} holds no value.")
        return self.page.controls.value(self.node)

    @property
    def values(self) -> list[str]:
        """The chosen values of a `<select multiple>`."""
        self.page.settle()
        held = self.page.controls.held(self.node)
        return held if isinstance(held, list) else [str(held)]

    @property
    def checked(self) -> bool:
        """Whether the checkbox or radio button is checked now."""
        self.page.settle()
        if not controls.is_box(self.node):
            raise AssertionError(f"{describe(self.node)} is no checkbox and no radio button.")
        return self.page.controls.held(self.node) is True

    @property
    def disabled(self) -> bool:
        """Whether the browser would not let a user touch it."""
        self.page.settle()
        return controls.is_disabled(self.node)

    @property
    def visible(self) -> bool:
        """Whether nothing in the markup hides it. (Style sheets are not read.)"""
        self.page.settle()
        return is_visible(self.node)

    @property
    def focused(self) -> bool:
        """Whether it has the focus."""
        return self.page.controls.focused is self.node

    @property
    def on_page(self) -> bool:
        """Whether it is still part of the page."""
        self.page.settle()
        return self.node is self.page.dom.root or self.page.dom.root in self.node.iterancestors()

    # What is in it

    def all(self, selector: str) -> list[PageElement]:
        """The elements in it that match, in document order."""
        self.page.settle()
        return [PageElement(self.page, node) for node in select(self.node, selector)]

    def one(self, selector: str) -> PageElement:
        """The element in it that matches. Raises AssertionError unless there is exactly one."""
        return self.page.only(selector, self.all(selector))

    # What a user does to it

    def click(self, **options: Any) -> TestPage:
        """See `TestPage.click`."""
        return self.page.click(self, **options)

    def fill(self, value: object) -> TestPage:
        """See `TestPage.fill`."""
        return self.page.fill(self, value)

    def submit(self, **fields: object) -> TestPage:
        """See `TestPage.submit`."""
        return self.page.submit(self, **fields)
