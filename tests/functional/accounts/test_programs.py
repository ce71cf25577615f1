"""Programs are signed in, stay so, and are signed out (uv-client.md section 3)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select

from stockroom.accounts.codes import CodeTaken, InvalidCode
from stockroom.models import BrowserSession, CliLogin, Login, RefreshToken
from stockroom.security import keys
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.programs import (
    Person,
    events,
    exchange,
    logout,
    make_person,
    may_read,
    refresh,
    status,
)
from tests.support.site import TestSite
from tests.support.waiting import Worker

WHEEL = make_wheel("demo-pkg", "1.0")
CODE_1 = "fa8878de-e5e2-11f1-927a-02fc00000001"
"""A UUID, but not a random one."""
CODE_4 = "0b2e4a3c-5d1f-4c8e-9a7b-6f0d1e2c3b4a"
UNKNOWN_KEY = keys.from_body(keys.API_KEY, "k" * keys.RANDOM_LENGTH).secret
UNKNOWN_TOKEN = keys.from_body(keys.REFRESH_TOKEN, "r" * keys.RANDOM_LENGTH).secret


def claims(token: str) -> dict[str, Any]:
    """What clients read of a token: neither header nor signature (uv-client.md 3.3)."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found


def kinds(site: TestSite) -> list[str]:
    return [event.kind for event in events(site, "login.")]


class TestApproval:
    def test_nobody_gets_tokens_before(self, site: TestSite) -> None:
        answer = status(site, str(uuid4()), 404)

        assert answer.headers["Cache-Control"] == "no-store"

    def test_then_the_program_gets_tokens_once(self, both: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)

        pair = status(both, code, 200)

        assert pair.headers["Cache-Control"] == "no-store"
        assert keys.is_well_formed(pair.json["refresh_token"], keys.REFRESH_TOKEN)
        assert may_read(both, pair.json["access_token"])
        both.upload(*WHEEL, pair.json["access_token"])

    def test_the_event_says_who_what_and_from_where(self, site: TestSite, ann: Person) -> None:
        ann.sign_in()

        [event] = events(site, "login.")
        assert (event.kind, event.actor, event.address) == (
            "login.created",
            ann.subject,
            "127.0.0.1",
        )
        assert event.subject is not None
        assert event.subject.startswith("login:")
        assert event.data["name"] == "uv/0.12.6"
        assert event.data["approved_in"] == f"session:{ann.session_id}"

    def test_a_code_that_comes_again_ends_the_login(self, both: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)
        pair = status(both, code, 200).json

        answers = [status(both, code).status_int for _ in range(2)]

        assert answers == [410, 410]
        assert not may_read(both, pair["access_token"])
        refresh(both, pair["refresh_token"], 401)
        assert kinds(both) == ["login.created", "login.reuse-detected", "login.revoked"]

    def test_it_waits_five_minutes(self, site: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)

        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5, seconds=1)):
            status(site, code, 410)

        assert kinds(site) == []

    def test_twice_by_the_same_changes_nothing(self, both: TestSite, ann: Person) -> None:
        code = str(uuid4())

        ann.approve(code)
        ann.approve(code)

        status(both, code, 200)

    def test_not_by_two(self, both: TestSite, ann: Person) -> None:
        code, eve = str(uuid4()), make_person(both, "eve")
        ann.approve(code)

        with pytest.raises(CodeTaken):
            eve.approve(code)

        assert claims(status(both, code, 200).json["access_token"])["sub"] == ann.subject

    def test_not_after_it_was_used(self, site: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)
        status(site, code, 200)

        with pytest.raises(CodeTaken):
            ann.approve(code)

    @pytest.mark.parametrize("code", ["", "1", CODE_1, CODE_4.upper(), f"{CODE_4}\n", "'" * 36])
    def test_not_of_what_is_no_random_uuid(self, site: TestSite, code: str) -> None:
        ann = make_person(site)

        with pytest.raises(InvalidCode):
            ann.approve(code)

    @pytest.mark.parametrize("code", ["1", "..", CODE_1, "%00", "a" * 5000])
    def test_such_a_code_is_not_polled_for(self, office: TestSite, code: str) -> None:
        status(office, code, 400)

    def test_head_collects_nothing(self, site: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)

        site.app.head(f"/auth/cli/status/{code}", status=405)

        status(site, code, 200)

    @pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
    def test_it_is_void_when_the_browser_is_not_signed_in_any_more(
        self, site: TestSite, ann: Person, ended: str
    ) -> None:
        code = str(uuid4())
        ann.approve(code)
        with site.database.transaction() as session:
            setattr(session.get_one(BrowserSession, ann.session_id), ended, datetime.now(UTC))

        status(site, code, 410)

    def test_it_is_void_when_the_user_was_disabled(self, site: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)
        ann.disable()

        status(site, code, 410)

    def test_the_code_itself_is_not_kept(self, site: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)

        with site.database.reading() as session:
            assert session.scalars(select(CliLogin.digest)).all() == [keys.digest(code)]

    @pytest.mark.parametrize("agent", ["", "\x00\x7f", "x" * 5000, "Mozilla/5.0 (X11)"])
    def test_a_program_may_call_itself_anything(self, site: TestSite, agent: str) -> None:
        ann, code = make_person(site), str(uuid4())
        ann.approve(code)

        status(site, code, 200, agent=agent)

        [event] = events(site, "login.")
        assert 0 < len(event.data["name"]) <= 100

    def test_two_that_poll_at_once_get_one_pair(self, both: TestSite, ann: Person) -> None:
        code = str(uuid4())
        ann.approve(code)

        workers = [Worker(lambda: status(both, code)) for _ in range(4)]

        assert sorted(worker.result().status_int for worker in workers) == [200, 410, 410, 410]


