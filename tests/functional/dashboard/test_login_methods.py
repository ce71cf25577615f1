"""Signing in by a login method: the way there and back, and who one is then."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select, update

from stockroom.accounts.methods import LoginMethods
from stockroom.models import Event, Grant, Team, User
from stockroom.spi import ExternalUser, LoginRefused, LoginStart, TeamRole
from tests.conftest import MakeSite
from tests.support.people import Browser, make_user
from tests.support.site import TestSite

ANN = ExternalUser("https://id.example", "7", "Ann Ä. Example", "Ann", "ann@packages.example", True)
CALLBACK = "/sign-in/corp/callback"


@dataclass
class Corp:
    """A login method that believes whatever the test says."""

    name: str = "corp"
    label: str = "Sign in with Example Corp"
    person: ExternalUser = ANN
    seen: list[tuple[str, Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)

    def start(self, redirect_uri: str) -> LoginStart:
        return LoginStart("https://id.example/?to=" + redirect_uri, {"nonce": "n-1"})

    def finish(
        self, redirect_uri: str, state: Mapping[str, str], query: Mapping[str, str]
    ) -> ExternalUser:
        self.seen.append((redirect_uri, state, query))
        if query.get("error"):
            raise LoginRefused("the provider says no")
        return self.person


@pytest.fixture
def corp() -> Corp:
    return Corp()


def offer(site: TestSite, corp: Corp) -> TestSite:
    other = Corp(name="other", label="Other")
    site.application.services[LoginMethods] = LoginMethods({"corp": corp, "other": other})
    return site


@pytest.fixture
def offered(both: TestSite, corp: Corp) -> TestSite:
    return offer(both, corp)


@pytest.fixture
def corp_site(site: TestSite, corp: Corp) -> TestSite:
    return offer(site, corp)


def enter(browser: Browser, to: str = "/", status: int = 303) -> str:
    """Go there and back; returns where one is sent then."""
    browser.get(f"/sign-in/corp?next={to}", status=303)
    answer = browser.get(f"{CALLBACK}?code=c&state=s", status=status)
    return str(answer.headers.get("Location") or answer.text)


def names(site: TestSite) -> dict[str, str | None]:
    with site.database.read() as connection:
        rows = connection.execute(select(User.name, User.email))
        return {row[0]: row[1] for row in rows}


def roles(site: TestSite) -> dict[str, tuple[str, str]]:
    """Role and source by team, of everybody who is a user."""
    query = (
        select(Team.name, Grant.role, Grant.source)
        .join(Team, (Grant.scope_kind == "team") & (Team.id == Grant.scope_id))
        .where(Grant.subject.startswith("user:"))
    )
    with site.database.read() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def test_unknown_person_gets_an_account(offered: TestSite, corp: Corp) -> None:
    browser = Browser(offered)

    first = enter(browser, to="/account/keys")
    second = enter(Browser(offered))

    assert (first, second) == ("/account/keys", "/")
    assert browser.is_signed_in()
    assert names(offered) == {"ann-a-example": "ann@packages.example"}
    assert corp.seen[0] == (
        f"http://localhost{CALLBACK}",
        {"nonce": "n-1"},
        {"code": "c", "state": "s"},
    )


def test_sign_in_page_offers_it(corp_site: TestSite) -> None:
    page = Browser(corp_site).get("/sign-in?next=/account")

    assert 'href="/sign-in/corp?next=/account"' in page.text
    assert "Sign in with Example Corp" in page.text


def test_name_that_is_taken_gets_a_number(corp_site: TestSite) -> None:
    make_user(corp_site, "ann-a-example")

    enter(Browser(corp_site))

    assert set(names(corp_site)) == {"ann-a-example", "ann-a-example-2"}


def test_address_never_leads_to_an_account_that_was_there(corp_site: TestSite) -> None:
    make_user(corp_site, "boss")
    with corp_site.database.transaction() as session:
        session.execute(update(User).values(email="ann@packages.example"))
    browser = Browser(corp_site)

    told = enter(browser, status=403)

    assert "sign in to it as before" in told
    assert not browser.is_signed_in()
    assert set(names(corp_site)) == {"boss"}


def test_address_that_is_not_verified_is_not_kept(corp_site: TestSite, corp: Corp) -> None:
    corp.person = replace(ANN, email_verified=False)

    enter(Browser(corp_site))

    assert names(corp_site) == {"ann-a-example": None}


def test_accounts_are_only_made_where_that_is_wanted(
    make_site: MakeSite, sqlite_url: str, corp: Corp
) -> None:
    site = offer(make_site(sqlite_url, **{"stockroom.sign_up": "off"}), corp)

    told = enter(Browser(site), status=403)

    assert "you have no account here" in told.lower()
    assert names(site) == {}


def test_same_id_of_another_issuer_is_somebody_else(corp_site: TestSite, corp: Corp) -> None:
    enter(Browser(corp_site))
    corp.person = replace(ANN, issuer="https://other.example", email="")

    enter(Browser(corp_site))

    assert len(names(corp_site)) == 2


def test_roles_are_kept_in_step(offered: TestSite, corp: Corp) -> None:
    offered.create_workspace("tools")
    given = (TeamRole("acme", "reader"), TeamRole("acme", "writer"), TeamRole("gone", "owner"))
    corp.person = replace(ANN, roles=(*given, TeamRole("tools", "emperor")))
    browser = Browser(offered)
    enter(browser)
    first = roles(offered)
    could = browser.app.get("/simple/acme/main/", expect_errors=True).status_int

    corp.person = replace(ANN, roles=(TeamRole("tools", "reader"),))
    enter(Browser(offered))

    assert first == {"acme": ("writer", "login:corp")}
    assert could == 200
    assert roles(offered) == {"tools": ("reader", "login:corp")}
    assert browser.app.get("/simple/acme/main/", expect_errors=True).status_int == 404


def test_last_owner_of_a_team_stays_one(corp_site: TestSite, corp: Corp) -> None:
    corp.person = replace(ANN, roles=(TeamRole("acme", "owner"),))
    enter(Browser(corp_site))

    corp.person = replace(ANN, roles=())
    enter(Browser(corp_site))

    assert roles(corp_site) == {"acme": ("owner", "login:corp")}


def test_two_first_sign_ins_at_once_make_one_account(offered: TestSite) -> None:
    browsers = [Browser(offered) for _ in range(4)]
    for browser in browsers:
        browser.get("/sign-in/corp", status=303)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: one.get(f"{CALLBACK}?code=c", status=303), browsers))

    assert [answer.headers["Location"] for answer in answers] == ["/"] * 4
    assert set(names(offered)) == {"ann-a-example"}


def test_role_that_somebody_gave_stays(corp_site: TestSite, corp: Corp) -> None:
    corp.person = replace(ANN, roles=())
    enter(Browser(corp_site))
    with corp_site.database.transaction() as session:
        from stockroom.manage.grants import Grants
        from stockroom.manage.scopes import find_scope
        from stockroom.security.permissions import Role

        scope = find_scope(session, "team:acme")
        Grants(session, "test").set("user:1", Role.ADMIN, scope, "team:acme")

    corp.person = replace(ANN, roles=(TeamRole("acme", "reader"),))
    enter(Browser(corp_site))

    assert roles(corp_site) == {"acme": ("admin", "")}


def test_refusal_is_told_and_kept_in_the_audit_trail(corp_site: TestSite) -> None:
    browser = Browser(corp_site)
    browser.get("/sign-in/corp", status=303)

    page = browser.get(f"{CALLBACK}?error=denied", status=403)

    assert "The provider says no." in page.text
    with corp_site.database.read() as connection:
        failed = select(Event.data).where(Event.kind == "user.sign-in-failed")
        assert connection.execute(failed).scalar_one() == {"by": "corp"}


def test_answer_that_was_begun_in_another_browser_is_none(corp_site: TestSite, corp: Corp) -> None:
    """Login CSRF: the cookie binds the way back to the browser that went."""
    Browser(corp_site).get("/sign-in/corp", status=303)
    victim = Browser(corp_site)

    victim.get(f"{CALLBACK}?code=c&state=s", status=403)

    assert corp.seen == []
    assert not victim.is_signed_in()


def test_state_of_another_method_or_a_forged_one_is_none(corp_site: TestSite, corp: Corp) -> None:
    browser = Browser(corp_site)
    browser.get("/sign-in/other", status=303)
    browser.get(f"{CALLBACK}?code=c", status=403)
    sealed = str(browser.app.cookies["stockroom-login"])
    text, _, seal = sealed.rpartition(".")

    for forged in (f"{text}x.{seal}", f"{text}.{'0' * len(seal)}", "x", "."):
        browser.app.get(
            "/sign-in/other/callback",
            headers={"Cookie": f"stockroom-login={forged}"},
            status=403,
        )

    assert corp.seen == []


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example"])
def test_one_goes_on_to_this_server_only(corp_site: TestSite, target: str) -> None:
    assert enter(Browser(corp_site), to=target) == "/"


def test_method_that_there_is_not(corp_site: TestSite) -> None:
    Browser(corp_site).get("/sign-in/nobody", status=404)
    Browser(corp_site).get("/sign-in/nobody/callback", status=404)
