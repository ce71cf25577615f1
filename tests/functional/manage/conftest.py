"""A registry with packages in it, and callers of every role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from stockroom.manage.usage import queries
from stockroom.models import Event, Package
from tests.archives import make_sdist, make_wheel
from tests.support.databases import MakeUrl
from tests.support.site import TestSite, bearer

BASE = "/v1/workspaces/WORKSPACE/registries/main"
"""With the name of a desk's workspace in place of the word in capitals."""
PACKAGE = f"{BASE}/packages/demo-pkg"
WHEEL = make_wheel("Demo.Pkg", "1.0")
SDIST = make_sdist("Demo.Pkg", "1.0")
LATER = make_wheel("Demo.Pkg", "1.1")
SIZE = sum(len(content) for _, content in (WHEEL, SDIST, LATER))


@dataclass(frozen=True)
class Desk:
    """A workspace whose registry main has two releases of demo-pkg, with keys to manage it."""

    site: TestSite
    workspace: str

    @cached_property
    def reader(self) -> str:
        return self.site.create_key("reader", self.workspace)

    @cached_property
    def writer(self) -> str:
        return self.site.create_key("writer", self.workspace)

    @cached_property
    def admin(self) -> str:
        return self.site.create_key("admin", self.workspace)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        status: int | str = 200,
        headers: Mapping[str, str] = {},
    ) -> Any:
        """Send JSON, as an admin unless another key is given, and return the answer."""
        sender = getattr(self.site.app, f"{method.lower()}{'' if body is None else '_json'}")
        url = path.replace("WORKSPACE", self.workspace)
        arguments = [url] if body is None else [url, body]
        named = {**bearer(key or self.admin), **headers}
        return sender(*arguments, headers=named, status=status)

    def read(self, path: str, key: str | None = None) -> Any:
        """What a GET answers."""
        return self.call("GET", path, key=key).json

    @property
    def index(self) -> str:
        """The path of the project list."""
        return f"/simple/{self.workspace}/main/"

    def publish(self, file: tuple[str, bytes], status: int = 200) -> Any:
        """Upload a file."""
        return self.site.upload(*file, self.writer, to=f"{self.workspace}/main", status=status)

    def get(self, path: str, status: int = 200, **headers: str) -> Any:
        """Read something of the index as a reader."""
        return self.site.get(path, self.reader, status=status, **headers)

    def page(self) -> dict[str, Any]:
        """The page of demo-pkg."""
        return self.site.page("demo-pkg", self.reader, index=f"{self.workspace}/main")

    def file_url(self, filename: str) -> str:
        """The path of a file of demo-pkg."""
        index = f"{self.workspace}/main"
        return self.site.file_url("demo-pkg", filename, self.reader, index=index)

    def markers(self) -> dict[str, Any]:
        """What the index says of each file: whether, and why, it is yanked (S-48)."""
        return {file["filename"]: file["yanked"] for file in self.page()["files"]}

    @cached_property
    def registry_id(self) -> int:
        """The id of the registry main."""
        with self.site.database.read() as connection:
            return queries.find_place(connection, self.workspace, "main").id

    def events(self, kind: str) -> list[Event]:
        """The events of one kind, oldest first."""
        query = (
            select(Event)
            .where(Event.kind == kind, Event.registry_id == self.registry_id)
            .order_by(Event.id)
        )
        with self.site.database.transaction() as session:
            return list(session.execute(query).scalars())

    def package(self) -> Any:
        """Serial and size of demo-pkg as the database has them."""
        query = select(Package.serial, Package.size).where(
            Package.registry_id == self.registry_id, Package.name == "demo-pkg"
        )
        with self.site.database.read() as connection:
            return connection.execute(query).one()


def stock(site: TestSite, workspace: str) -> Desk:
    """Make a workspace, and publish to it."""
    site.create_workspace(workspace)
    desk = Desk(site, workspace)
    for file in (WHEEL, SDIST, LATER):
        desk.publish(file)
    return desk


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """For names that are not taken yet."""
    return count(1)


@pytest.fixture(scope="module")
def sqlite_site(
    make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    """A site for all tests of a module, each of which has a workspace of its own."""
    made = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def postgresql_site(
    make_postgresql: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    """The same on PostgreSQL."""
    made = TestSite(make_postgresql(), tmp_path_factory.mktemp("files"))
    yield made
    made.close()


@pytest.fixture
def desk(sqlite_site: TestSite, numbers: Iterator[int]) -> Desk:
    """For what does not depend on the database."""
    return stock(sqlite_site, f"acme-{next(numbers)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def desks(request: pytest.FixtureRequest, numbers: Iterator[int]) -> Desk:
    """On each kind of database in turn."""
    site: TestSite = request.getfixturevalue(f"{request.param}_site")
    return stock(site, f"acme-{next(numbers)}")
