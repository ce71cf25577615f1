"""The pages of views: looking into them, making, changing and deleting them in a browser."""

from __future__ import annotations

import html
import re

import pytest

from tests.archives import make_wheel
from tests.support.library import create_registry
from tests.support.people import NAVIGATING, Browser, signed_in
from tests.support.site import TestSite

ALL = "/views/acme/all"
CHANGE = f"{ALL}/change"
FILTERED = "public/main[release.age_days >= 7]"


@pytest.fixture
def furnished(site: TestSite) -> TestSite:
    """The view acme/all of acme/main before public/main, some of it."""
    site.create_workspace("public", "public")
    create_registry(site, "side", "acme")
    site.create_view("acme/all", "acme/main", FILTERED, reason="one for all")
    return site


@pytest.fixture
def admin(furnished: TestSite) -> Browser:
    return signed_in(furnished, role="admin")


def text_of(browser: Browser, path: str) -> str:
    """A page without its entities."""
    return html.unescape(browser.get(path).text)


def test_a_reader_looks_into_a_view_and_changes_nothing(furnished: TestSite) -> None:
    reader = signed_in(furnished, role="reader")

    start, views, shown = (text_of(reader, path) for path in ("/", "/views/acme", ALL))

    assert f'href="{ALL}"' in start
    assert f"<code>{FILTERED}</code>" in views
    assert "<code>release.age_days >= 7</code>" in shown
    assert "http://localhost/simple/acme/all/" in shown
    assert 'href="/use/acme/all"' in shown
    assert re.search(r">test</td>\s*<td>one for all</td>", shown)
    assert not re.search(r"Change|Delete|Make", start + views + shown)
    reader.get(CHANGE, status=403)
    reader.get("/new-view/acme", status=403)


def test_who_may_merely_install_sees_no_view(furnished: TestSite) -> None:
    stranger = signed_in(furnished, "sue")

    assert "/views/" not in stranger.get("/").text
    stranger.get("/views/public/main", status=403)
    stranger.get("/views/public", status=403)
    stranger.get(ALL, status=404)


def test_a_view_is_made_changed_and_deleted(admin: Browser, furnished: TestSite) -> None:
    made = admin.submit(
        "/new-view/acme", "", name="mine", groups="acme/side\r\n" + FILTERED, reason="for me"
    )
    shown = admin.get(made.headers["Location"])
    changed = admin.submit("/views/acme/mine/change", "", groups="acme/side, acme/main")
    after = text_of(admin, changed.headers["Location"])
    deleted = admin.submit("/views/acme/mine", "/views/acme/mine/deletion", reason="not needed")

    assert made.headers["Location"] == "/views/acme/mine?done=view-made"
    assert "The view is made." in shown.text
    assert "acme/side, acme/main" in after
    assert deleted.headers["Location"] == "/views/acme?done=view-deleted"
    admin.get("/views/acme/mine", status=404)
    key = furnished.create_key("admin", "team:acme")
    events = furnished.get("/v1/teams/acme/events?kind=view", key).json["events"]
    mine = [event for event in events if event["data"]["name"] == "mine"]
    assert [(event["kind"], event["data"]["reason"]) for event in mine] == [
        ("view.deleted", "not needed"),
        ("view.changed", None),
        ("view.created", "for me"),
    ]
    assert {event["actor"].partition(":")[0] for event in mine} == {"user"}


def test_mistakes_stand_beside_what_was_written(admin: Browser) -> None:
    wrong = "acme/main\r\nnobody/has, public/main[release.versoin == '1']"

    told = admin.submit(CHANGE, "", status=400, groups=wrong)

    text = html.unescape(told.text)
    assert "group 2, nobody/has: there is no registry nobody/has that you may read" in text
    assert "group 2, public/main, column 1: " in text
    assert "release.version" in text
    assert "nobody/has, public/main[release.versoin == '1']</textarea>" in text
    assert 'aria-invalid="true"' in text
    unread = admin.submit("/new-view/acme", "", status=400, name="mine", groups="acme/main[")
    assert "group 1, column 10: this bracket is not closed" in unread.text
    named = admin.submit("/new-view/acme", "", status=409, name="all", groups="acme/main")
    assert 'value="all"' in named.text


def test_of_two_who_change_a_view_the_later_one_is_told(admin: Browser) -> None:
    form = admin.get(CHANGE)
    page = admin.get(ALL)
    admin.submit(CHANGE, "", groups="acme/side")

    told = admin.submit(form, "", status=412, groups="acme/main")
    deleting = admin.submit(page, f"{ALL}/deletion", status=412)
    again = admin.submit(told, "", groups="acme/main")

    assert "Somebody else has made it this" in told.text
    assert "<code>acme/side</code>" in told.text
    assert "acme/main</textarea>" in told.text
    assert "It was changed since you looked at it" in deleting.text
    assert again.headers["Location"] == f"{ALL}?done=view-changed"


def test_the_view_of_a_registry_has_no_forms(admin: Browser) -> None:
    shown = admin.get("/views/acme/main").text

    assert "comes and goes with it" in shown
    assert "/change" not in shown
    assert "/deletion" not in shown


def test_conflicts_stand_on_the_page(admin: Browser, furnished: TestSite) -> None:
    writer = furnished.create_key("writer", "acme")
    for number, name in enumerate(("main", "side")):
        wheel = make_wheel("demo", "1.0", description=str(number))
        furnished.upload(*wheel, writer, to=f"acme/{name}")
    before = admin.get(ALL).text

    admin.submit(CHANGE, "", groups="acme/side, acme/main")

    assert "There are none." in before
    after = admin.get(ALL).text
    assert re.search(
        r"rowgroup[^>]*>demo-1.0-py3-none-any.whl</th>\s*<td>acme/side \(taken\)", after
    )


def test_who_may_not_read_a_member_sees_the_definition_alone(furnished: TestSite) -> None:
    furnished.create_workspace("secret")
    furnished.create_view("acme/hidden", "acme/main, secret/main")
    reader = signed_in(furnished, role="reader")

    shown = reader.get("/views/acme/hidden").text

    assert "secret/main" in shown
    assert "You may not read every registry" in shown
    assert "acme/hidden" not in reader.get("/").text


def test_forms_of_other_pages_change_nothing(admin: Browser) -> None:
    fields = {"groups": "acme/side", "name": "evil"}
    for path in (CHANGE, "/new-view/acme", f"{ALL}/deletion"):
        answer = admin.app.post(path, fields, headers=NAVIGATING, status=403)
        assert "load it again" in answer.text
