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


def test_an_access_token_ends_what_it_was_got_with(both: TestSite, ann: Person) -> None:
    pair, key = ann.sign_in(), both.create_key()

    disclose(both, pair["access_token"], exchange(both, key).json["access_token"])

    refresh(both, pair["refresh_token"], 401)
    assert not may_read(both, key)
    assert [what for _, _, what in told(both)] == ["login", "key"]


def test_an_access_token_that_has_ended_does_no_harm(both: TestSite, ann: Person) -> None:
    pair = ann.sign_in()

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        disclose(both, pair["access_token"])
        refresh(both, pair["refresh_token"])

    assert told(both) == []


def test_a_browser_session(both: TestSite, ann: Person) -> None:
    cookie = {"Cookie": f"stockroom={ann.cookie}"}
    both.app.get("/simple/acme/main/", headers=cookie, status=200)

    disclose(both, ann.cookie)

    both.app.get("/simple/acme/main/", headers=cookie, status=401)


@pytest.mark.parametrize("scope", ["team", "server"])
def test_an_invitation(both: TestSite, scope: str) -> None:
    minted, now = keys.mint(keys.INVITATION), datetime.now(UTC)
    with both.database.transaction() as session:
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

    disclose(both, minted.secret)

    with both.database.reading() as session:
        [row] = session.query(Invitation).all()
        assert row.revoked_at is not None
    [event] = events(both, "key.disclosed")
    assert event.team_id == (1 if scope == "team" else None)


def test_twice_is_told_once(both: TestSite) -> None:
    key = both.create_key()

    disclose(both, key, key)
    disclose(both, key)

    assert len(told(both)) == 1


def test_who_is_known_is_named(both: TestSite) -> None:
    scanner, leaked = both.create_key("reader"), both.create_key()

    disclose(both, leaked, **bearer(scanner))

    assert told(both) == [("robot:1", "key:2", "key")]
    [event] = events(both, "key.disclosed")
    assert event.credential == "key:1"


def test_a_key_that_was_leaked_can_be_reported_with_itself(both: TestSite) -> None:
    key = both.create_key()

    disclose(both, key, **bearer(key))

    assert not may_read(both, key)


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
def test_what_is_malformed(site: TestSite, body: bytes) -> None:
    site.app.request(PATH, method="POST", body=body, status=400)


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
