"""People with browsers: users, their sessions, and the pages that they see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.cookiejar import Cookie
from typing import Any

import pyotp
from argon2 import PasswordHasher
from sqlalchemy import update
from webtest import TestApp, TestResponse

from stockroom.accounts.browser_sessions import BrowserSessions, Started, Visitor
from stockroom.manage.grants import Grants
from stockroom.manage.scopes import find_scope
from stockroom.manage.users import Users
from stockroom.models import BrowserSession, SecurityKey, User
from stockroom.security.permissions import Role
from stockroom.settings import Settings
from tests.support.site import TestSite

PASSWORD = "seven green umbrellas"
# With the least that there can be, for speed; tests that use it set the same parameters.
PARAMETERS = {"TIME_COST": 1, "MEMORY_COST": 8, "PARALLELISM": 1}
HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NAVIGATING = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HERE = Visitor("127.0.0.1", "a test")


class Browser:
    """A browser of a person, with its own cookies; it goes to pages as browsers do."""

    def __init__(self, site: TestSite, **environ: str) -> None:
        self.site = site
        self.app = TestApp(site.application, extra_environ={"REMOTE_ADDR": "127.0.0.1", **environ})

    def get(self, path: str, status: int = 200, **headers: str) -> TestResponse:
        """Go to a page."""
        return self.app.get(path, headers={**NAVIGATING, **headers}, status=status)

    def post(
        self, path: str, *, status: int = 303, headers: Mapping[str, str] = {}, **fields: str
    ) -> TestResponse:
        """Send a form as it is, without a token unless that is a field."""
        return self.app.post(path, fields, headers={**NAVIGATING, **headers}, status=status)

    def submit(
        self, page: str | TestResponse, action: str, status: int = 303, **fields: str
    ) -> TestResponse:
        """Fill in the form of a page that goes to ``action``, and send it."""
        shown = self.get(page) if isinstance(page, str) else page
        form = next(form for form in shown.forms.values() if form.action == action)
        for name, value in fields.items():
            form[name] = value
        return form.submit(headers=NAVIGATING, status=status)

    def sign_in(
        self, name: str = "ann", password: str = PASSWORD, status: int = 303, to: str = "/"
    ) -> TestResponse:
        """Fill in the sign-in form, to get to the page ``to``."""
        shown = self.get(f"/sign-in?next={to}")
        return self.submit(shown, "/sign-in", status=status, name=name, password=password)

    def plant(self, secret: str) -> None:
        """Set the cookie of a session, as the server would."""
        # WebTest's own way puts quotes around it, and takes another domain.
        cookie = Cookie(
            version=0,
            name="stockroom",
            value=secret,
            port=None,
            port_specified=False,
            domain="localhost.local",
            domain_specified=False,
            domain_initial_dot=False,
            path="/",
            path_specified=True,
            secure=False,
            expires=None,
            discard=True,
            comment=None,
            comment_url=None,
            rest={},
        )
        self.app.cookiejar.set_cookie(cookie)

    @property
    def cookie(self) -> str | None:
        """The secret of the session."""
        found = self.app.cookies.get("stockroom")
        return found or None

    def is_signed_in(self) -> bool:
        """Whether the pages of the account are shown."""
        answer = self.app.get("/account", headers=NAVIGATING, expect_errors=True)
        return bool(answer.status_int == 200)


def make_user(
    site: TestSite, name: str = "ann", *, totp: bool = False, role: str = "", scope: str = "acme"
) -> int:
    """Make a user with :data:`PASSWORD`."""
    with site.database.transaction() as session:
        user = Users(session, "test").create(name)
        user.password = HASHED
        user.totp_secret = TOTP_SECRET if totp else None
        if role:
            place = find_scope(session, scope)
            Grants(session, "test").set(f"user:{user.id}", Role(role), place, scope)
        return user.id


def begin_session(site: TestSite, user_id: int) -> Started:
    """Begin a session without signing in."""
    with site.database.transaction() as session:
        sessions = BrowserSessions(session, site.service(Settings))
        started = sessions.begin(user_id, "password", HERE)
        return sessions.step_up(started.id) if started.pending else started


def signed_in(site: TestSite, name: str = "ann", **options: Any) -> Browser:
    """A browser in which a new user is signed in."""
    browser = Browser(site)
    browser.plant(begin_session(site, make_user(site, name, **options)).secret)
    return browser


def make_old(site: TestSite, **values: timedelta) -> None:
    """Put times of all sessions back: ``confirmed_at=timedelta(minutes=16)``."""
    moved = {name: datetime.now(UTC) - ago for name, ago in values.items()}
    with site.database.transaction() as session:
        session.execute(update(BrowserSession).values(**moved))


def change_user(site: TestSite, user_id: int, **values: Any) -> None:
    """Change a user behind everybody's back."""
    with site.database.transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(**values))


def code(offset: int = 0) -> str:
    """The present code of :data:`TOTP_SECRET`, or one some steps away."""
    return pyotp.TOTP(TOTP_SECRET).at(datetime.now(UTC) + timedelta(seconds=30 * offset))


def security_keys(site: TestSite) -> int:
    """How many security keys there are."""
    with site.database.transaction() as session:
        return session.query(SecurityKey).count()