class TestAccessToken:
    def test_claims_are_what_uv_reads(self, site: TestSite, ann: Person) -> None:
        found = claims(ann.sign_in()["access_token"])

        assert type(found["exp"]) is int
        assert found["exp"] - found["iat"] == 3600
        assert found["urn:pyx:org_name"] == "acme"
        assert isinstance(found["iss"], str)

    @pytest.mark.parametrize("more", [(), ("team:acme", "team:other")])
    def test_without_one_team_the_server_is_named(
        self, make_site: MakeSite, sqlite_url: str, more: tuple[str, ...]
    ) -> None:
        site = make_site(sqlite_url, **{"stockroom.base_url": "https://packages.example"})
        for name in ("acme", "other"):
            site.create_workspace(name)
        ann = make_person(site)
        for scope in more:
            ann.grant("reader", scope)

        found = claims(ann.sign_in()["access_token"])

        assert found["urn:pyx:org_name"] == "packages.example"
        assert found["iss"] == "https://packages.example"

    def test_it_lasts_an_hour(self, site: TestSite, ann: Person) -> None:
        token = ann.sign_in()["access_token"]

        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=3590), tick=False):
            early = may_read(site, token)
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=3601), tick=False):
            late = may_read(site, token)

        assert (early, late) == (True, False)


