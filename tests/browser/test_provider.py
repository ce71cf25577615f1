"""Signing in with a real OpenID provider, oidc-provider, as people do it in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PageErrors, check_accessibility, watched_context
from tests.support.databases import MakeUrl
from tests.support.provider import openid_provider, sign_in_at_provider
from tests.support.server import ServerProcess

BUTTON = "Sign in with Example Corp"


@pytest.fixture(scope="module")
def server(
    make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server with the workspace acme, where people of Example Corp may sign in."""
    folder = tmp_path_factory.mktemp("sso")
    made = ServerProcess(folder, make_sqlite())
    with openid_provider(folder, [f"{made.base}/sign-in/sso/callback"]) as provider:
        lines = "".join(f"{name} = {value}\n" for name, value in provider.settings.items())
        ini = made.ini.read_text("utf-8").replace("[server:main]", f"{lines}[server:main]")
        made.ini.write_text(ini, "utf-8")
        made.stockroom("workspace", "create", "acme")
        made.start()
        yield made
        made.stop()


def sign_in(page: Page, server: ServerProcess, user: str) -> None:
    """From the sign-in page to the provider and back."""
    page.goto(f"{server.base}/sign-in")
    page.get_by_text(BUTTON).click()
    sign_in_at_provider(page, user)
    page.wait_for_url(f"{server.base}/**")


def members(server: ServerProcess) -> dict[str, str]:
    """The members of the team acme with their roles."""
    rows = json.loads(server.stockroom("team", "members", "acme", "--json"))
    return {row["name"]: row["role"] for row in rows}


def users(server: ServerProcess) -> dict[str, str | None]:
    """The users of the server with their addresses."""
    rows = json.loads(server.stockroom("user", "list", "--json"))
    return {row["name"]: row["email"] for row in rows}


def test_sign_in_page_offers_the_provider(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.base}/sign-in")

    expect(page.get_by_text(BUTTON)).to_be_visible()
    check_accessibility(page)


def test_groups_give_roles_and_the_second_time_it_is_the_same_person(
    browser: Browser, server: ServerProcess
) -> None:
    for _ in range(2):
        errors = PageErrors()
        with watched_context(browser, errors) as context:
            page = context.new_page()
            sign_in(page, server, "ada")

            expect(page.get_by_role("link", name="acme/main", exact=True)).to_be_visible()
            page.get_by_role("button", name="Sign out").click()

    assert members(server)["ada"] == "writer"
    assert users(server)["ada"] == "ada@corp.example"


def test_an_address_that_is_not_verified_opens_no_other_account(
    page: Page, server: ServerProcess
) -> None:
    sign_in(page, server, "mallory")

    expect(page.get_by_role("heading", name="Workspaces")).to_be_visible()
    expect(page.get_by_role("link", name="acme/main", exact=True)).to_have_count(0)
    assert users(server)["mallory"] is None
    assert "mallory" not in members(server)


def test_who_is_refused_there_is_told_and_signed_in_nowhere(
    page: Page, page_errors: PageErrors, server: ServerProcess
) -> None:
    page_errors.expect("status of 403")

    sign_in(page, server, "nobody")

    expect(page.get_by_role("main")).to_contain_text("refused")
    assert "nobody" not in users(server)
