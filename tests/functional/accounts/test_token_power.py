"""What access tokens can do, when they stop to, and with which keys they are signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from stockroom.feed import emit
from stockroom.manage.keys import Keys
from stockroom.models import ApiKey, Robot, SigningKey
from stockroom.security import keys
from stockroom.security.permissions import Access
from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.nodes import Nodes, furnish, open_pair
from tests.support.programs import exchange, logout, make_person, may_read, refresh
from tests.support.site import TestSite, bearer

WHEEL = make_wheel("demo-pkg", "1.0")
REGISTRY = "/v1/workspaces/acme/registries/main"
START = datetime(2026, 1, 1, tzinfo=UTC)


class TestWidening:
    def test_the_token_of_a_readers_key_publishes_nothing(self, site: TestSite) -> None:
        token = exchange(site, site.create_key("reader")).json["access_token"]

        site.upload(*WHEEL, token, status=403)

    def test_the_token_of_a_key_that_is_limited_to_reading_publishes_nothing(
        self, site: TestSite
    ) -> None:
        ann = make_person(site)
        ann.grant("owner", "*")
        with site.database.transaction() as session:
            key = Keys(session, "test").create(
                ann.subject, "ci", access=Access.READ, places=None, valid_for=None
            )
        token = exchange(site, key.secret).json["access_token"]

        site.get("/simple/acme/main/", token)
        site.upload(*WHEEL, token, status=403)

    def test_a_token_administers_nothing(self, site: TestSite) -> None:
        ann = make_person(site)
        ann.grant("owner", "*")
        key = site.create_key("owner", "*")
        change = {"description": "changed"}
        tokens = (exchange(site, key).json["access_token"], ann.sign_in()["access_token"])

        for token in tokens:
            site.upload(*WHEEL, token)
            for method, path in (
                ("PATCH", REGISTRY),
                ("PATCH", f"{REGISTRY}/packages/demo-pkg"),
                ("DELETE", f"{REGISTRY}/packages/demo-pkg?confirm=demo-pkg"),
                ("GET", f"{REGISTRY}/events"),
                ("PATCH", "/v1/teams/acme"),
            ):
                answer = site.app.request(
                    path,
                    method=method,
                    headers={**bearer(token), "Content-Type": "application/json"},
                    body=json.dumps(change).encode() if method == "PATCH" else b"",
                    expect_errors=True,
                )
                assert (path, answer.status_int) == (path, 403)
                assert "access token" in answer.json["detail"]

    def test_other_secrets_are_no_access_tokens(self, site: TestSite) -> None:
        ann = make_person(site)
        ann.grant("owner", "*")

        assert not may_read(site, ann.sign_in()["refresh_token"])
        assert not may_read(site, ann.cookie)
        refresh(site, ann.cookie, 401)
        refresh(site, site.create_key(), 401)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    url: str = request.getfixturevalue(f"make_{request.param}")()
    with open_pair(url, tmp_path_factory.mktemp("files")) as pair:
        yield furnish(pair)


def key_of(nodes: Nodes, secret: str) -> int:
    with nodes.one.database.read() as connection:
        query = select(ApiKey.id).where(ApiKey.digest == keys.digest(secret))
        return connection.execute(query).scalar_one()


def revoke_key(nodes: Nodes) -> tuple[str, Callable[[], Any]]:
    secret = nodes.one.create_key("reader")

    def undo() -> None:
        with nodes.one.database.transaction() as session:
            Keys(session, "test").revoke(key_of(nodes, secret))

    return exchange(nodes.one, secret).json["access_token"], undo


def delete_robot(nodes: Nodes) -> tuple[str, Callable[[], Any]]:
    secret = nodes.one.create_key("reader")

    def undo() -> None:
        with nodes.one.database.transaction() as session:
            subject = session.get_one(ApiKey, key_of(nodes, secret)).subject
            session.delete(session.get_one(Robot, int(subject.partition(":")[2])))
            emit(session, "robot.deleted", "test", subject=subject)

    return exchange(nodes.one, secret).json["access_token"], undo


def sign_out(nodes: Nodes) -> tuple[str, Callable[[], Any]]:
    ann = make_person(nodes.one, "ann")
    ann.grant("reader", "acme")
    token = ann.sign_in()["access_token"]
    return token, lambda: logout(nodes.one, token)


def use_twice(nodes: Nodes) -> tuple[str, Callable[[], Any]]:
    bob = make_person(nodes.one, "bob")
    bob.grant("reader", "acme")
    first = bob.sign_in()["refresh_token"]
    second = refresh(nodes.one, first).json
    refresh(nodes.one, second["refresh_token"])
    return second["access_token"], lambda: refresh(nodes.one, first, 401)


def disable_user(nodes: Nodes) -> tuple[str, Callable[[], Any]]:
    eve = make_person(nodes.one, "eve")
    eve.grant("reader", "acme")
    return eve.sign_in()["access_token"], eve.disable


@pytest.mark.parametrize("prepare", [revoke_key, delete_robot, sign_out, use_twice, disable_user])
def test_a_token_ends_with_its_source_on_every_node(
    nodes: Nodes, prepare: Callable[[Nodes], tuple[str, Callable[[], Any]]]
) -> None:
    token, end = prepare(nodes)
    nodes.soon(lambda: may_read(nodes.other, token))

    end()

    assert not may_read(nodes.one, token)
    nodes.soon(lambda: not may_read(nodes.other, token))


class TestKeys:
    def test_they_are_public_and_say_nothing_else(self, site: TestSite) -> None:
        answer = site.app.get("/.well-known/jwks.json")

        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert answer.content_type == "application/jwk-set+json"
        [key] = answer.json["keys"]
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}

    @pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
    def test_they_are_revalidated(self, office: TestSite, form: str) -> None:
        etag = office.app.get("/.well-known/jwks.json").headers["ETag"]

        known = {"If-None-Match": form.format(etag)}
        answer = office.app.get("/.well-known/jwks.json", headers=known)

        assert (answer.status_int, answer.body) == (304, b"")
        other = {"If-None-Match": '"x"'}
        office.app.get("/.well-known/jwks.json", headers=other, status=200)
        office.app.head("/.well-known/jwks.json", status=200)

    def test_the_next_is_known_a_day_before_it_signs_and_old_tokens_live_on(
        self, make_site: MakeSite, both: TestSite
    ) -> None:
        other = make_site(both.values["sqlalchemy.url"])
        key = both.create_key("reader")
        with time_machine.travel(START, tick=False) as traveller:
            first = kid(mint(both, key))
            assert published(other) == {first}
            traveller.move_to(START + timedelta(days=28, hours=23))
            mint(both, key)
            assert published(other) == {first}
            traveller.move_to(START + timedelta(days=29, minutes=1))
            assert kid(mint(both, key)) == first
            assert len(published(other)) == 2
            traveller.move_to(START + timedelta(days=30, minutes=-10))
            old = mint(both, key)
            traveller.move_to(START + timedelta(days=30, minutes=10))
            new = mint(other, key)
            verified = [may_read(site, token) for site in (both, other) for token in (old, new)]
            assert published(both) == {kid(old), kid(new)}
            traveller.move_to(START + timedelta(days=30, hours=2, minutes=1))
            assert published(both) == {kid(new)}

        assert kid(old) == first
        assert kid(new) != first
        assert verified == [True] * 4

    def test_a_token_of_a_key_that_is_believed_no_longer(self, site: TestSite) -> None:
        key = site.create_key("reader")
        with time_machine.travel(START, tick=False) as traveller:
            token = mint(site, key)
            with site.database.transaction() as session:
                row = session.scalars(select(SigningKey)).one()
                row.trusted_until = START
                emit(session, "signing-key.changed", "test")
            traveller.move_to(START + timedelta(minutes=1))

            assert not may_read(site, token)


def mint(site: TestSite, key: str) -> str:
    token: str = exchange(site, key).json["access_token"]
    return token


def kid(token: str) -> str:
    header = token.split(".", maxsplit=1)[0]
    found: dict[str, str] = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    return found["kid"]


def published(site: TestSite) -> set[str]:
    return {key["kid"] for key in site.app.get("/.well-known/jwks.json").json["keys"]}
