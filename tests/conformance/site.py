"""A site of Django's admin, allauth and wagtail, whose every template is compiled and rendered by both renderers.

Run by `tests.conformance.packages`, with the packages on the path. Prints what came of it; the exit code tells whether
the two renderers gave the same everywhere.
"""

# ruff: noqa: E402 - the settings come before anything that reads them

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings

warnings.simplefilter("ignore")
WAGTAIL = ["contrib.forms", "contrib.redirects", "embeds", "sites", "users", "snippets", "documents", "images"]
settings.configure(
    SECRET_KEY="conformance",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="tests.conformance.site",
    STATIC_URL="/static/",
    MEDIA_URL="/media/",
    USE_TZ=True,
    WAGTAIL_SITE_NAME="Conformance",
    WAGTAILADMIN_BASE_URL="http://testserver",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    AUTHENTICATION_BACKENDS=[
        "django.contrib.auth.backends.ModelBackend",
        "allauth.account.auth_backends.AuthenticationBackend",
    ],
    INSTALLED_APPS=[
        *("django.contrib." + app for app in ("admin", "admindocs", "auth", "contenttypes", "sessions", "messages")),
        *("django.contrib." + app for app in ("sites", "flatpages", "redirects", "staticfiles", "humanize")),
        "django.forms",
        *("allauth", "allauth.account", "allauth.socialaccount"),
        *(f"wagtail.{app}" for app in WAGTAIL),
        *("wagtail.search", "wagtail.admin", "wagtail", "modelcluster", "taggit"),
    ],
    SITE_ID=1,
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.debug",
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
)
django.setup()

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import call_command
from django.db import transaction
from django.middleware import csrf
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.base import Template
from django.test import Client, RequestFactory
from django.urls import include, path
from wagtail.admin import urls as wagtail_admin_urls
from wagtail.documents import urls as wagtail_document_urls

from livecomp.exceptions import TemplateError
from livecomp.templating import compile_template

