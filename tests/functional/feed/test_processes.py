"""Two server processes on one database: what one does, the other shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from stockroom.feed.feed import PROOF_SECONDS
from stockroom.manage import queries
from tests.archives import make_wheel
from tests.support.library import set_status, set_visibility
from tests.support.nodes import cut_listeners, database_of
from tests.support.server import ServerProcess
from tests.support.site import JSON, TestSite
from tests.support.uploads import send, send_upload
from tests.support.waiting import Worker, wait_until


@dataclass(frozen=True)
class Servers:
    """Two processes, and a third node in this one, which is quicker than the command line."""

    one: ServerProcess
    other: ServerProcess
    node: TestSite
    writer: str

    @property
    def url(self) -> str:
        """The URL of their database."""
        return self.node.values["sqlalchemy.url"]

    def upload(self, package: str, version: str) -> None:
        """Publish a wheel through the first."""
        answer = send_upload(self.one, *make_wheel(package, version), self.writer)
        assert answer.status == 200, answer

    def status(self, package: str, key: str | None) -> int:
        """What the other answers to who asks for a page."""
        return self._ask(package, key)[0]

    def page(self, package: str) -> dict[str, Any]:
        """The page that the other shows."""
        status, body = self._ask(package, self.writer)
        assert status == 200
        page: dict[str, Any] = json.loads(body)
        return page

    def _ask(self, package: str, key: str | None) -> tuple[int, bytes]:
        path = f"/simple/acme/main/{package}/"
        answer = send(self.other, b"", key, method="GET", path=path, headers={"Accept": JSON})
        return answer.status, answer.body

    def soon(self, holds: Callable[[], bool]) -> None:
        """Make sure that the next read shows a change; on PostgreSQL, one second later at most."""
        if self.url.startswith("sqlite"):
            assert holds()
        else:
            wait_until(holds, PROOF_SECONDS)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    url: str = request.getfixturevalue(f"make_{request.param}")()
    folder = tmp_path_factory.mktemp("processes")
    one, other = (
        ServerProcess(folder / name, url, files=folder / "files") for name in ("one", "other")
    )
    node = TestSite(url, folder / "files")
    starting = [Worker(server.start) for server in (one, other)]
    try:
        node.create_workspace()
        for worker in starting:
            worker.result()
        yield Servers(one, other, node, node.create_key())
    finally:
        for closing in [Worker(stop) for stop in (one.stop, other.stop, node.close)]:
            closing.result()


def test_an_upload_through_one_is_on_the_others_page(servers: Servers) -> None:
    servers.upload("uploaded", "1.0")
    servers.soon(lambda: servers.status("uploaded", servers.writer) == 200)

    servers.upload("uploaded", "2.0")

    servers.soon(lambda: servers.page("uploaded")["versions"] == ["1.0", "2.0"])


def test_s61_a_key_made_by_the_command_line_works_until_it_is_revoked_there(
    servers: Servers,
) -> None:
    servers.upload("keyed", "1.0")
    key = servers.one.create_key(role="reader")
    servers.soon(lambda: servers.status("keyed", key) == 200)
    with servers.node.database.read() as connection:
        newest = queries.keys(connection)[-1]

    servers.one.stockroom("key", "revoke", str(newest.id))

    servers.soon(lambda: servers.status("keyed", key) == 401)
    assert servers.status("keyed", servers.writer) == 200


def test_s61_a_workspace_that_is_opened_and_closed_is_open_and_closed(servers: Servers) -> None:
    servers.upload("shown", "1.0")
    assert servers.status("shown", None) == 401

    set_visibility(servers.node, "public")
    servers.soon(lambda: servers.status("shown", None) == 200)

    set_visibility(servers.node, "team")
    servers.soon(lambda: servers.status("shown", None) == 401)


def test_s60_a_quarantined_package_offers_nothing(servers: Servers) -> None:
    servers.upload("shut", "1.0")
    servers.soon(lambda: servers.status("shut", servers.writer) == 200)
    assert len(servers.page("shut")["files"]) == 1

    set_status(servers.node, "quarantined", package="shut")

    servers.soon(lambda: servers.page("shut")["files"] == [])


@pytest.mark.parametrize("servers", ["postgresql"], indirect=True)
def test_a_server_whose_listener_was_cut_shows_every_upload(servers: Servers) -> None:
    database = database_of(servers.url)
    servers.upload("cut", "1.0")
    servers.soon(lambda: servers.status("cut", servers.writer) == 200)

    with psycopg.connect(servers.url, autocommit=True) as administrator:
        assert cut_listeners(administrator, database) >= 2
    servers.upload("cut", "2.0")

    servers.soon(lambda: servers.page("cut")["versions"] == ["1.0", "2.0"])
