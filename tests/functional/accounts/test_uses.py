"""When each credential was used last, and how that gets into the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from stockroom.models import ApiKey, BrowserSession, Event, Login
from stockroom.security import keys
from stockroom.security import uses as uses_module
from stockroom.security.uses import Uses
from tests.conftest import MakeSite
from tests.support.programs import Person, exchange
from tests.support.site import TestSite
from tests.support.waiting import Worker, wait_until

NOON = datetime(2027, 5, 31, 12, 0, tzinfo=UTC)
INDEX = "/simple/acme/main/"


def key_used(site: TestSite) -> list[tuple[datetime | None, str | None]]:
    with site.database.read() as connection:
        query = select(ApiKey.used_at, ApiKey.used_from).order_by(ApiKey.id)
        return [(row[0], row[1]) for row in connection.execute(query)]


def newest_event(site: TestSite) -> int | None:
    with site.database.read() as connection:
        return connection.execute(select(func.max(Event.id))).scalar_one()


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    where = "both" if "both" in request.fixturenames else "site"
    home: TestSite = request.getfixturevalue(where)
    return home.create_key("reader")


def test_the_use_of_a_key(both: TestSite, key: str) -> None:
    before = newest_event(both)
    with time_machine.travel(NOON, tick=False):
        both.get(INDEX, key)
    at_first = key_used(both)

    both.service(Uses).write()

    assert at_first == [(None, None)]
    assert key_used(both) == [(NOON, "127.0.0.1")]
    assert newest_event(both) == before


def test_the_use_of_an_access_token_is_one_of_its_key(site: TestSite, key: str) -> None:
    token = exchange(site, key).json["access_token"]
    site.service(Uses).write()
    [(first, _)] = key_used(site)

    site.get(INDEX, token)
    site.service(Uses).write()

    [(second, _)] = key_used(site)
    assert first is not None
    assert second is not None
    assert second > first


def test_the_use_of_a_login_and_of_a_browser(both: TestSite, ann: Person) -> None:
    token = ann.sign_in()["access_token"]

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=3), tick=False):
        now = datetime.now(UTC)
        both.get(INDEX, token)
        both.app.get(INDEX, headers={"Cookie": f"stockroom={ann.cookie}"})
    both.service(Uses).write()

    with both.database.read() as connection:
        found = [
            connection.execute(select(model.seen_at)).scalar_one()
            for model in (Login, BrowserSession)
        ]
    assert found == [now, now]


def test_a_browser_that_is_used_stays_signed_in(
    make_site: MakeSite, site: TestSite, ann: Person
) -> None:
    cookie = {"Cookie": f"stockroom={ann.cookie}"}
    other = make_site(site.values["sqlalchemy.url"])
    start = datetime.now(UTC)

    # Idle for a day it would be over; each node sees of the other what was written.
    with time_machine.travel(start, tick=False) as traveller:
        for number, node in enumerate((site, other, site, other)):
            traveller.move_to(start + number * timedelta(hours=20))
            node.app.get(INDEX, headers=cookie, status=200)
            node.service(Uses).write()
        traveller.move_to(start + timedelta(hours=60 + 25))
        site.app.get(INDEX, headers=cookie, status=401)


@pytest.mark.parametrize("credential", [None, keys.from_body("stk_", "k" * 40).secret, "x"])
def test_nobody_uses_nothing(office: TestSite, credential: str | None) -> None:
    office.create_key()
    office.get(INDEX, credential, status=401)

    with office.count_queries() as statements:
        office.service(Uses).write()

    assert statements == []


def test_an_earlier_use_is_not_written_over_a_later_one(
    make_site: MakeSite, site: TestSite, key: str
) -> None:
    other = make_site(site.values["sqlalchemy.url"])
    with time_machine.travel(NOON, tick=False):
        site.get(INDEX, key)
    with time_machine.travel(NOON + timedelta(seconds=5), tick=False):
        other.get(INDEX, key)

    other.service(Uses).write()
    site.service(Uses).write()

    assert key_used(site) == [(NOON + timedelta(seconds=5), "127.0.0.1")]


def test_more_than_one_statement_takes(both: TestSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses_module, "BATCH", 2)
    uses = both.service(Uses)
    for _ in range(5):
        both.get(INDEX, both.create_key())

    uses.note("key:999999999", "2001:db8::1")
    uses.write()

    assert len([at for at, _ in key_used(both) if at is not None]) == 5


def test_a_long_address_is_cut(site: TestSite, key: str) -> None:
    site.app.get(
        INDEX,
        headers={"Authorization": f"Bearer {key}"},
        extra_environ={"REMOTE_ADDR": "f" * 200},
    )

    site.service(Uses).write()

    assert key_used(site)[0][1] == "f" * 64


def test_a_locked_row_is_left_for_later_and_nobody_waits(
    make_site: MakeSite, postgresql_url: str
) -> None:
    site = make_site(postgresql_url)
    site.create_workspace()
    site.get(INDEX, site.create_key())

    with site.database.transaction() as session:
        session.execute(select(ApiKey).with_for_update()).one()
        Worker(site.service(Uses).write).result()
        assert key_used(site) == [(None, None)]
    site.service(Uses).write()

    assert key_used(site)[0][0] is not None


def test_what_cannot_be_written_is_kept(
    site: TestSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site.get(INDEX, site.create_key())

    with monkeypatch.context() as broken:
        broken.setattr(site.database, "read", _fail)
        site.service(Uses).write()
    site.service(Uses).write()

    assert "could not note uses" in caplog.text
    assert key_used(site)[0][0] is not None


def test_a_thread_writes_it(site: TestSite, key: str) -> None:
    site.service(Uses).batches.seconds = 0.01

    site.get(INDEX, key)

    wait_until(lambda: key_used(site)[0][0] is not None)


def test_what_is_left_is_written_at_the_end(make_site: MakeSite, sqlite_url: str) -> None:
    first = make_site(sqlite_url)
    first.create_workspace()
    first.get(INDEX, first.create_key())

    first.close()

    assert key_used(make_site(sqlite_url))[0][0] is not None


def _fail() -> Any:
    raise OperationalError("SELECT", {}, Exception("gone"))
