"""Two applications on one database: what one does, the other has to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import current_thread
from typing import Any

import psycopg

from stockroom.feed import Feed
from stockroom.feed.feed import PROOF_SECONDS
from tests.archives import make_wheel
from tests.support.site import TestSite
from tests.support.statements import watched
from tests.support.waiting import Gate, Worker, wait_until

Pair = tuple[TestSite, TestSite]


def wait_for_feed(site: TestSite) -> None:
    """Wait until the node can prove that it hears of every change."""

    def is_free() -> bool:
        with site.count_queries() as statements:
            site.service(Feed).check()
        return not statements

    wait_until(is_free)


@dataclass(frozen=True)
class Nodes:
    """Two nodes, and a key that may write to one workspace of theirs.

    ``other`` is the node that has to learn of what ``one`` does. Both show the wheel of
    demo-pkg 1.0 in the workspace's registry main.
    """

    one: TestSite
    other: TestSite
    workspace: str
    key: str

    @property
    def url(self) -> str:
        """The URL of their database."""
        return self.one.values["sqlalchemy.url"]

    @property
    def index(self) -> str:
        """The path of the project list."""
        return f"/simple/{self.workspace}/main/"

    def soon(self, holds: Callable[[], bool]) -> None:
        """Make sure that the next read shows a change.

        PostgreSQL's announcements take a moment; but a request that begins a second after the
        commit must know of it.
        """
        if self.one.database.is_sqlite:
            assert holds()
        else:
            wait_until(holds, PROOF_SECONDS)

    def upload(self, file: tuple[str, bytes], *, through: TestSite | None = None) -> None:
        """Publish a file through the first node unless another one is given."""
        (through or self.one).upload(*file, self.key, to=f"{self.workspace}/main")

    def page(self, package: str = "demo-pkg") -> dict[str, Any]:
        """A package as the other node shows it."""
        return self.other.page(package, self.key, index=f"{self.workspace}/main")

    def files(self, package: str = "demo-pkg") -> list[str]:
        """The names of a package's files as the other node shows them."""
        return [file["filename"] for file in self.page(package)["files"]]

    def file_url(self, filename: str) -> str:
        """The path of a file of demo-pkg as the other node shows it."""
        return self.other.file_url("demo-pkg", filename, self.key, index=f"{self.workspace}/main")

    def status(self, path: str = "", key: str | None = None, **headers: str) -> int:
        """What the other node answers; with the key of both unless another one is given."""
        answer = self.other.get(path or self.index, key or self.key, status="*", **headers)
        return int(answer.status_int)

    def public_status(self) -> int:
        """What the other node answers to the anonymous."""
        return int(self.other.get(self.index, status="*").status_int)


@contextmanager
def open_pair(database_url: str, folder: Path) -> Iterator[Pair]:
    """Start two nodes on one database and one folder."""
    one, other = (TestSite(database_url, folder) for _ in range(2))
    try:
        yield one, other
    finally:
        # Each may have to wait for its listener, which none has to do alone.
        for closing in [Worker(site.close) for site in (one, other)]:
            closing.result()


def furnish(pair: Pair, workspace: str = "acme") -> Nodes:
    """Make a workspace on two nodes that has a package."""
    one, other = pair
    one.create_workspace(workspace)
    nodes = Nodes(one, other, workspace, one.create_key(scope=workspace))
    nodes.upload(make_wheel("demo-pkg", "1.0"))
    nodes.soon(lambda: nodes.status(f"{nodes.index}demo-pkg/") == 200)
    return nodes


@contextmanager
def stopped_at(site: TestSite, table: str) -> Iterator[Gate]:
    """Stop the first worker that has read from ``table``: what it holds may become old."""
    gate = Gate()
    stopped: list[bool] = []

    def stop(statement: str) -> None:
        worker = isinstance(current_thread(), Worker)
        if worker and f"FROM {table}" in statement and not stopped:
            stopped.append(True)
            gate.stop_here()

    with watched(site.database.engine, after=stop):
        try:
            yield gate
        finally:
            gate.open()


def is_informed(site: TestSite) -> bool:
    """Whether the node can prove, without asking, that it has heard of everything."""
    with site.count_queries() as statements:
        site.service(Feed).check()
    return not statements


def database_of(url: str) -> str:
    """The name of a PostgreSQL database."""
    with psycopg.connect(url) as connection:
        return connection.info.dbname


def cut_listeners(connection: psycopg.Connection[Any], database: str) -> int:
    """End the connections on which nodes of a database listen; tells how many those were."""
    rows = connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        " AND pid <> pg_backend_pid() AND query IN ('LISTEN stockroom', 'SELECT 1')",
        [database],
    ).fetchall()
    return len(rows)