PACKAGES = ("django", "allauth", "wagtail")
PAGES = """
/admin/login/ /admin/ /admin/auth/ /admin/auth/user/ /admin/auth/user/?q=x&is_staff__exact=1 /admin/auth/user/add/
/admin/auth/user/1/change/ /admin/auth/user/1/history/ /admin/auth/user/1/delete/ /admin/auth/user/1/password/
/admin/auth/group/add/ /admin/password_change/ /admin/flatpages/flatpage/add/ /admin/nothing/
/accounts/login/ /accounts/signup/ /accounts/logout/ /accounts/email/ /accounts/password/change/
/accounts/password/reset/ /accounts/password/reset/done/ /accounts/inactive/ /accounts/confirm-email/
/accounts/reauthenticate/ /accounts/3rdparty/
/cms/login/ /cms/ /cms/account/ /cms/pages/ /cms/pages/1/ /cms/pages/2/edit/ /cms/pages/2/delete/ /cms/pages/2/move/
/cms/pages/2/copy/ /cms/pages/2/history/ /cms/pages/search/?q=welcome /cms/images/ /cms/images/add/ /cms/documents/
/cms/users/ /cms/users/1/ /cms/users/add/ /cms/groups/ /cms/groups/1/ /cms/redirects/ /cms/redirects/add/ /cms/sites/
/cms/sites/1/ /cms/forms/ /cms/collections/ /cms/collections/add/ /cms/reports/locked/ /cms/reports/site-history/
/cms/reports/aging-pages/ /cms/workflows/list/ /cms/workflows/tasks/index/ /cms/styleguide/ /cms/choose-page/
/cms/images/chooser/ /cms/documents/chooser/ /cms/snippets/
"""
urlpatterns = [
    path("admin/doc/", include("django.contrib.admindocs.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("cms/", include(wagtail_admin_urls)),
    path("documents/", include(wagtail_document_urls)),
]


@contextmanager
def our_renderer() -> Iterator[None]:
    """Every template is rendered by livecomp, those that others include too."""
    theirs = Template.render

    def render(self: Template, context: Any) -> Any:
        return compile_template(self).render_plain(context)

    Template.render = render  # type: ignore[method-assign]
    try:
        yield
    finally:
        Template.render = theirs  # type: ignore[method-assign]


def template_names(package: str) -> list[str]:
    """The names of all templates that a package brings."""
    folder = Path(sys.modules[package].__path__[0])
    found = {
        str(file.relative_to(root))
        for root in folder.rglob("templates")
        if root.is_dir() and "conf" not in root.relative_to(folder).parts
        for file in root.rglob("*")
        if file.suffix in (".html", ".txt", ".xml", ".js", ".svg")
    }
    return sorted(found)


def outcome(call: Callable[[], Any]) -> str:
    """What a call gives, or how it fails."""
    try:
        return str(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def contexts() -> list[Callable[[], dict[str, Any]]]:
    """Contexts to render a template by itself with: an empty one, and one with names that many templates use."""
    user = User.objects.get()

    def named() -> dict[str, Any]:
        return {
            "title": "A <title>",
            "form": admin.sites.AdminAuthenticationForm(),
            "user": user,
            "object": user,
            "opts": User._meta,
            "has_permission": True,
            "is_popup": False,
            "site_title": "Site & co",
            "available_apps": [],
            "messages": ["one", "two"],
            "email": "ada@example.com",
            "items": [1, 2, 3],
        }

    return [dict, named]


def check_templates(package: str, different: list[str]) -> None:
    """Compile every template of a package in both forms, and render it where it can be rendered by itself."""
    counts: Counter[str] = Counter()
    for name in template_names(package):
        try:
            template = engines["django"].get_template(name).template  # type: ignore[attr-defined]
        except (TemplateDoesNotExist, TemplateSyntaxError):
            counts["cannot be loaded by Django here"] += 1
            continue
        counts["templates"] += 1
        compiled = compile_template(template)
        if compiled.plain is None:
            different.append(f"{name}: is not compiled")
        try:
            counts["with targets" if not compiled.live.why else "as one target"] += 1
        except TemplateError:
            counts["without a single root element"] += 1
        for make in contexts():
            counts["rendered"] += compare_renders(name, make, different)
    print(f"{package}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))


def compare_renders(name: str, make: Callable[[], dict[str, Any]], different: list[str]) -> bool:
    """Render a template with both; False where it needs more than it was given."""

    def render() -> str:
        request = RequestFactory().get("/")
        request.user, request.session = AnonymousUser(), {}  # type: ignore[assignment]
        return engines["django"].get_template(name).render(make(), request)  # type: ignore[no-any-return]

    theirs = outcome(render)
    with our_renderer():
        ours = outcome(render)
    if theirs != ours:
        different.append(f"{name} ({make.__name__}):\n  engine: {theirs[:600]!r}\n  ours:   {ours[:600]!r}")
    return "Error: " not in theirs[:60] and "Exist: " not in theirs[:60] and "Reverse" not in theirs[:60]


def check_pages(different: list[str]) -> None:
    """Ask for pages as a superuser and as nobody, from both renderers."""
    counts: Counter[int] = Counter()
    staff, nobody = Client(), Client()
    staff.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    for client in (staff, nobody):
        for url in PAGES.split():
            theirs = answer(client, url)
            with our_renderer():
                ours = answer(client, url)
            counts[theirs[0]] += 1
            if theirs != ours:
                different.append(f"{url}: {first_difference(theirs[1], ours[1])}")
    print("pages: " + ", ".join(f"{count} with status {status}" for status, count in sorted(counts.items())))


def answer(client: Client, url: str) -> tuple[int, str]:
    """A page as the renderer at work gives it. What the view writes to the database is undone."""
    try:
        with transaction.atomic():
            response = client.get(url)
            transaction.set_rollback(True)
    except Exception as error:
        return 500, f"{type(error).__name__}: {error}"
    return response.status_code, response.content.decode() if not response.streaming else ""


def first_difference(one: str, other: str) -> str:
    at = next((index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    return f"{one[max(0, at - 60) : at + 120]!r} became {other[max(0, at - 60) : at + 120]!r}"


def main() -> int:
    """Compare everything."""
    csrf._mask_cipher_secret = lambda secret: secret * 2  # type: ignore[attr-defined]
    csrf._get_new_csrf_string = lambda: "a" * 32  # type: ignore[attr-defined]
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("ada", "ada@example.com", "secret")
    different: list[str] = []
    for package in PACKAGES:
        check_templates(package, different)
    check_pages(different)
    for text in different:
        print(text)
    print("the same from both renderers" if not different else f"NOT THE SAME: {len(different)}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.modules["tests.conformance.site"] = sys.modules["__main__"]
    sys.exit(main())
