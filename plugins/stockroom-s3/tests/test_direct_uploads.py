"""uv puts its bytes at the store itself; what is wrong with them, or with the server, shows."""

from __future__ import annotations

import http.client
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s3_support.direct import DirectClient
from s3_support.recorder import Exchange, Recorder, recording
from s3_support.server import S3Server
from s3_support.store import Store
from stockroom.testing.blobs import put
from tests.archives import make_wheel
from tests.clients.conftest import NATIVE, builder, machine
from tests.support.clients import Machine, Uv
from tests.support.databases import MakeUrl
from tests.support.projects import Builder
from tests.support.uploads import send

__all__ = ["builder", "machine"]

DIRECT = ("--direct", "--preview-features", "direct-publish")
WHEEL = make_wheel("demo-pkg", "1.0")
LONG_LIVED = {"presign_seconds": "604800"}
"""Of downloads: so that no URL changes in the middle of a test."""


class Place:
    """A server on a store, each behind a recorder of its own."""

    def __init__(self, folder: Path, url: str, store: Store, clients: Recorder) -> None:
        self.store, self.prefix, self.clients = store, f"direct/{folder.name}", clients
        options = {"public_endpoint": clients.base, **LONG_LIVED}
        self.server = S3Server(folder, url, store, self.prefix, **options)
        self.server.command("workspace", "create", "acme")
        self.server.start()
        self.key = self.server.make_key("writer")

    def client(self, file: tuple[str, bytes] = WHEEL) -> DirectClient:
        return DirectClient(self.server, file, self.key)

    def steps(self) -> list[tuple[str, str]]:
        """Method and last word of the path of each request to the server's upload doors."""
        return [
            (access.method, access.path.rpartition("/")[2])
            for access in self.server.accesses()
            if access.path.startswith("/v1/")
        ]

    def page_status(self, package: str) -> int:
        path = f"/simple/acme/main/{package}/"
        return send(self.server, b"", self.key, method="GET", path=path).status

    def blobs(self) -> list[str]:
        return [key for key in self.store.keys(self.prefix) if key.startswith("sha256/")]


@pytest.fixture(scope="module", params=["swift", "rclone"])
def place(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    make_sqlite: MakeUrl,
) -> Iterator[Place]:
    """On the store that checks everything, and on the one that checks nothing."""
    store: Store = request.getfixturevalue(request.param)
    with recording(store.endpoint) as clients:
        place = Place(tmp_path_factory.mktemp(request.param), make_sqlite(), store, clients)
        yield place
        place.server.stop()


def test_uv_brings_the_bytes_to_the_store_and_installs_them(
    machine: Machine, place: Place, builder: Builder
) -> None:
    uv, dists = Uv(machine, NATIVE), builder.build("plumb", "1.0")
    url = f"{place.server.base}/v1/upload/acme/main"
    before = len(place.steps())

    uv.publish(*DIRECT, "--token", place.key, "--publish-url", url, *dists.files)

    puts = place.clients.seen("PUT", "/incoming/")
    assert place.steps()[before:] == [("POST", "reserve"), ("POST", "finalize")] * 2
    assert sorted(each.body for each in puts) == sorted(path.read_bytes() for path in dists.files)
    assert {each.status for each in puts} == {200}
    assert [each for each in puts if place.key in str(each)] == []
    assert [each for each in puts if "authorization" in each.headers] == []
    environment = machine.make_environment()
    index = f"http://__token__:{place.key}@127.0.0.1:{place.server.port}/simple/acme/main/"
    uv.install(environment, "plumb", index=index)
    assert environment.installed == {"plumb": "1.0"}


def test_other_bytes_than_were_announced_are_refused_and_never_seen(place: Place) -> None:
    client = place.client(make_wheel("altered", "1.0"))
    upload, before = client.reserve(), place.blobs()

    try:
        put(upload, client.content[:-1] + b"x")
    except urllib.error.HTTPError as error:
        # Swift compares the signed checksum.
        error.close()
        expected = "have not arrived"
    else:
        expected = "sha256"
    answer = client.finalize()

    assert answer.status == 400
    assert expected in answer.body.decode()
    assert place.page_status("altered") == 404
    assert place.blobs() == before


def test_bytes_that_have_not_arrived_are_asked_for(place: Place) -> None:
    client = place.client(make_wheel("absent", "1.0"))
    upload = client.reserve()

    answer = client.finalize()

    assert answer.line == (
        "400 the bytes of absent-1.0-py3-none-any.whl have not arrived; put them to the reserved "
        "place"
    )
    put(upload, client.content)
    assert client.finalize().status == 200
    assert place.page_status("absent") == 200


def test_bytes_that_have_arrived_outlive_the_server(place: Place) -> None:
    client = place.client(make_wheel("steady", "1.0"))
    put(client.reserve(), client.content)

    place.server.kill()
    place.server.start()

    assert client.finalize().status == 200
    assert place.page_status("steady") == 200


MOMENTS: dict[str, Callable[[Exchange], bool]] = {
    "as it fetches": lambda exchange: exchange.method == "GET" and "/incoming/" in exchange.path,
    "as it copies": lambda exchange: "x-amz-copy-source" in exchange.headers,
}


@pytest.fixture
def store(swift: Store) -> Store:
    return swift


@pytest.fixture
def fragile(
    tmp_path: Path, sqlite_url: str, store: Store, prefix: str, recorder: Recorder
) -> Iterator[S3Server]:
    """A server that reaches its store through the recorder."""
    options = {"public_endpoint": store.endpoint}
    server = S3Server(tmp_path, sqlite_url, store, prefix, through=recorder.base, **options)
    server.command("workspace", "create", "acme")
    server.start()
    yield server
    server.stop()


def finalize_and_die(
    client: DirectClient, server: S3Server, recorder: Recorder, when: Callable[[Exchange], bool]
) -> None:
    """Finalize, while the server is killed when it asks the store for something."""

    def kill(exchange: Exchange) -> None:
        if when(exchange):
            server.kill()

    recorder.on_request = kill
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        client.finalize()
    recorder.on_request = lambda _: None
    server.start()


@pytest.mark.parametrize("moment", MOMENTS)
def test_u93_a_server_that_is_killed_while_it_finalizes_does_so_after_its_start(
    fragile: S3Server, recorder: Recorder, moment: str
) -> None:
    client = DirectClient(fragile, WHEEL, fragile.make_key("writer"))
    put(client.reserve(), client.content)

    finalize_and_die(client, fragile, recorder, MOMENTS[moment])

    assert client.finalize().status == 200
    assert ": 0 damaged" in fragile.command("check", "--deep")


def test_u93_bytes_that_were_taken_from_their_place_are_brought_again(
    fragile: S3Server, recorder: Recorder
) -> None:
    """The incoming object is removed right before the commit."""
    client = DirectClient(fragile, WHEEL, fragile.make_key("writer"))
    put(client.reserve(), client.content)

    finalize_and_die(
        client,
        fragile,
        recorder,
        lambda exchange: exchange.method == "DELETE" and not exchange.path.endswith("-probe"),
    )

    assert "have not arrived" in client.finalize().reason
    put(client.reserve(), client.content)
    assert client.finalize().status == 200
    assert ": 0 damaged" in fragile.command("check", "--deep")
