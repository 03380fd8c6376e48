"""livecomp.notices: what visitors read, and its translations."""

import json
import re
from gettext import GNUTranslations
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.template import Context
from django.template.engine import Engine
from django.test import override_settings
from django.utils import translation

import livecomp
from livecomp import LiveComponent, event, notices
from livecomp.constants import ErrorCode
from livecomp.templatetags import livecomp as tags
from livecomp.testing import LiveClient

LOCALES = Path(livecomp.__file__).parent / "locale"
LANGUAGES = ["de", "es", "fr", "ja", "pt", "ru", "zh_Hans"]
TEXT = re.compile(r'gettext(?:_noop)?\(\s*"([^"]+)"|{% translate "([^"]+)" %}')


def texts_of_the_sources() -> set[str]:
    root = Path(livecomp.__file__).parent
    files = [*root.rglob("*.py"), *root.rglob("*.html")]
    return {python or template for file in files for python, template in TEXT.findall(file.read_text())}


def catalog(language: str) -> dict[str, str]:
    with (LOCALES / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        found: dict[str, str] = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {text: translated for text, translated in found.items() if text}


def test_every_language_is_there() -> None:
    assert sorted(path.name for path in LOCALES.iterdir()) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_no_other(language: str) -> None:
    translated = catalog(language)
    assert translated.keys() == texts_of_the_sources()
    for text, words in translated.items():
        assert words not in ("", text)
        assert re.findall(r"%\(\w+\)s", words) == re.findall(r"%\(\w+\)s", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogs_are_what_the_sources_say(language: str) -> None:
    source = (LOCALES / language / "LC_MESSAGES" / "django.po").read_text()
    assert "fuzzy" not in source
    assert dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', source, re.MULTILINE)) == catalog(language), (
        "stale: make messages"
    )


@pytest.mark.parametrize("debug", [True, False])
def test_every_error_code_has_a_text_except_that_of_a_failure_which_brings_its_own(debug: bool) -> None:
    with override_settings(DEBUG=debug):
        texts = json.loads(unescape(notices.client_texts()))
    assert texts.keys() >= set(ErrorCode) - {"failed"} | {"dismiss", "closed", "reload", "unknown_command"}
    assert ("failed" in texts) is debug


def test_the_script_tag_brings_the_texts_in_the_pages_language() -> None:
    with translation.override("fr"):
        html = tags.live_scripts(Context())
    found = re.search(r"data-livecomp-texts='([^']+)'", html)
    assert found
    assert json.loads(unescape(found[1]))["dismiss"] == "Fermer"
    assert "’" in found[1]  # as it is: no character needs more than itself


def test_regional_languages_have_those_of_their_language() -> None:
    for code, text in [
        ("pt-br", "Fechar"),
        ("de-at", "Schließen"),
        ("zh-hans", "关闭"),
        ("ja", "閉じる"),
        ("it", "Dismiss"),
    ]:
        with translation.override(code):
            assert json.loads(unescape(notices.client_texts()))["dismiss"] == text


class Breaks(LiveComponent):
    name = "notices.breaks"
    template = "<p>{% if broken %}{{ broken.x.y|add:none }}{{ raise }}{% endif %}</p>"
    broken: bool = False

    @event
    def go(self) -> None:
        raise ValueError("for developers")

    @property
    def none(self) -> Any:
        raise ValueError("for developers")

    @event
    def show(self) -> None:
        self.broken = True


def test_a_visitor_reads_of_an_exception_only_its_number_in_the_pages_language(live: LiveClient) -> None:
    with translation.override("de"):
        page = live.mount(Breaks)
        with page.expect_error("failed") as errors:
            page.call("go")
    assert re.fullmatch(r"Etwas ist schiefgegangen \([0-9a-f]{8}\)\.", errors[0].message)


def test_the_notice_in_place_of_a_component_is_in_the_pages_language() -> None:
    template = Engine.get_default().get_template("livecomp/error.html")
    with translation.override("ja"):
        assert "問題が発生しました" in template.render(Context({"failure": "1234"}))
        assert "権限がありません" in template.render(Context({"is_refused": True}))
