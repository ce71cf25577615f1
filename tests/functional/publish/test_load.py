"""Many writers and more readers on one server process: no failure, and no upload unseen (U-93).

A few seconds here. STOCKROOM_TEST_LOAD_SECONDS=60 is the whole load, of which
``--log-cli-level=INFO`` shows the figures.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

import pytest

from tests.archives import make_wheel
from tests.conftest import StartServer
from tests.support.server import ServerProcess
from tests.support.site import JSON, bearer
from tests.support.uploads import FORM, UPLOAD, encode, parts_of

log = logging.getLogger(__name__)

GIVEN = os.environ.get("STOCKROOM_TEST_LOAD_SECONDS")
SECONDS = float(GIVEN or 8)
UPLOADS = None if GIVEN else 20
"""At most so many for each writer."""
WRITERS, READERS = 8, 32
PACKAGES = 6
"""Fewer than writers, so that some share one."""
SAMPLE = 3
"""So many files of a page are fetched right after it; at the end, all are."""


@dataclass
class Load:
    """What is done to a server, and what comes of it."""

    server: ServerProcess
    key: str
    stop: Event = field(default_factory=Event)
    counts: Counter[str] = field(default_factory=Counter)
    """Answers by what was asked for."""
    slowest: float = 0.0
    """Seconds of the slowest upload."""
    published: dict[str, dict[str, str]] = field(default_factory=dict)
    """Digests by file name by package."""
    _lock: Lock = field(default_factory=Lock)

    def note(self, kind: str, seconds: float = 0.0) -> None:
        with self._lock:
            self.counts[kind] += 1
            self.slowest = max(self.slowest, seconds)


class Client:
    """One connection that is kept for all requests."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._connection = http.client.HTTPConnection("127.0.0.1", load.server.port, timeout=60)
        self._connection.connect()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._connection.close()

    def ask(
        self, kind: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> bytes:
        """Send a request, which must be answered with 200 on the same connection as before."""
        begin = time.perf_counter()
        self._connection.request(
            "POST" if body else "GET", path, body, {**bearer(self._load.key), **headers}
        )
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, f"{kind} {path}: {answer.status} {answer.reason}"
        assert not answer.will_close, f"{kind} {path}: the server ends the connection"
        self._load.note(kind, time.perf_counter() - begin if kind == "upload" else 0.0)
        return content

    def files(self, package: str, kind: str) -> dict[str, dict[str, Any]]:
        """The files on the page of a package by their names."""
        page = json.loads(self.ask(kind, f"/simple/acme/main/{package}/", headers={"Accept": JSON}))
        files = {file["filename"]: file for file in page["files"]}
        versions = {name.split("-")[1] for name in files}
        assert len(files) == len(page["files"])
        assert versions == set(page["versions"])
        return files

    def fetch(self, file: Mapping[str, Any]) -> None:
        """Fetch a file, which must be what its page says."""
        content = self.ask("file", f"/simple/acme/main/{file['url'].removeprefix('../')}")
        assert len(content) == file["size"]
        assert hashlib.sha256(content).hexdigest() == file["hashes"]["sha256"]


def write(load: Load, number: int) -> None:
    """Upload one file after another, and look for each on another connection."""
    package = f"package-{number % PACKAGES}"
    with Client(load) as writer, Client(load) as reader:
        for version in range(1_000_000):
            if load.stop.is_set() or version == UPLOADS:
                return
            filename, content = make_wheel(
                package, f"{number}.{version}", files={"module.py": f"{number}, {version}\n" * 100}
            )
            body = encode(parts_of(filename, content))
            writer.ask("upload", UPLOAD, body, {"Content-Type": FORM})

            digest = hashlib.sha256(content).hexdigest()
            shown = reader.files(package, "look")
            assert filename in shown, f"{filename} is not on the page after its upload"
            assert shown[filename]["hashes"]["sha256"] == digest
            with load._lock:
                load.published.setdefault(package, {})[filename] = digest


def read(load: Load, number: int) -> None:
    """Ask for pages, which must never lose a file, and fetch what they list."""
    choose = random.Random(number)
    seen: dict[str, set[str]] = {}
    with Client(load) as reader:
        while not load.stop.is_set():
            package = f"package-{choose.randrange(PACKAGES)}"
            files = reader.files(package, "page")
            assert seen.get(package, set()) <= set(files), "a file has gone from its page"
            seen[package] = set(files)
            newest = max(files.values(), key=lambda file: str(file["upload-time"]))
            for file in [newest, *choose.choices(list(files.values()), k=SAMPLE - 1)]:
                reader.fetch(file)


def run(load: Load) -> None:
    """Let all loose for the time of the load, or until one of them fails."""
    with ThreadPoolExecutor(WRITERS + READERS) as clients:
        writers = [clients.submit(write, load, number) for number in range(WRITERS)]
        readers = [clients.submit(read, load, number) for number in range(READERS)]
        deadline = time.monotonic() + SECONDS
        try:
            while time.monotonic() < deadline and not all(writer.done() for writer in writers):
                if any(client.done() and client.exception() for client in [*writers, *readers]):
                    break
                time.sleep(0.05)
        finally:
            load.stop.set()
        for client in [*writers, *readers]:
            client.result(60)


@pytest.fixture
def load(database_url: str, start_server: StartServer) -> Load:
    """A server on which every package has a file."""
    server = start_server(database_url)
    server.stockroom("workspace", "create", "acme")
    load = Load(server, server.create_key())
    with Client(load) as client:
        for number in range(PACKAGES):
            file = make_wheel(f"package-{number}", "99.0")
            client.ask("first", UPLOAD, encode(parts_of(*file)), {"Content-Type": FORM})
    return load


def test_u93_writers_and_readers_at_once_never_fail_and_see_every_upload(load: Load) -> None:
    run(load)

    log.info("%s in %g s, slowest upload %.3f s", dict(load.counts), SECONDS, load.slowest)
    assert load.counts["look"] == load.counts["upload"] >= WRITERS
    assert load.counts["page"] >= READERS
    with Client(load) as client:
        for package, digests in load.published.items():
            shown = client.files(package, "page")
            assert {name: shown[name]["hashes"]["sha256"] for name in digests} == digests
            for name in digests:
                client.fetch(shown[name])
    assert "0 damaged" in load.server.stockroom("check", "--deep")
    assert "ERROR" not in load.server.log.read_text()
    assert "Traceback" not in load.server.log.read_text()
