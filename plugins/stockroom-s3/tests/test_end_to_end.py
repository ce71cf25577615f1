"""The whole server on a store that checks everything, with real clients and real crashes."""

from __future__ import annotations

import http.client
import os
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3_support.recorder import Exchange, Recorder, recording
from s3_support.server import S3Server
from s3_support.store import Store
from stockroom.spi import LEFTOVER_AFTER
from tests.archives import make_wheel
from tests.clients.conftest import builder, machine
from tests.support.clients import PIPS, Machine, Twine, Uv, make_installer
from tests.support.databases import MakeUrl
from tests.support.projects import Builder
from tests.support.server import ServerProcess
from tests.support.uploads import send_upload

__all__ = ["builder", "machine"]

LARGE = make_wheel("large", "1.0", files={"large.bin": os.urandom(9 * 1024 * 1024)})
SMALL = make_wheel("demo-pkg", "1.0")
TRUST = {"PIP_TRUSTED_HOST": "127.0.0.1"}
"""So that pip keeps what it has fetched without TLS."""


@pytest.fixture(scope="module")
def store(swift: Store) -> Store:
    return swift


@pytest.fixture(scope="module")
def clients_way(store: Store) -> Iterator[Recorder]:
    """What clients reach the store through, and the server does not."""
    with recording(store.endpoint) as recorder:
        yield recorder


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory,
    make_sqlite: MakeUrl,
    store: Store,
    clients_way: Recorder,
) -> Iterator[S3Server]:
    folder = tmp_path_factory.mktemp("server")
    # With long-lived URLs, so that none changes in the middle of a test.
    options = {"public_endpoint": clients_way.base, "presign_seconds": "604800"}
    server = S3Server(folder, make_sqlite(), store, "whole/server", **options)
    server.command("workspace", "create", "acme")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def writer(server: S3Server) -> str:
    return server.make_key("writer")


@pytest.fixture(scope="module")
def published(
    server: S3Server,
    writer: str,
    builder: Builder,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[str]:
    """Publish plumb by uv and gauge by twine; returns the names."""
    machine = Machine(tmp_path_factory.mktemp("publisher"))
    url = f"{server.base}/v1/upload/acme/main"
    uv, twine = Uv(machine, "uv"), Twine(machine, "twine")
    login = ("--username", "__token__", "--password", writer)
    uv.publish("--publish-url", url, "--token", writer, *builder.build("plumb", "1.0").files)
    twine.upload("--repository-url", url, *login, *builder.build("gauge", "0.3").files)
    return ["plumb", "gauge"]


@pytest.mark.parametrize("client", [PIPS[0], "pip", "uv"])
def test_clients_install_through_the_redirect_and_keep_their_key_to_themselves(
    machine: Machine, client: str, server: S3Server, published: list[str], clients_way: Recorder
) -> None:
    clients_way.exchanges.clear()
    key = server.make_key("reader")
    index = f"http://__token__:{key}@127.0.0.1:{server.port}/simple/acme/main/"
    installer = make_installer(machine, client)
    environment = installer.make_environment()

    installer.install(environment, *published, index=index)

    fetched = clients_way.seen("GET", "/sha256/")
    assert environment.installed == {"plumb": "1.0", "gauge": "0.3"}
    assert {exchange.status for exchange in fetched} <= {200, 206}
    assert len(fetched) >= 2
    assert [exchange for exchange in fetched if "authorization" in exchange.headers] == []
    assert [exchange for exchange in fetched if key in str(exchange)] == []


@pytest.mark.parametrize("client", ["pip", "uv"])
def test_clients_know_a_file_again_by_its_url(
    machine: Machine, client: str, server: S3Server, published: list[str], clients_way: Recorder
) -> None:
    index = (
        f"http://__token__:{server.make_key('reader')}@127.0.0.1:{server.port}/simple/acme/main/"
    )
    installer = make_installer(machine, client)
    one, other = installer.make_environment("one"), installer.make_environment("other")
    installer.install(one, *published, index=index, variables=TRUST)
    clients_way.exchanges.clear()

    installer.install(other, *published, index=index, variables=TRUST)

    assert other.installed == one.installed
    assert clients_way.exchanges == []


def test_s58_a_range_is_answered_by_the_store(
    server: S3Server, writer: str, published: list[str], clients_way: Recorder
) -> None:
    status, location = ask(server, writer, *SMALL)

    answer = get(location, {"Range": "bytes=3-9"})

    assert status == 302
    assert location.startswith(clients_way.base)
    assert answer == (206, SMALL[1][3:10])


def test_a_url_of_the_store_opens_nothing_else(server: S3Server, writer: str) -> None:
    _, location = ask(server, writer, *SMALL)

    other = location.replace("/sha256/", "/incoming/")

    assert get(other, {})[0] == 403
    assert get(location.partition("?")[0], {})[0] in (400, 403)


def ask(server: ServerProcess, key: str, filename: str, content: bytes) -> tuple[int, str]:
    """Publish a file, and ask for it; returns the status and the Location."""
    assert send_upload(server, filename, content, key).status == 200
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/html"}
    connection.request("GET", "/simple/acme/main/demo-pkg/", headers=headers)
    page = connection.getresponse().read().decode()
    path = page.partition('href="../')[2].partition("#")[0].partition('"')[0]
    connection.request("GET", f"/simple/acme/main/{path}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers["Location"]


def get(url: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """GET a URL; returns the status and the body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


MOMENTS: dict[str, Callable[[Exchange], bool]] = {
    "between two parts": lambda exchange: "partNumber=2" in exchange.path,
    "before the commit": lambda exchange: exchange.method == "HEAD",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_u93_a_server_that_is_killed_while_it_stores_leaves_nothing_by_halves(
    tmp_path: Path, sqlite_url: str, store: Store, prefix: str, recorder: Recorder, moment: str
) -> None:
    server = S3Server(tmp_path, sqlite_url, store, prefix, through=recorder.base)
    server.command("workspace", "create", "acme")
    key = server.make_key("writer")
    server.start()

    def kill(exchange: Exchange) -> None:
        if MOMENTS[moment](exchange):
            server.kill()

    recorder.on_request = kill
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        send_upload(server, *LARGE, key)

    recorder.on_request = lambda _: None
    assert "0 damaged" in server.command("check", "--deep")
    server.start()
    try:
        assert send_upload(server, *LARGE, key).status == 200
    finally:
        server.stop()
    assert "0 damaged" in server.command("check", "--deep")
    later = store.open(prefix, LEFTOVER_AFTER + 3600)
    for leftover in later.leftovers():
        later.remove_leftover(leftover)
    assert list(later.leftovers()) == []
    assert len(store.keys(prefix)) == 2
