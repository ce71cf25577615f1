"""Signing in and out, and what somebody may try who is not let in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from stockroom.accounts import passwords
from stockroom.accounts.passwords import NOBODYS, Passwords
from stockroom.accounts.second_factors import make_recovery_codes
from stockroom.models import BrowserSession, Event, User
from tests.conftest import MakeSite
from tests.support.people import (
    HASHED,
    NAVIGATING,
    PASSWORD,
    Browser,
    change_user,
    code,
    make_old,
    make_user,
    signed_in,
)
from tests.support.site import TestSite

WRONG = "a wrong password of Ann"
REFUSED = "The name or the password is wrong."
SECOND = "/sign-in/second-factor"


def events(site: TestSite, kind: str) -> list[Event]:
    with site.database.transaction() as session:
        return list(session.execute(select(Event).where(Event.kind == kind)).scalars())


def new_codes(site: TestSite, user_id: int) -> list[str]:
    with site.database.transaction() as session:
        return make_recovery_codes(session, user_id)


@pytest.fixture
def browser(site: TestSite) -> Browser:
    return Browser(site)


def test_password_opens_a_session(both: TestSite) -> None:
    user = make_user(both)
    browser = Browser(both)

    answer = browser.sign_in(to="/account/keys")

    assert answer.headers["Location"] == "/account/keys"
    assert browser.is_signed_in()
    [event] = events(both, "user.signed-in")
    assert (event.actor, event.subject) == (f"user:{user}", f"user:{user}")
    assert event.data["method"] == "password"
    assert event.address == "127.0.0.1"


def test_cookie_is_for_this_host_alone(browser: Browser) -> None:
    make_user(browser.site)

    answer = browser.sign_in()

    [cookie] = [c for c in answer.headers.getall("Set-Cookie") if c.startswith("stockroom=")]
    attributes = {part.strip().partition("=")[0] for part in cookie.split(";")[1:]}
    assert attributes == {"Path", "HttpOnly", "SameSite", "Expires"}
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_over_https_the_cookie_has_a_name_that_others_cannot_set(site: TestSite) -> None:
    make_user(site)
    browser = Browser(site, **{"wsgi.url_scheme": "https", "HTTP_HOST": "localhost:443"})

    answer = browser.sign_in()

    cookies = answer.headers.getall("Set-Cookie")
    [cookie] = [found for found in cookies if found.startswith("__Host-stockroom=")]
    assert cookie.endswith("GMT")
    assert "; Secure; " in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_session_ends_at_the_latest_when_the_cookie_says(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = make_site(sqlite_url, **{"stockroom.session_days": "2"})
    make_user(site)

    Browser(site).sign_in()

    with site.database.read() as connection:
        begun, ends = connection.execute(
            select(BrowserSession.created_at, BrowserSession.expires_at)
        ).one()
    assert ends - begun == timedelta(days=2)


def test_idle_session_is_over(site: TestSite) -> None:
    browser = signed_in(site)

    make_old(site, seen_at=timedelta(hours=25))

    assert not browser.is_signed_in()


@pytest.mark.parametrize(
    ("name", "password"), [("ann", WRONG), ("nobody", PASSWORD), ("dis", PASSWORD), ("sso", "")]
)
def test_whatever_is_wrong_is_refused_alike(
    browser: Browser, name: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(browser.site)
    change_user(browser.site, make_user(browser.site, "dis"), disabled_at=datetime.now(UTC))
    change_user(browser.site, make_user(browser.site, "sso"), password=None)
    compared = []
    verify = Passwords.verify

    def spy(self: Passwords, hashed: str | None, password: str) -> bool:
        compared.append(hashed or NOBODYS)
        return verify(self, hashed, password)

    monkeypatch.setattr(Passwords, "verify", spy)

    expected = browser.sign_in("ann", WRONG, status=403)
    answer = browser.sign_in(name, password, status=403)

    assert REFUSED in answer.text
    assert answer.text.replace(name, "ann") == expected.text
    headers = [dict(found.headers) for found in (answer, expected)]
    for found in headers:
        for name_of_header in ("RateLimit", "Content-Length", "Set-Cookie"):
            found.pop(name_of_header, None)
    assert headers[0] == headers[1]
    # There is a comparison, whether there is anything to compare with or not.
    assert compared == [HASHED, HASHED if name == "ann" else NOBODYS]


def test_failure_is_in_the_audit_trail_without_what_was_typed(browser: Browser) -> None:
    user = make_user(browser.site)

    browser.sign_in("ann", WRONG, status=403)
    browser.sign_in("my secret password", "", status=403)

    found = events(browser.site, "user.sign-in-failed")
    assert [event.subject for event in found] == [f"user:{user}", None]
    assert "secret" not in repr([event.data for event in found])
    assert WRONG not in repr([event.data for event in found])


def test_o23_ten_failures_and_the_account_is_closed_for_a_while(browser: Browser) -> None:
    make_user(browser.site)
    page = browser.get("/sign-in")
    answers = [
        browser.submit(page, "/sign-in", status=403, name="ann", password="x") for _ in range(10)
    ]

    refused = browser.sign_in(status=429)

    assert [answer.headers["RateLimit"].partition(";")[2][:3] for answer in answers[-2:]] == [
        "r=1",
        "r=0",
    ]
    assert int(refused.headers["Retry-After"]) <= 300
    assert "too many attempts" in refused.text
    assert not browser.is_signed_in()


def test_what_succeeds_is_no_attempt(browser: Browser) -> None:
    make_user(browser.site)
    answers = [Browser(browser.site).sign_in() for _ in range(2)]

    left = [answer.headers["RateLimit"] for answer in answers]

    assert [text.partition(";")[2][:3] for text in left] == ["r=9", "r=9"]


def test_password_is_kept_with_todays_parameters(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MEMORY_COST", 16)
    site = make_site(sqlite_url)
    make_user(site)

    answers = [Browser(site).sign_in() for _ in range(2)]

    with site.database.read() as connection:
        kept = connection.execute(select(User.password)).scalar_one()
    assert "m=8" in HASHED
    assert "m=16" in str(kept)
    assert [answer.headers["Location"] for answer in answers] == ["/", "/"]


def test_second_factor_follows_the_password(both: TestSite) -> None:
    make_user(both, totp=True)
    browser = Browser(both)

    first = browser.sign_in(to="/account/keys")
    between = browser.is_signed_in()
    second = browser.submit(browser.get(str(first.location)), SECOND, code=code())

    assert not between
    assert second.headers["Location"] == "/account/keys"
    assert browser.is_signed_in()


def test_each_step_has_a_secret_of_its_own(site: TestSite) -> None:
    make_user(site, totp=True)
    browser, thief = Browser(site), Browser(site)
    browser.sign_in()
    pending = str(browser.cookie)

    browser.submit(SECOND, SECOND, code=code())

    thief.plant(pending)
    assert browser.cookie != pending
    assert not thief.is_signed_in()


def test_a_cookie_that_was_planted_is_not_kept(site: TestSite) -> None:
    """Session fixation: signing in always makes another secret, and ends what was there."""
    make_user(site)
    thief = signed_in(site, "eve")
    planted = str(thief.cookie)
    victim = Browser(site)
    page = victim.get("/sign-in")
    victim.plant(planted)

    refused = victim.submit(page, "/sign-in", status=403, name="ann", password=PASSWORD)

    assert "load it again" in refused.text
    assert victim.cookie == planted
    assert "Security of eve" in thief.get("/account").text


def test_totp_code_is_good_for_one_time(site: TestSite) -> None:
    make_user(site, totp=True)
    seen = code()
    first, second = Browser(site), Browser(site)
    for browser in (first, second):
        browser.sign_in()

    first.submit(SECOND, SECOND, code=seen)
    refused = second.submit(SECOND, SECOND, status=403, code=seen)

    assert "used already" in refused.text
    assert not second.is_signed_in()


def test_wrong_code_lets_nobody_in(site: TestSite) -> None:
    make_user(site, totp=True)
    browser = Browser(site)
    browser.sign_in()
    token = browser.get(SECOND).forms[0]["csrf_token"].value

    for wrong in ("000000", "12345", "", "\uff11\uff12\uff13\uff14\uff15\uff16", "9" * 200):
        refused = browser.post(SECOND, status=403, csrf_token=token, code=wrong, next="/")
        assert "that code is not right" in refused.text.lower()

    assert not browser.is_signed_in()


def test_code_of_two_steps_ago_is_too_old(site: TestSite) -> None:
    make_user(site, totp=True)
    browser = Browser(site)
    browser.sign_in()

    browser.submit(SECOND, SECOND, status=403, code=code(-3))

    assert not browser.is_signed_in()


def test_o23_five_codes_in_five_minutes(site: TestSite) -> None:
    make_user(site, totp=True)
    browser = Browser(site)
    browser.sign_in()
    for _ in range(5):
        browser.submit(SECOND, SECOND, status=403, code="000000")

    refused = browser.submit(SECOND, SECOND, status=429, code=code())

    assert "Retry-After" in refused.headers
    assert not browser.is_signed_in()


def test_recovery_code_is_good_for_one_time(both: TestSite) -> None:
    user = make_user(both, totp=True)
    one, *_ = new_codes(both, user)
    first, second = Browser(both), Browser(both)
    for browser in (first, second):
        browser.sign_in()

    first.submit(first.get(SECOND), SECOND, code=one.upper())
    second.submit(SECOND, SECOND, status=403, code=one)

    assert first.is_signed_in()
    assert not second.is_signed_in()


def test_pending_session_is_good_for_nothing_else(site: TestSite) -> None:
    make_user(site, totp=True, role="owner", scope="*")
    browser = Browser(site)
    browser.sign_in()

    answers = [
        browser.app.get(path, headers=NAVIGATING, expect_errors=True).status_int
        for path in ("/", "/account", "/account/keys", "/use/acme/main", "/simple/acme/main/")
    ]

    assert answers == [303, 303, 303, 303, 401]


def test_signing_out_ends_the_session(both: TestSite) -> None:
    browser = signed_in(both)
    thief = Browser(both)
    thief.plant(str(browser.cookie))

    answer = browser.submit("/account", "/sign-out")

    assert answer.headers["Location"] == "/sign-in?done=signed-out"
    assert browser.cookie is None
    assert not thief.is_signed_in()
    assert len(events(both, "user.signed-out")) == 1


def test_disabled_user_is_out_at_once(both: TestSite) -> None:
    browser = signed_in(both)
    user = make_user(both, "bob")
    assert browser.is_signed_in()

    from stockroom.feed import emit

    with both.database.transaction() as session:
        emit(session, "user.disabled", "test", subject=f"user:{user - 1}")
    change_user(both, user - 1, disabled_at=datetime.now(UTC))

    assert not browser.is_signed_in()


def test_one_goes_on_to_this_server_only(browser: Browser) -> None:
    make_user(browser.site)
    form = browser.get("/sign-in").forms[0]
    form["next"].force_value("//evil.example/")
    form["name"], form["password"] = "ann", PASSWORD

    answer = form.submit(headers=NAVIGATING, status=303)

    assert answer.headers["Location"] == "/"


def test_two_cookies_of_the_name_are_none(site: TestSite) -> None:
    mine = signed_in(site)
    both = f"stockroom={mine.cookie}; stockroom={mine.cookie}"

    answer = mine.app.get("/account", headers={**NAVIGATING, "Cookie": both}, expect_errors=True)

    assert answer.status_int == 303


def test_user_names_are_text(browser: Browser) -> None:
    answer = browser.sign_in('"><script>alert(1)</script>', "x", status=403)

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_strange_parameters_are_no_defect(browser: Browser) -> None:
    for query in ("next=%ff", "%ff=1", "next=/&next=/x", "&".join(["a=1"] * 99)):
        browser.get(f"/sign-in?{query}")


def test_every_page_has_the_security_headers(site: TestSite) -> None:
    known, unknown = signed_in(site), Browser(site)

    for browser, path in ((unknown, "/sign-in"), (known, "/account"), (unknown, "/nothing")):
        found = browser.app.get(path, headers=NAVIGATING, expect_errors=True).headers

        policy = found["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert found["X-Content-Type-Options"] == "nosniff"
        assert found["Referrer-Policy"] == "same-origin"
        assert found["Cross-Origin-Opener-Policy"] == "same-origin"
        assert found["Cache-Control"] == "no-store"
        assert "Permissions-Policy" in found
        assert "Strict-Transport-Security" not in found