class TestRefresh:
    def test_both_tokens_are_new(self, site: TestSite, ann: Person) -> None:
        before = ann.sign_in()

        after = refresh(site, before["refresh_token"])

        assert after.headers["Cache-Control"] == "no-store"
        assert not before.items() & after.json.items()
        assert may_read(site, after.json["access_token"])
        refresh(site, after.json["refresh_token"])

    def test_what_got_lost_is_asked_for_again(self, both: TestSite, ann: Person) -> None:
        before = ann.sign_in()["refresh_token"]
        first = refresh(both, before).json["refresh_token"]

        again = refresh(both, before).json["refresh_token"]

        assert again == first
        refresh(both, again)
        assert kinds(both) == ["login.created"]

    def test_many_at_once_get_the_same(
        self, make_site: MakeSite, both: TestSite, ann: Person
    ) -> None:
        before = ann.sign_in()["refresh_token"]
        other = make_site(both.values["sqlalchemy.url"])

        sites = (both, other, both, other, both)
        workers = [Worker(partial(refresh, site, before)) for site in sites]
        found = {worker.result().json["refresh_token"] for worker in workers}

        assert len(found) == 1

    def test_a_used_one_ends_the_login_when_its_successor_was_used(
        self, both: TestSite, ann: Person
    ) -> None:
        first = ann.sign_in()
        second = refresh(both, first["refresh_token"]).json
        third = refresh(both, second["refresh_token"]).json

        refresh(both, first["refresh_token"], 401)

        refresh(both, third["refresh_token"], 401)
        tokens = [pair["access_token"] for pair in (first, second, third)]
        assert [may_read(both, token) for token in tokens] == [False] * 3
        assert kinds(both) == ["login.created", "login.reuse-detected", "login.revoked"]

    def test_a_used_one_ends_the_login_after_a_minute(self, site: TestSite, ann: Person) -> None:
        first = ann.sign_in()
        second = refresh(site, first["refresh_token"]).json

        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61)):
            refresh(site, first["refresh_token"], 401)
            refresh(site, second["refresh_token"], 401)

        assert kinds(site) == ["login.created", "login.reuse-detected", "login.revoked"]

    def test_the_same_again_when_another_key_signs_meanwhile(
        self, site: TestSite, ann: Person
    ) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        with time_machine.travel(start, tick=False) as traveller:
            before = ann.sign_in()["refresh_token"]
            traveller.move_to(start + timedelta(days=29, hours=1))
            middle = refresh(site, before).json["refresh_token"]
            traveller.move_to(start + timedelta(days=30, seconds=-5))
            first = refresh(site, middle).json
            traveller.move_to(start + timedelta(days=30, seconds=5))
            again = refresh(site, middle).json

        kids = {json.loads(decoded(pair["access_token"]))["kid"] for pair in (first, again)}
        assert len(kids) == 2
        assert again["refresh_token"] == first["refresh_token"]

    def test_a_login_lasts_ninety_days(self, both: TestSite, ann: Person) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        with time_machine.travel(start, tick=False) as traveller:
            first = ann.sign_in()["refresh_token"]
            traveller.move_to(start + timedelta(days=89, hours=23, minutes=30))
            last = refresh(both, first).json
            traveller.move_to(start + timedelta(days=90, seconds=1))
            refresh(both, last["refresh_token"], 401)
            alive = may_read(both, last["access_token"])

        assert claims(last["access_token"])["exp"] == (start + timedelta(days=90)).timestamp()
        assert not alive
        assert kinds(both) == ["login.created"]

    def test_not_for_a_disabled_user(self, site: TestSite, ann: Person) -> None:
        token = ann.sign_in()["refresh_token"]
        ann.disable()

        refresh(site, token, 401)

    def test_only_digests_are_kept(self, site: TestSite, ann: Person) -> None:
        first = ann.sign_in()["refresh_token"]
        second = refresh(site, first).json["refresh_token"]

        with site.database.reading() as session:
            kept = session.scalars(select(RefreshToken.digest).order_by(RefreshToken.id)).all()
        assert kept == [keys.digest(first), keys.digest(second)]

    @pytest.mark.parametrize("token", ["", "str_", UNKNOWN_TOKEN, UNKNOWN_KEY, "é"])
    def test_an_unknown_one_is_refused_without_a_transaction(
        self, office: TestSite, token: str
    ) -> None:
        exchange(office, office.create_key())  # so that there is a signing key

        with office.count_queries() as statements:
            answer = refresh(office, token, 401)

        assert answer.headers["Cache-Control"] == "no-store"
        assert not [line for line in statements if not line.startswith("SELECT")]

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{}", b'{"refresh_token": 1}', b"\xff", b'{"refresh_token": null}']
    )
    def test_what_is_no_such_request(self, office: TestSite, body: bytes) -> None:
        office.app.request("/auth/cli/refresh", method="POST", body=body, status=400)

    def test_old_links_and_logins_are_forgotten(self, both: TestSite, ann: Person) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        with time_machine.travel(start, tick=False) as traveller:
            token = ann.sign_in()["refresh_token"]
            token = refresh(both, token).json["refresh_token"]
            traveller.move_to(start + timedelta(days=31))
            refresh(both, token)
            links = count(both, RefreshToken)
            traveller.move_to(start + timedelta(days=121))
            ann.approve(str(uuid4()))

        assert links == 2
        assert [count(both, model) for model in (Login, RefreshToken, CliLogin)] == [0, 0, 1]


