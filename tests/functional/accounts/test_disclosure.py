"""Secrets that were found somewhere are revoked, and nobody is told which were real (O-24)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from stockroom.models import Invitation
from stockroom.security import keys
from tests.conftest import MakeSite
from tests.support.programs import Person, events, exchange, may_read, refresh
from tests.support.site import TestSite, bearer

URL = "https://code.example/acme/leaky/blob/main/ci.yml"
PATH = "/v1/secrets/disclose"
UNKNOWN = [keys.from_body(prefix, "z" * 40).secret for prefix in keys.PREFIXES]


def disclose(site: TestSite, *tokens: str, **headers: str) -> Any:
    found = [{"token": token, "type": "stockroom", "url": URL} for token in tokens]
    return site.app.post_json(PATH, found, headers=headers, status=204)


def told(site: TestSite) -> list[tuple[str, str | None, str]]:
    """Actor, credential and kind of each event."""
    return [
        (event.actor, event.subject, event.data["what"]) for event in events(site, "key.disclosed")
    ]


def test_an_api_key(both: TestSite) -> None:
    key, other = both.create_key(), both.create_key()
    assert may_read(both, key)

    answer = disclose(both, key)

    assert answer.headers["Cache-Control"] == "no-store"
    assert [may_read(both, secret) for secret in (key, other)] == [False, True]
    [event] = events(both, "key.disclosed")
    assert (event.actor, event.subject, event.address) == ("anonymous", "key:1", "127.0.0.1")
    assert event.data["url"] == URL
    assert event.data["owner"] == "robot:1"
    assert event.team_id is not None
    assert key not in json.dumps(event.data)


def test_a_refresh_token_ends_its_login(both: TestSite, ann: Person) -> None:
    pair, other = ann.sign_in(), ann.sign_in()

    disclose(both, f" {pair['refresh_token']}\n")

    assert not may_read(both, pair["access_token"])
    assert may_read(both, other["access_token"])
    refresh(both, pair["refresh_token"], 401)
    assert [(actor, what) for actor, _, what in told(both)] == [("anonymous", "login")]


def test_an_access_token_ends_what_it_was_got_with(site: TestSite, ann: Person) -> None:
    pair, key = ann.sign_in(), site.create_key()

    disclose(site, pair["access_token"], exchange(site, key).json["access_token"])

    refresh(site, pair["refresh_token"], 401)
    assert not may_read(site, key)
    assert [what for _, _, what in told(site)] == ["login", "key"]


def test_an_access_token_that_has_ended_does_no_harm(site: TestSite, ann: Person) -> None:
    pair = ann.sign_in()

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        disclose(site, pair["access_token"])
        refresh(site, pair["refresh_token"])

    assert told(site) == []


def test_a_browser_session(site: TestSite, ann: Person) -> None:
    cookie = {"Cookie": f"stockroom={ann.cookie}"}
    site.app.get("/simple/acme/main/", headers=cookie, status=200)

    disclose(site, ann.cookie)

    site.app.get("/simple/acme/main/", headers=cookie, status=401)


@pytest.mark.parametrize("scope", ["team", "server"])
def test_an_invitation(site: TestSite, scope: str) -> None:
    minted, now = keys.mint(keys.INVITATION), datetime.now(UTC)
    with site.database.transaction() as session:
        session.add(
            Invitation(
                digest=minted.digest,
                scope_kind=scope,
                scope_id=1 if scope == "team" else 0,
                role="reader",
                invited_by="user:1",
                created_at=now,
                expires_at=now + timedelta(days=7),
            )
        )

    disclose(site, minted.secret)

    with site.database.reading() as session:
        [row] = session.query(Invitation).all()
        assert row.revoked_at is not None
    [event] = events(site, "key.disclosed")
    assert event.team_id == (1 if scope == "team" else None)


def test_twice_is_told_once(site: TestSite) -> None:
    key = site.create_key()

    disclose(site, key, key)
    disclose(site, key)

    assert len(told(site)) == 1


def test_who_is_known_is_named(site: TestSite) -> None:
    scanner, leaked = site.create_key("reader"), site.create_key()

    disclose(site, leaked, **bearer(scanner))

    assert told(site) == [("robot:1", "key:2", "key")]
    [event] = events(site, "key.disclosed")
    assert event.credential == "key:1"


def test_a_key_that_was_leaked_can_be_reported_with_itself(site: TestSite) -> None:
    key = site.create_key()

    disclose(site, key, **bearer(key))

    assert not may_read(site, key)


def test_what_is_none_of_ours_begins_no_transaction(site: TestSite) -> None:
    with site.count_queries() as statements:
        disclose(site, *UNKNOWN, "", "x", "a.b.c", "\x00", "é" * 2000, **bearer("nonsense"))

    assert told(site) == []
    assert not [line for line in statements if not line.startswith("SELECT")]


def test_strange_urls_are_kept_as_text(both: TestSite) -> None:
    found = [{"token": both.create_key(), "url": "\x00\x1b[2J<script>\u2028" + "x" * 5000}]

    both.app.post(PATH, json.dumps(found), headers={"Content-Type": "text/plain"}, status=204)

    [event] = events(both, "key.disclosed")
    assert event.data["url"].startswith("[2J<script>x")
    assert len(event.data["url"]) == 500


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[1]", b'[{"url": "x"}]', b'[{"token": null}]', b"[", b"\xff", b"[" * 5000],
)
def test_what_is_malformed(office: TestSite, body: bytes) -> None:
    office.app.request(PATH, method="POST", body=body, status=400)


def test_at_most_a_hundred_at_once(site: TestSite) -> None:
    disclose(site, *["x"] * 100)

    site.app.post_json(PATH, [{"token": "x"}] * 101, status=400)


def test_who_reports_too_often_has_to_wait(
    make_site: MakeSite, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockroom.accounts.cli_views.REPORTS_A_MINUTE", 1)
    site = make_site(sqlite_url)
    disclose(site, "x")

    answer = site.app.post_json(PATH, [], status=429)

    assert 1 <= int(answer.headers["Retry-After"]) <= 60
