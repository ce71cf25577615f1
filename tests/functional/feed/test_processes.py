"""Two server processes on one database: the same as for nodes, with nothing shared but the files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from stockroom.feed.feed import PROOF_SECONDS
from tests.archives import make_wheel
from tests.support.nodes import cut_listeners, database_of
from tests.support.server import ServerProcess
from tests.support.site import JSON
from tests.support.uploads import send, send_upload
from tests.support.waiting import Worker, wait_until


@dataclass(frozen=True)
class Servers:
    """Two processes, and keys for the workspace acme made by the command line of the first."""

    one: ServerProcess
    other: ServerProcess
    url: str
    writer: str

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
    starting = [Worker(server.start) for server in (one, other)]
    try:
        for worker in starting:
            worker.result()
        one.stockroom("workspace", "create", "acme")
        yield Servers(one, other, url, one.create_key())
    finally:
        for server in (one, other):
            server.stop()


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
    numbers = [row["id"] for row in json.loads(servers.one.stockroom("key", "list", "--json"))]

    servers.one.stockroom("key", "revoke", str(max(numbers)))

    servers.soon(lambda: servers.status("keyed", key) == 401)
    assert servers.status("keyed", servers.writer) == 200


def test_s61_a_workspace_opened_by_the_command_line_is_open(servers: Servers) -> None:
    servers.upload("shown", "1.0")
    assert servers.status("shown", None) == 401

    servers.one.stockroom("workspace", "visibility", "acme", "public")
    servers.soon(lambda: servers.status("shown", None) == 200)

    servers.one.stockroom("workspace", "visibility", "acme", "team")
    servers.soon(lambda: servers.status("shown", None) == 401)


def test_s60_a_package_quarantined_by_the_command_line_offers_nothing(servers: Servers) -> None:
    servers.upload("shut", "1.0")
    servers.soon(lambda: servers.status("shut", servers.writer) == 200)
    assert len(servers.page("shut")["files"]) == 1

    servers.one.stockroom("package", "status", "acme/main", "shut", "quarantined")

    servers.soon(lambda: servers.page("shut")["files"] == [])


def test_a_server_whose_listener_was_cut_shows_every_upload(servers: Servers) -> None:
    if servers.url.startswith("sqlite"):
        assert servers.status("nothing", servers.writer) == 404  # there is no listener to cut
        return
    database = database_of(servers.url)
    servers.upload("cut", "1.0")
    servers.soon(lambda: servers.status("cut", servers.writer) == 200)

    with psycopg.connect(servers.url, autocommit=True) as administrator:
        assert cut_listeners(administrator, database) >= 2
    servers.upload("cut", "2.0")

    servers.soon(lambda: servers.page("cut")["versions"] == ["1.0", "2.0"])
