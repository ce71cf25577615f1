"""What people do with their own account, and what nobody else can do with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import func, select

from stockroom.db import Database
from stockroom.models import ApiKey, BrowserSession, Event, Login, RecoveryCode, User
from stockroom.security.cross_site import MAX_FORM
from tests.conftest import MakeSite
from tests.support.people import (
    NAVIGATING,
    PASSWORD,
    Browser,
    begin_session,
    change_user,
    code,
    make_old,
    make_user,
    signed_in,
)
from tests.support.site import TestSite, bearer

SECURITY = "/account/security"
NEW = "three brown elephants"
KEY = re.compile(r"stk_[0-9A-Za-z]{46}")


@pytest.fixture
def ann(site: TestSite) -> Browser:
    return signed_in(site, role="writer")


def user_id(site: TestSite, name: str = "ann") -> int:
    with site.database.read() as connection:
        return int(connection.execute(select(User.id).where(User.name == name)).scalar_one())


def kinds(site: TestSite) -> list[str]:
    with site.database.read() as connection:
        return list(connection.execute(select(Event.kind).order_by(Event.id)).scalars())


def add_totp(browser: Browser) -> tuple[str, str]:
    """Add an authenticator app; returns its secret, and the page that follows."""
    page = browser.submit(SECURITY, f"{SECURITY}/totp", status=200)
    secret = re.findall(r"<pre[^>]*>([A-Z2-7 ]+)</pre>", page.text)[0].replace(" ", "")
    shown = browser.submit(page, f"{SECURITY}/totp-code", status=200, code=pyotp.TOTP(secret).now())
    return secret, shown.text


def make_key(browser: Browser, status: int = 200, **fields: str) -> str:
    """Make a key; returns the page that follows."""
    given = {"name": "laptop", **fields}
    return str(browser.submit("/account/keys", "/account/keys", status=status, **given).text)


class TestPassword:
    def test_new_one_ends_everything_else(self, both: TestSite) -> None:
        browser = signed_in(both)
        other, user = Browser(both), user_id(both)
        other.plant(begin_session(both, user).secret)
        now = datetime.now(UTC)
        with both.database.transaction() as session:
            session.add(
                Login(
                    user_id=user,
                    name="uv",
                    address="127.0.0.1",
                    created_at=now,
                    seen_at=now,
                    expires_at=now + timedelta(days=1),
                )
            )
        before = other.is_signed_in()

        browser.submit(SECURITY, f"{SECURITY}/password", password=NEW, again=NEW)

        assert before
        assert browser.is_signed_in()
        assert not other.is_signed_in()
        assert {"user.password-changed", "session.revoked", "login.revoked"} <= set(kinds(both))
        assert Browser(both).sign_in("ann", NEW).headers["Location"] == "/"
        Browser(both).sign_in("ann", PASSWORD, status=403)

    @pytest.mark.parametrize(
        ("password", "again", "told"),
        [(NEW, "three brown elephant", "not the same"), ("short", "short", "too short")],
    )
    def test_weak_one_is_refused(self, ann: Browser, password: str, again: str, told: str) -> None:
        page = ann.submit(
            SECURITY, f"{SECURITY}/password", status=400, password=password, again=again
        )

        assert told in page.text


class TestSecondFactors:
    def test_app_counts_from_its_first_code_on(self, both: TestSite) -> None:
        browser = signed_in(both)
        page = browser.submit(SECURITY, f"{SECURITY}/totp", status=200)
        browser.submit(page, f"{SECURITY}/totp-code", status=403, code="000000")
        before = Browser(both).sign_in().headers["Location"]

        secret, shown = add_totp(browser)

        after = Browser(both).sign_in().headers["Location"]
        codes = re.findall(r"(?:[2-9a-z]{4}-){3}[2-9a-z]{4}", shown)
        assert before == "/"
        assert after == "/sign-in/second-factor?next=%2F"
        assert len(set(codes)) == 10
        assert secret not in repr(kinds(both))

    def test_what_was_proposed_is_forgotten(self, ann: Browser) -> None:
        page = ann.submit(SECURITY, f"{SECURITY}/totp", status=200)
        add_totp(ann)
        ann.submit(SECURITY, f"{SECURITY}/totp-removal")

        ann.submit(page, f"{SECURITY}/totp-code", status=409, code="000000")

        with ann.site.database.read() as connection:
            assert connection.execute(select(BrowserSession.data)).scalar_one() == {}

    def test_first_code_is_used_up_by_it(self, ann: Browser) -> None:
        secret, _ = add_totp(ann)
        other = Browser(ann.site)
        other.sign_in()

        again = pyotp.TOTP(secret).now()
        page = other.get("/sign-in/second-factor")
        refused = other.submit(page, "/sign-in/second-factor", status=403, code=again)

        assert "used already" in refused.text

    def test_new_recovery_codes_void_the_old_ones(self, ann: Browser) -> None:
        _, shown = add_totp(ann)
        old = re.findall(r"(?:[2-9a-z]{4}-){3}[2-9a-z]{4}", shown)[0]

        page = ann.submit(SECURITY, f"{SECURITY}/recovery-codes", status=200)

        other = Browser(ann.site)
        other.sign_in()
        other.submit("/sign-in/second-factor", "/sign-in/second-factor", status=403, code=old)
        assert old not in page.text

    def test_without_a_factor_there_are_no_codes(self, ann: Browser) -> None:
        add_totp(ann)

        ann.submit(SECURITY, f"{SECURITY}/totp-removal")

        with ann.site.database.read() as connection:
            left = connection.execute(select(func.count(RecoveryCode.id))).scalar_one()
        assert left == 0
        assert Browser(ann.site).sign_in().headers["Location"] == "/"


class TestConfirmation:
    SENSITIVE = (
        f"{SECURITY}/password",
        f"{SECURITY}/totp",
        f"{SECURITY}/totp-code",
        f"{SECURITY}/totp-removal",
        f"{SECURITY}/new-key",
        f"{SECURITY}/keys",
        f"{SECURITY}/removed-key-1",
        f"{SECURITY}/recovery-codes",
        "/account/keys",
        "/use/acme/main",
    )

    def test_sensitive_things_take_one_of_the_last_quarter_of_an_hour(self, ann: Browser) -> None:
        token = ann.get("/account").forms[0]["csrf_token"].value
        make_old(ann.site, confirmed_at=timedelta(minutes=16))

        answers = [ann.post(path, csrf_token=token) for path in self.SENSITIVE]

        for answer in answers:
            assert answer.headers["Location"].startswith("/account/confirm?next=%2F")

    def test_password_confirms_and_makes_another_secret(self, ann: Browser) -> None:
        make_old(ann.site, confirmed_at=timedelta(minutes=16))
        before, thief = str(ann.cookie), Browser(ann.site)
        shown = ann.get("/account/confirm?next=/account/keys")

        answer = ann.submit(shown, "/account/confirm", password=PASSWORD)

        thief.plant(before)
        assert answer.headers["Location"] == "/account/keys?done=confirmed"
        assert KEY.search(make_key(ann))
        assert ann.cookie != before
        assert not thief.is_signed_in()

    def test_second_factor_confirms(self, site: TestSite) -> None:
        browser = signed_in(site, totp=True)
        make_old(site, confirmed_at=timedelta(minutes=16))
        page = browser.get("/account/confirm")
        form = next(form for form in page.forms.values() if "code" in form.fields)
        form["code"] = code()

        form.submit(headers=NAVIGATING, status=303)

        assert KEY.search(make_key(browser))

    def test_wrong_password_confirms_nothing(self, ann: Browser) -> None:
        make_old(ann.site, confirmed_at=timedelta(minutes=16))

        page = ann.submit("/account/confirm", "/account/confirm", status=403, password="x")

        assert "wrong" in page.text
        assert "confirm that it is you" in ann.get("/account/keys").text


class TestKeys:
    def test_key_is_shown_once_and_works(self, both: TestSite) -> None:
        browser = signed_in(both, role="reader")

        secret = KEY.findall(make_key(browser, days="7"))[0]

        both.get("/simple/acme/main/", secret)
        with both.database.read() as connection:
            ends, made = connection.execute(select(ApiKey.expires_at, ApiKey.created_at)).one()
        assert ends is not None
        assert ends - made == timedelta(days=7)
        assert secret not in browser.get("/account/keys").text

    def test_key_is_revoked_for_the_next_request(self, both: TestSite) -> None:
        browser = signed_in(both, role="reader")
        secret = KEY.findall(make_key(browser))[0]
        both.get("/simple/acme/main/", secret)

        browser.submit("/account/keys", "/account/keys/1")

        both.get("/simple/acme/main/", secret, status=401)

    def test_key_of_a_place_is_for_nothing_else(self, ann: Browser) -> None:
        ann.site.create_workspace("other", "global")
        secret = KEY.findall(make_key(ann, places="acme/main, other"))[0]

        page = ann.get("/account/keys")

        ann.site.get("/simple/acme/main/", secret)
        ann.site.get("/simple/other/main/", secret)
        assert "acme/main, other" in page.text

    def test_s61_a_place_that_one_may_not_see_does_not_exist(self, ann: Browser) -> None:
        ann.site.create_workspace("covert")

        for place in ("covert", "covert/main", "team:covert", "nothing", "*"):
            page = make_key(ann, status=404, places=place)
            assert f"There is no place {place} that you may see" in page

    def test_name_is_a_line_of_text(self, ann: Browser) -> None:
        for name in (" ", "x" * 101, "a\x1b[0m"):
            assert "Give the key a name" in make_key(ann, status=400, name=name)

    def test_other_values_than_those_offered(self, ann: Browser) -> None:
        token = ann.get("/account/keys").forms[0]["csrf_token"].value
        given = {"csrf_token": token, "name": "k", "access": "read", "days": "7"}

        for fields in ({"days": "36500"}, {"access": "owner"}, {"days": ""}):
            ann.post("/account/keys", status=400, **{**given, **fields})

    def test_name_is_shown_as_text(self, ann: Browser) -> None:
        make_key(ann, name="<img src=x onerror=alert(1)>")

        page = ann.get("/account/keys").text

        assert "<img" not in page
        assert "&lt;img src=x" in page

    def test_nobody_revokes_the_key_of_another(self, ann: Browser) -> None:
        secret = KEY.findall(make_key(ann))[0]
        eve = signed_in(ann.site, "eve")
        token = eve.get("/account").forms[0]["csrf_token"].value

        eve.post("/account/keys/1", status=404, csrf_token=token)

        ann.site.get("/simple/acme/main/", secret)


class TestSessions:
    def test_another_browser_is_signed_out_at_once(self, both: TestSite) -> None:
        browser = signed_in(both)
        other = Browser(both)
        other.plant(begin_session(both, user_id(both)).secret)
        assert other.is_signed_in()

        browser.submit("/account/sessions", "/account/sessions/2")

        assert not other.is_signed_in()
        assert browser.is_signed_in()

    def test_all_others_are(self, ann: Browser) -> None:
        others = [Browser(ann.site) for _ in range(2)]
        for other in others:
            other.plant(begin_session(ann.site, user_id(ann.site)).secret)

        ann.submit("/account/sessions", "/account/sessions/others")

        assert [other.is_signed_in() for other in (ann, *others)] == [True, False, False]

    def test_nobody_ends_the_session_of_another(self, ann: Browser) -> None:
        eve = signed_in(ann.site, "eve")
        token = eve.get("/account").forms[0]["csrf_token"].value

        eve.post("/account/sessions/1", status=404, csrf_token=token)

        assert ann.is_signed_in()

    def test_idle_ones_are_not_shown(self, ann: Browser) -> None:
        begin_session(ann.site, user_id(ann.site))
        with ann.site.database.transaction() as session:
            row = session.get_one(BrowserSession, 2)
            row.seen_at -= timedelta(hours=25)

        assert "/account/sessions/2" not in ann.get("/account/sessions").text


class TestCrossSite:
    def test_form_without_a_token_does_nothing(self, ann: Browser) -> None:
        for method, path in (
            ("POST", "/sign-out"),
            ("POST", "/account/keys"),
            ("POST", "/account/sessions/others"),
            ("PATCH", "/v1/teams/acme"),
        ):
            answer = ann.app.request(path, method=method, headers=NAVIGATING, status=403)
            assert "load it again" in answer.text

        assert ann.is_signed_in()

    def test_token_alone_is_not_enough(self, ann: Browser) -> None:
        token = ann.get("/account").forms[0]["csrf_token"].value

        for name, value in (
            ("Origin", "https://evil.example"),
            ("Origin", "null"),
            ("Origin", "http://localhost.evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ):
            answer = ann.post("/sign-out", status=403, headers={name: value}, csrf_token=token)
            assert "another site" in answer.text

        assert ann.is_signed_in()

    def test_token_of_another_session_is_none(self, ann: Browser) -> None:
        eve = signed_in(ann.site, "eve")
        token = eve.get("/account").forms[0]["csrf_token"].value

        ann.post("/sign-out", status=403, csrf_token=token)

        assert ann.is_signed_in()

    def test_own_origin_is_fine_by_header_too(self, ann: Browser) -> None:
        token = ann.get("/account").forms[0]["csrf_token"].value
        headers = {
            **NAVIGATING,
            "X-CSRF-Token": token,
            "Origin": "http://localhost:80",
            "Sec-Fetch-Site": "same-origin",
        }

        ann.app.post("/sign-out", headers=headers, status=303)

        assert not ann.is_signed_in()

    def test_sign_in_form_of_another_site_signs_nobody_in(self, site: TestSite) -> None:
        """Login CSRF."""
        make_user(site)
        victim, attacker = Browser(site), Browser(site)
        token = attacker.get("/sign-in").forms[0]["csrf_token"].value
        given = {"csrf_token": token, "name": "ann", "password": PASSWORD}

        victim.post("/sign-in", status=403, **given)
        attacker.post("/sign-in", status=403, headers={"Origin": "http://evil.example"}, **given)

        assert not victim.is_signed_in()
        assert not attacker.is_signed_in()

    def test_large_form_is_not_read(self, ann: Browser) -> None:
        answer = ann.post("/sign-out", status=413, csrf_token="x" * MAX_FORM)

        assert "at most 65536" in answer.text

    def test_other_kinds_of_forms_carry_no_token(self, ann: Browser) -> None:
        token = ann.get("/account").forms[0]["csrf_token"].value

        ann.app.post(
            "/sign-out",
            {"csrf_token": token},
            upload_files=[("f", "f", b"")],
            headers=NAVIGATING,
            status=403,
        )

        assert ann.is_signed_in()

    def test_a_header_credential_needs_no_token_but_pages_are_for_browsers(
        self, site: TestSite
    ) -> None:
        key = site.create_key("owner")

        answer = site.app.get("/account", headers=bearer(key), status=403)

        assert "browser" in answer.json["detail"]


class TestReading:
    def test_simple_pages_are_read_after_signing_in(self, ann: Browser) -> None:
        page = ann.get("/simple/acme/main/")

        policy = page.headers["Content-Security-Policy"]
        assert page.content_type == "text/html"
        assert "sandbox allow-downloads" in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"

    def test_browser_gets_a_way_to_sign_in_and_no_dialog(self, site: TestSite) -> None:
        page = Browser(site).get("/simple/acme/main/?x=1", status=401)

        assert "WWW-Authenticate" not in page.headers
        assert "/sign-in?next=%2Fsimple%2Facme%2Fmain%2F%3Fx%3D1" in page.text

    def test_s61_programs_are_challenged(self, site: TestSite) -> None:
        old_pip, newer_pip = "text/html", "application/vnd.pypi.simple.v1+json, text/html;q=0.1"

        for accept in ("", "*/*", old_pip, newer_pip):
            answer = site.get("/simple/acme/main/", accept=accept, status=401)
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")

    def test_s61_what_is_hidden_and_what_is_not_there_look_alike(self, site: TestSite) -> None:
        browser = Browser(site)

        hidden = browser.get("/simple/acme/main/", status=401)
        missing = browser.get("/simple/acne/main/", status=401)

        assert hidden.text.replace("acme", "acne") == missing.text

    def test_start_page_lists_what_one_may_read(self, ann: Browser) -> None:
        ann.site.create_workspace("covert")
        ann.site.create_workspace("open", "public")

        page = ann.get("/")

        assert "acme/main" in page.text
        assert "open/main" in page.text
        assert "covert" not in page.text

    def test_lines_are_for_this_server_and_this_place(
        self, make_site: MakeSite, sqlite_url: str
    ) -> None:
        site = make_site(sqlite_url, **{"stockroom.base_url": "https://packages.example"})
        site.create_workspace()
        browser = signed_in(site, role="writer")

        page = browser.submit("/use/acme/main", "", status=200, name="laptop")

        secret = KEY.findall(page.text)[0]
        for line in (
            f"uv auth login https://packages.example --token {secret}",
            "index-url = https://packages.example/simple/acme/main/",
            "machine packages.example",
            "repository = https://packages.example/v1/upload/acme/main",
        ):
            assert line in page.text
        site.get("/simple/acme/main/", secret)

    def test_static_files_are_kept_for_good(self, site: TestSite) -> None:
        page = Browser(site).get("/sign-in")

        urls = re.findall(r'"(/static/[^"]+)"', page.text)

        assert len(urls) == 3
        for url in urls:
            answer = site.app.get(url)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        site.app.get(re.sub("/static/[0-9a-f]+", "/static/0000", urls[0]), status=404)


class TestPrograms:
    CODE = "0b9a2c1e-5d4f-4a6b-8c7d-1e2f3a4b5c6d"

    def test_login_is_approved_after_a_look(self, both: TestSite) -> None:
        browser = signed_in(both)
        page = browser.get(f"/auth/cli/login/{self.CODE}")
        both.app.get(f"/auth/cli/status/{self.CODE}", status=404)

        done = browser.submit(page, "", status=200)

        tokens = both.app.get(f"/auth/cli/status/{self.CODE}", status=200)
        assert "The program is signed in" in done.text
        assert "access_token" in tokens.json
        assert "/account/logins/1" in browser.get("/account/sessions").text

    def test_an_old_session_alone_approves_none(self, ann: Browser) -> None:
        path = f"/auth/cli/login/{self.CODE}"
        token = ann.get("/account").forms[0]["csrf_token"].value
        make_old(ann.site, confirmed_at=timedelta(minutes=16))

        answers = [ann.get(path, status=303), ann.post(path, csrf_token=token)]

        for answer in answers:
            assert answer.headers["Location"].startswith("/account/confirm?next=%2Fauth%2Fcli")
        ann.site.app.get(f"/auth/cli/status/{self.CODE}", status=404)

    def test_what_is_no_code_is_refused(self, ann: Browser) -> None:
        ann.get("/auth/cli/login/<script>", status=400)

    def test_whoever_is_not_signed_in_is_brought_back(self, site: TestSite) -> None:
        answer = Browser(site).get(f"/auth/cli/login/{self.CODE}", status=303)

        assert answer.headers["Location"] == f"/sign-in?next=%2Fauth%2Fcli%2Flogin%2F{self.CODE}"


def test_link_of_a_disabled_user_is_over(site: TestSite) -> None:
    from stockroom.accounts.joining import Links

    user = make_user(site)
    with site.service(Database).transaction() as session:
        secret = Links(session, "test").for_password(user)
    change_user(site, user, disabled_at=datetime.now(UTC))

    Browser(site).get(f"/join/{secret}", status=404)
