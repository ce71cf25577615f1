"""Signing in, second factors, keys, programs and views, as people do them in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Event, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pyotp
import pytest
import requests
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from stockroom.accounts import passwords
from stockroom.accounts.joining import Links
from stockroom.jobs import Runs
from stockroom.spi import FactDocument
from stockroom.spi.facts import FactRun
from tests.archives import make_wheel
from tests.support.browser import PageErrors, check_accessibility, watched_context
from tests.support.databases import MakeUrl
from tests.support.facts import Telling, offer
from tests.support.people import PARAMETERS, PASSWORD, TOTP_SECRET, begin_session, make_user
from tests.support.site import TestSite

CODE = "0b9a2c1e-5d4f-4a6b-8c7d-1e2f3a4b5c6d"
KEY = re.compile(r"stk_[0-9A-Za-z]{46}")


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server:
    """A site that listens on loopback, under the name that WebAuthn wants."""

    def __init__(self, site: TestSite) -> None:
        self.site = site
        self._server = make_server("127.0.0.1", 0, site.application, _Threads, _Quiet)
        self.base = f"http://localhost:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def server(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in PARAMETERS.items():
            patch.setattr(passwords, name, value)
        site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    site.create_workspace()
    site.upload(*make_wheel("demo-pkg", "1.0"), site.create_key())
    serving = Server(site)
    yield serving
    serving.close()
    site.close()


def sign_in(page: Page, server: Server, name: str, to: str = "/") -> None:
    """Fill in the sign-in form."""
    page.goto(f"{server.base}/sign-in?next={to}")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def plant(page: Page, server: Server, name: str, **options: Any) -> int:
    """Sign a new user in without any form."""
    user = make_user(server.site, name, **options)
    secret = begin_session(server.site, user).secret
    page.context.add_cookies([{"name": "stockroom", "value": secret, "url": server.base}])
    return user


def add_authenticator(page: Page) -> None:
    """Put a virtual security key into the browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_password_and_code(page: Page, server: Server) -> None:
    make_user(server.site, "ann", totp=True, role="reader")

    sign_in(page, server, "ann")
    check_accessibility(page)
    page.get_by_label("Code of the authenticator app").fill(pyotp.TOTP(TOTP_SECRET).now())
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Workspaces")
    expect(page.get_by_role("link", name="acme/main", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_security_key_is_added_and_signs_in(page: Page, server: Server) -> None:
    add_authenticator(page)
    plant(page, server, "bea")
    page.goto(f"{server.base}/account/security")
    page.get_by_label("Name of the security key").fill("blue one")
    page.get_by_role("button", name="Add a security key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor added")
    check_accessibility(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")

    sign_in(page, server, "bea", to="/account/security")
    page.get_by_role("button", name="Use a security key").click()

    expect(page.get_by_role("rowheader", name="blue one")).to_be_visible()
    expect(page.get_by_role("row", name="blue one")).not_to_contain_text("never")


def test_security_key_of_somebody_else_does_not(
    page: Page, server: Server, page_errors: PageErrors
) -> None:
    add_authenticator(page)
    plant(page, server, "cas")
    page.goto(f"{server.base}/account/security")
    page.get_by_label("Name of the security key").fill("mine")
    page.get_by_role("button", name="Add a security key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor added")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, server, "cas")
    expect(page.get_by_role("button", name="Use a security key")).to_be_visible()
    page.evaluate(
        "document.querySelector('form[data-security-key]').addEventListener('formdata', (event) =>"
        " event.formData.set('credential', event.formData.get('credential').replace("
        "/(signature\":\")(.{8})/, '$1AAAAAAAA')))"
    )
    page_errors.expect("status of 403")

    page.get_by_role("button", name="Use a security key").click()

    expect(page.get_by_role("alert").first).to_contain_text("not recognised")


def test_key_for_a_registry_works(page: Page, server: Server) -> None:
    plant(page, server, "dan", role="writer")
    page.goto(f"{server.base}/use/acme/main")
    check_accessibility(page)
    page.get_by_label("Name, by which").fill("laptop")
    page.get_by_role("button", name="Make a key").click()

    expect(page.get_by_role("status")).to_contain_text("shown this once only")

    [secret] = set(KEY.findall(page.content()))
    index = f"{server.base}/simple/acme/main/"
    assert requests.get(index, auth=("__token__", secret), timeout=10).status_code == 200
    check_accessibility(page)


def test_view_is_made_and_looked_into(page: Page, server: Server, page_errors: PageErrors) -> None:
    page_errors.expect("status of 400")
    plant(page, server, "vic", role="admin")
    page.goto(f"{server.base}/new-view/acme")
    page.get_by_label("Name, which").fill("all")
    page.get_by_label("Groups").fill("acme/main[release.versoin > '1']")

    page.get_by_role("button", name="Make the view").click()
    expect(page.get_by_role("alert")).to_contain_text("column 1")
    check_accessibility(page)
    page.get_by_label("Groups").fill("acme/main[release.version > '1']")
    page.get_by_role("button", name="Make the view").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("acme/all")
    check_accessibility(page)
    page.goto(f"{server.base}/views/acme")
    check_accessibility(page)


def test_program_is_signed_in_after_confirmation(page: Page, server: Server) -> None:
    make_user(server.site, "eli")
    page.goto(f"{server.base}/auth/cli/login/{CODE}")
    page.get_by_label("User name").fill("eli")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(CODE[8:])).to_be_visible()
    check_accessibility(page)
    before = requests.get(f"{server.base}/auth/cli/status/{CODE}", timeout=10)

    page.get_by_role("button", name="Sign the program in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The program is signed in")
    after = requests.get(f"{server.base}/auth/cli/status/{CODE}", timeout=10)
    assert (before.status_code, after.status_code) == (404, 200)
    check_accessibility(page)


def test_simple_pages_are_readable_and_files_download(
    page: Page, server: Server, tmp_path: Path
) -> None:
    plant(page, server, "fay", role="reader")
    page.goto(f"{server.base}/simple/acme/main/")
    page.get_by_role("link", name="demo-pkg").click()

    with page.expect_download() as downloading:
        page.get_by_role("link", name=re.compile("demo_pkg-1.0")).click()

    kept = tmp_path / "file"
    downloading.value.save_as(kept)
    assert kept.read_bytes() == make_wheel("demo-pkg", "1.0")[1]


def test_whoever_is_not_signed_in_gets_a_page(
    page: Page, server: Server, page_errors: PageErrors
) -> None:
    make_user(server.site, "gus", role="reader")
    page_errors.expect("status of 401")
    page.goto(f"{server.base}/simple/acme/main/")
    check_accessibility(page)

    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("User name").fill("gus")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("link", name="demo-pkg")).to_be_visible()


