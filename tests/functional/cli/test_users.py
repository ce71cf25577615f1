"""`stockroom user`: people, and the links with which they set a password."""

from __future__ import annotations

from sqlalchemy import select

from stockroom.models import Event, Grant
from tests.support.cli import CommandLine
from tests.support.people import Browser, signed_in
from tests.support.site import TestSite

NEW = "three brown elephants"


def follow(site: TestSite, link: str, password: str = NEW) -> Browser:
    """A browser that has set a password with a link."""
    browser = Browser(site)
    page = browser.get(link)
    form = page.forms[0]
    form["password"] = form["again"] = password
    form.submit(status=303)
    return browser


def test_first_owner_gets_in(site: TestSite, site_cli: CommandLine) -> None:
    made = site_cli.json("user", "create", "ann", "--email", "Ann@packages.example", "--owner")

    browser = follow(site, made["link"])

    assert browser.is_signed_in()
    assert "acme/main" in browser.get("/").text
    with site.database.read() as connection:
        granted = connection.execute(
            select(Grant.role, Grant.scope_kind).where(Grant.subject.startswith("user:"))
        ).all()
    assert [tuple(row) for row in granted] == [("owner", "server")]


def test_link_is_printed_with_the_address_of_the_server(
    cli: CommandLine,
) -> None:
    output = cli.run("user", "create", "ann")

    assert "once, within 24 hours" in output
    assert output.splitlines()[-1].startswith("/join/sti_")


def test_link_is_good_for_one_time(site: TestSite, site_cli: CommandLine) -> None:
    link = site_cli.json("user", "create", "ann")["link"]
    follow(site, link)

    again = Browser(site).get(link, status=404)

    assert "used already" in again.text


def test_new_link_ends_the_old_one_and_what_was_signed_in(
    site: TestSite, site_cli: CommandLine
) -> None:
    before = signed_in(site, "ann")
    old = site_cli.json("user", "password-link", "ann")["link"]
    new = site_cli.json("user", "password-link", "ann")["link"]
    still = before.is_signed_in()

    follow(site, new)

    Browser(site).get(old, status=404)
    assert still
    assert not before.is_signed_in()
    assert Browser(site).sign_in("ann", NEW).headers["Location"] == "/"


def test_disabled_user_is_out_and_enabled_in_again(site: TestSite, site_cli: CommandLine) -> None:
    browser = signed_in(site, "ann")
    assert browser.is_signed_in()

    site_cli.run("user", "disable", "ann")

    assert not browser.is_signed_in()
    [row] = site_cli.json("user", "list")
    assert row["disabled"] is True
    site_cli.run("user", "enable", "ann")
    assert browser.is_signed_in()
    with site.database.read() as connection:
        kinds = connection.execute(select(Event.kind).where(Event.kind.like("user.%abled")))
        assert list(kinds.scalars()) == ["user.disabled", "user.enabled"]


def test_list_tells_nothing_secret(site: TestSite, site_cli: CommandLine) -> None:
    signed_in(site, "ann", totp=True)

    [row] = site_cli.json("user", "list")

    assert (row["name"], row["password"], row["second_factor"]) == ("ann", True, True)
    assert "argon2" not in repr(row)


def test_users_that_there_are_not(cli: CommandLine) -> None:
    assert "there is no user eve" in cli.refuse("user", "disable", "eve")
    assert "there is no user eve" in cli.refuse("user", "password-link", "eve")
    assert "cannot be a name" in cli.refuse("user", "create", "Eve!")
