"""Following an invitation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stockroom.accounts.throttle import LIMITS
from stockroom.manage.grants import Grants
from stockroom.manage.invitations import Invitations
from stockroom.manage.scopes import find_scope
from stockroom.models import Grant, User
from stockroom.security import keys
from stockroom.security.permissions import Role
from tests.support.people import Browser, make_user, signed_in
from tests.support.site import TestSite

NEW = "three brown elephants"


def invite(
    site: TestSite, role: Role = Role.WRITER, email: str | None = None, by: str = "test"
) -> str:
    """The path of a link to the team acme."""
    with site.database.transaction() as session:
        scope = find_scope(session, "team:acme")
        _, minted = Invitations(session, by).create(scope, role, email)
    return f"/join/{minted.secret}"


def role_of(site: TestSite, name: str) -> str | None:
    with site.database.read() as connection:
        user = connection.execute(select(User.id).where(User.name == name)).scalar_one()
        query = select(Grant.role).where(Grant.subject == f"user:{user}")
        return connection.execute(query).scalar()


def join(browser: Browser, link: str, status: int = 303, **fields: str) -> str:
    """Fill in the form for a new account; returns the page that follows."""
    given = {"name": "Ann", "password": NEW, "again": NEW, **fields}
    return str(browser.submit(link, "", status=status, **given).text)


def test_new_person_gets_an_account_and_the_role(both: TestSite) -> None:
    browser = Browser(both)
    link = invite(both, email="ann@packages.example")

    join(browser, link)

    assert browser.is_signed_in()
    assert role_of(both, "ann") == "writer"
    assert "acme/main" in browser.get("/").text
    Browser(both).get(link, status=404)


def test_whoever_is_signed_in_joins_as_they_are(both: TestSite) -> None:
    browser = signed_in(both, "bob")

    browser.submit(invite(both), "")

    assert role_of(both, "bob") == "writer"


def test_higher_role_is_kept(site: TestSite) -> None:
    browser = signed_in(site, "bob", role="owner", scope="team:acme")

    browser.submit(invite(site), "")

    assert role_of(site, "bob") == "owner"


def test_what_cannot_be_is_told_and_the_link_stays_good(site: TestSite) -> None:
    make_user(site, "bob")
    link = invite(site)
    wrong: tuple[tuple[dict[str, str], int, str], ...] = (
        ({"name": "bob"}, 409, "there is a user bob already"),
        ({"name": "../x"}, 400, "cannot be a name"),
        ({"password": "short", "again": "short"}, 400, "too short"),
        ({"again": "another"}, 400, "not the same"),
    )

    for fields, status, told in wrong:
        assert told in join(Browser(site), link, status=status, **fields).lower()

    join(Browser(site), link)


def test_form_of_another_site_joins_nobody(site: TestSite) -> None:
    link = invite(site)
    browser = Browser(site)
    token = browser.get(link).forms[0]["csrf_token"].value
    given: Any = {"name": "ann", "password": NEW, "again": NEW}

    browser.post(
        link, status=403, headers={"Sec-Fetch-Site": "cross-site"}, csrf_token=token, **given
    )
    Browser(site).post(link, status=403, csrf_token=token, **given)

    join(Browser(site), link)


def test_invitation_of_who_may_not_invite_any_more_is_over(site: TestSite) -> None:
    boss = make_user(site, "boss", role="admin", scope="team:acme")
    link = invite(site, by=f"user:{boss}")
    with site.database.transaction() as session:
        scope = find_scope(session, "team:acme")
        Grants(session, "test").remove(f"user:{boss}", scope, "team:acme")

    Browser(site).get(link, status=404)


def test_nobody_finds_a_link_by_trying(site: TestSite) -> None:
    [limit] = LIMITS["link"]
    browser = Browser(site)
    for _ in range(limit.quota):
        browser.get(f"/join/{keys.mint(keys.INVITATION).secret}", status=404)

    browser.get(invite(site), status=429)
