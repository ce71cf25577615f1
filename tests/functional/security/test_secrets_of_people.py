"""No secret of people and their programs is in a log, an event or the database (point 5)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest

from stockroom.accounts import passwords
from stockroom.accounts.joining import Links
from stockroom.security import keys
from stockroom.security.tokens import AccessTokens
from tests.support.people import PARAMETERS, PASSWORD, Browser, make_user
from tests.support.programs import exchange, logout, refresh, status
from tests.support.site import TestSite

WRONG = "nine purple elephants"
NEW = "three brown elephants"
API_KEY = re.compile(r"stk_[0-9A-Za-z]{46}")
RECOVERY = re.compile(r"\b(?:[2-9a-z]{4}-){3}[2-9a-z]{4}\b")
TOTP = re.compile(r"<pre[^>]*>([A-Z2-7 ]+)</pre>")
SECURITY = "/account/security"


@dataclass
class Seen:
    """The secrets that came by, and everything that was logged meanwhile."""

    site: TestSite
    secrets: list[str] = field(default_factory=list)

    def note(self, *secrets: str | None) -> None:
        """Remember secrets; what is none is a mistake of the test."""
        for secret in secrets:
            assert secret
            self.secrets.append(secret)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PARAMETERS.items():
        monkeypatch.setattr(passwords, name, value)


@pytest.fixture
def seen(site: TestSite, caplog: pytest.LogCaptureFixture) -> Iterator[Seen]:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "sqlalchemy"):
        yield Seen(site)


def check(seen: Seen, caplog: pytest.LogCaptureFixture, kept: str = "") -> None:
    """Look for the secrets in the log, and in the file of the database but for ``kept``."""
    database = Path(seen.site.values["sqlalchemy.url"].removeprefix("sqlite:///"))
    content = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))

    # Statements are in it, so that there was something to hide.
    assert "INSERT INTO events" in caplog.text
    assert [secret for secret in seen.secrets if secret in caplog.text] == []
    assert [
        secret for secret in seen.secrets if secret != kept and secret.encode() in content
    ] == []


def test_signing_in_and_a_second_factor(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    make_user(seen.site, role="writer")
    ann = Browser(seen.site)
    ann.sign_in(password=WRONG, status=403)
    ann.sign_in()
    seen.note(PASSWORD, WRONG, NEW, ann.cookie)
    shown = ann.submit(SECURITY, f"{SECURITY}/totp", status=200)
    secret = TOTP.findall(shown.text)[0].replace(" ", "")
    added = ann.submit(shown, f"{SECURITY}/totp-code", status=200, code=pyotp.TOTP(secret).now())
    codes = RECOVERY.findall(added.text)
    seen.note(secret, codes[0], codes[0].replace("-", ""))
    ann.submit(SECURITY, f"{SECURITY}/password", password=NEW, again=NEW)
    other = Browser(seen.site)
    other.sign_in(password=NEW)
    seen.note(other.cookie)
    other.submit("/sign-in/second-factor", "/sign-in/second-factor", status=403, code="abcd-efgh")
    other.submit("/sign-in/second-factor", "/sign-in/second-factor", code=codes[0])
    seen.note(other.cookie)

    assert other.is_signed_in()
    check(seen, caplog, kept=secret)


def test_keys_and_programs(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    make_user(seen.site, role="writer")
    seen.site.service(AccessTokens).prepare()
    ann, code = Browser(seen.site), str(uuid4())
    ann.sign_in()
    page = ann.submit("/account/keys", "/account/keys", status=200, name="laptop")
    [key] = set(API_KEY.findall(page.text))
    token = exchange(seen.site, key).json["access_token"]
    ann.submit(f"/auth/cli/login/{code}", "", status=200)
    pair = status(seen.site, code, 200).json
    following = refresh(seen.site, pair["refresh_token"]).json
    refresh(seen.site, following["refresh_token"])
    refresh(seen.site, pair["refresh_token"], 401)
    logout(seen.site, pair["access_token"])
    report = [{"token": key, "type": "stockroom", "url": "https://code.example/x"}]
    seen.site.app.post_json("/v1/secrets/disclose", report, status=204)
    seen.note(key, token, code, *pair.values(), *following.values())

    check(seen, caplog)


def test_links(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    user_id = make_user(seen.site)
    with seen.site.database.transaction() as session:
        links = Links(session, "test")
        owner, password = links.for_first_owner(), links.for_password(user_id)
    unknown = keys.mint(keys.INVITATION).secret
    Browser(seen.site).get(f"/join/{unknown}", status=404)
    path = f"/join/{owner}"
    Browser(seen.site).submit(path, "", name="eve", password=NEW, again=NEW)
    path = f"/join/{password}"
    Browser(seen.site).submit(path, "", password=NEW, again=NEW)
    Browser(seen.site).get(path, status=404)
    seen.note(owner, password, unknown, NEW)

    check(seen, caplog)