class TestLogout:
    def test_it_ends_the_login(self, both: TestSite, ann: Person) -> None:
        pair, other = ann.sign_in(), ann.sign_in()

        answer = logout(both, pair["access_token"])

        assert answer.headers["Cache-Control"] == "no-store"
        assert not may_read(both, pair["access_token"])
        refresh(both, pair["refresh_token"], 401)
        refresh(both, other["refresh_token"], 200)

    @pytest.mark.parametrize("age", [timedelta(hours=2), timedelta(days=60)])
    def test_with_a_token_that_has_ended(self, site: TestSite, ann: Person, age: timedelta) -> None:
        pair = ann.sign_in()

        with time_machine.travel(datetime.now(UTC) + age):
            logout(site, pair["access_token"])
            refresh(site, pair["refresh_token"], 401)

    def test_twice(self, site: TestSite, ann: Person) -> None:
        token = ann.sign_in()["access_token"]

        logout(site, token)
        logout(site, token)

        assert kinds(site) == ["login.created", "login.revoked"]

    def test_an_api_key_lives_on(self, site: TestSite) -> None:
        key = site.create_key()
        token = exchange(site, key).json["access_token"]

        logout(site, token)

        assert may_read(site, key)

    @pytest.mark.parametrize("token", [None, "", "x.y.z", UNKNOWN_KEY])
    def test_what_is_no_token_is_refused(self, office: TestSite, token: str | None) -> None:
        logout(office, token, 401)

    def test_a_cookie_signs_nobody_out(self, site: TestSite) -> None:
        ann = make_person(site)
        ann.sign_in()

        answer = site.app.get(
            "/auth/cli/logout", headers={"Cookie": f"stockroom={ann.cookie}"}, status="*"
        )

        assert answer.status_int == 401
        assert kinds(site) == ["login.created"]


class TestExchange:
    def test_the_token_does_what_the_key_does(self, site: TestSite) -> None:
        token = exchange(site, site.create_key("writer")).json["access_token"]

        site.upload(*WHEEL, token)

        assert claims(token)["urn:pyx:org_name"] == "acme"

    def test_basic_does_as_well(self, site: TestSite) -> None:
        pair = base64.b64encode(f"__token__:{site.create_key()}".encode()).decode()

        answer = site.app.request(
            "/auth/cli/access-token", method="POST", headers={"Authorization": f"Basic {pair}"}
        )

        assert may_read(site, answer.json["access_token"])

    def test_it_ends_with_the_key(self, site: TestSite) -> None:
        key = site.create_key(valid_for=timedelta(minutes=10))

        found = claims(exchange(site, key).json["access_token"])

        assert 590 <= found["exp"] - found["iat"] <= 600

    def test_an_access_token_gets_no_other_one(self, site: TestSite, ann: Person) -> None:
        pair = ann.sign_in()

        for secret in (*pair.values(), exchange(site, site.create_key()).json["access_token"]):
            exchange(site, secret, 401)

    def test_a_browser_gets_none(self, site: TestSite) -> None:
        cookie = {"Cookie": f"stockroom={make_person(site).cookie}"}

        site.app.request("/auth/cli/access-token", method="POST", headers=cookie, status=403)

    @pytest.mark.parametrize("key", [None, "x", UNKNOWN_KEY])
    def test_without_a_key_there_is_none(self, office: TestSite, key: str | None) -> None:
        exchange(office, key, 401)


def test_who_comes_too_often_has_to_wait(
    site: TestSite, monkeypatch: pytest.MonkeyPatch, make_site: MakeSite
) -> None:
    monkeypatch.setattr("stockroom.accounts.cli_views.PROGRAMS_A_MINUTE", 3)
    busy = make_site(site.values["sqlalchemy.url"])
    elsewhere = {"REMOTE_ADDR": "2001:db8::1"}

    found = [status(busy, str(uuid4())) for _ in range(4)]

    assert [answer.status_int for answer in found] == [404, 404, 404, 429]
    assert 1 <= int(found[-1].headers["Retry-After"]) <= 60
    busy.app.get(f"/auth/cli/status/{uuid4()}", extra_environ=elsewhere, status=404)


def test_polling_writes_nothing(site: TestSite) -> None:
    status(site, str(uuid4()), 404)

    with site.count_queries() as statements:
        status(site, str(uuid4()), 404)

    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


def count(site: TestSite, model: type[Any]) -> int:
    with site.database.read() as connection:
        return connection.execute(select(func.count()).select_from(model)).scalar_one()


def decoded(token: str) -> bytes:
    header = token.split(".", maxsplit=1)[0]
    return base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))
