from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.server import Site, running

Visit = Callable[..., Page]


def test_from_a_view(visit: Visit) -> None:
    one, other = visit("/notifications/"), visit("/notifications/")
    unread = int(one.inner_text("#unread"))
    one.click("#send-test")
    for page in (one, other):
        expect(page.locator("#unread")).to_have_text(str(unread + 1))
        expect(page.locator("#notifications > li").first).to_contain_text("from the view")
    assert one.url.endswith("/notifications/")


def test_from_a_management_command(visit: Visit, site: Site) -> None:
    page = visit("/notifications/")
    site.manage("notify", "Tea is ready")
    expect(page.locator("#notifications > li").first).to_contain_text("Tea is ready")


def test_from_a_background_task_with_a_progress_bar(visit: Visit) -> None:
    page = visit("/notifications/")
    page.click("#start-work")
    expect(page.locator("#progress")).to_be_visible()
    expect(page.locator("#notifications > li").first).to_contain_text("background task is done")
    expect(page.locator("#progress")).to_have_count(0)
    expect(page.locator("#start-work")).to_be_enabled()


def test_from_the_admin(visit: Visit) -> None:
    page = visit("/notifications/")
    admin = visit("/admin/notifications/notification/")
    admin.fill("[name=username]", "demo")
    admin.fill("[name=password]", "demo")
    admin.click("[type=submit]")
    admin.locator("tr", has_text="The demo is running.").last.locator(".action-select").check()
    admin.select_option("[name=action]", "send_again")
    admin.click("button[name=index]")
    expect(page.locator("#notifications > li").first).to_contain_text("from the admin")


def test_marked_as_read_for_everybody(visit: Visit) -> None:
    one, other = visit("/notifications/"), visit("/notifications/")
    one.click("#send-test")
    expect(one.locator("#notifications > li").first.locator("button")).to_be_visible()
    one.click("#read-all")
    for page in (one, other):
        expect(page.locator("#unread")).to_have_text("0")
        expect(page.locator("#notifications > li.unread")).to_have_count(0)


def test_without_javascript_the_button_posts(visit: Visit) -> None:
    page = visit("/notifications/", java_script_enabled=False)
    unread = int(page.inner_text("#unread"))
    page.click("#send-test")
    expect(page.locator("#unread")).to_have_text(str(unread + 1))


def test_from_a_celery_task_with_a_progress_bar(visit: Visit, site: Site) -> None:
    one, other = visit("/notifications/"), visit("/notifications/")
    one.click("#start-export")
    expect(one.locator("#export")).to_contain_text("Waiting for the Celery worker")
    with running(site, "work") as worker:
        expect(one.locator("#export progress")).to_be_visible(timeout=60_000)
        for page in (one, other):
            first = page.locator("#notifications > li").first
            expect(first).to_contain_text("from the Celery worker", timeout=30_000)
        expect(one.locator("#export")).to_have_count(0)
        expect(one.locator("#start-export")).to_be_enabled()
        assert worker.poll() is None
        assert worker.stdin
        worker.stdin.close()
        assert worker.wait(30) == 0