def test_invitation_makes_an_owner(page: Page, server: Server) -> None:
    with server.site.database.transaction() as session:
        secret = Links(session, "test").for_first_owner()
    page.goto(f"{server.base}/join/{secret}")
    check_accessibility(page)
    page.get_by_label("User name").fill("hal")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)

    page.get_by_role("button", name="Make the account").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Workspaces")
    expect(page.get_by_role("link", name="acme/main", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/account/keys",
        "/account/sessions",
        "/account/security",
        "/account/confirm",
        "/sign-in?done=signed-out",
    ],
)
def test_page_is_accessible(page: Page, server: Server, path: str) -> None:
    name = f"ivy-{abs(hash(path))}"
    if not path.startswith("/sign-in"):
        plant(page, server, name, totp=True, role="writer")
    page.goto(f"{server.base}{path}")

    check_accessibility(page)


def test_simple_page_is_accessible(
    browser: Chromium, page_errors: PageErrors, server: Server
) -> None:
    # In its sandbox no script runs, not even the one that looks at the page.
    with watched_context(browser, page_errors, bypass_csp=True) as context:
        page = context.new_page()
        plant(page, server, "lea", role="reader")
        page.goto(f"{server.base}/simple/acme/main/")

        check_accessibility(page)


def test_app_is_added_without_javascript(
    browser: Chromium, page_errors: PageErrors, server: Server
) -> None:
    with watched_context(browser, page_errors, java_script_enabled=False) as context:
        page = context.new_page()
        plant(page, server, "joe")
        page.goto(f"{server.base}/account/security")

        page.get_by_role("button", name="Add an app").click()
        secret = page.locator("pre").inner_text().replace(" ", "")
        page.get_by_label("The code that the app shows").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Add the app").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Second factor added")


def test_picture_of_the_key_is_accessible(page: Page, server: Server) -> None:
    plant(page, server, "kim")
    page.goto(f"{server.base}/account/security")
    page.get_by_role("button", name="Add an app").click()
    expect(page.locator(".picture svg")).to_be_visible()

    check_accessibility(page)


def test_administrators_see_facts_and_have_a_source_asked(page: Page, server: Server) -> None:
    def fail(run: FactRun) -> Iterator[FactDocument]:
        run.note("b.json is no JSON.")
        raise ValueError("the disk is away.")

    facts = offer(server.site, Telling("good", lambda run: []), Telling("bad", fail))
    facts.refresh_now("good", lambda run: None)
    facts.refresh_now("bad", lambda run: None)
    runs = Runs(server.site.database)
    with server.site.database.transaction() as session:
        runs.make_due(session, "facts.good")
    running = runs.begin(facts.jobs[0], Event())
    assert running is not None
    running.progress(3, 10)
    with server.site.database.transaction() as session:
        running.hold(session)
    plant(page, server, "ina", role="admin", scope="*")

    page.goto(server.base)
    page.get_by_role("link", name="Facts about packages").click()
    rows = page.get_by_role("row")

    expect(rows.nth(1)).to_contain_text("3 of 10")
    expect(rows.nth(2)).to_contain_text("failed: the disk is away.")
    page.get_by_text("1 left out").click()
    expect(page.get_by_text("b.json is no JSON.")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("button", name="Refresh").nth(1).click()
    expect(page.get_by_role("status")).to_have_text("The source is asked within seconds.")
    assert runs.is_due("facts.bad")
