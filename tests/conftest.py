"""Fixtures for every test: databases of both kinds, sites in this process, server processes."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis

from tests.support.databases import MakeUrl, postgresql_databases, sqlite_databases
from tests.support.distributions import SitePackages
from tests.support.server import ServerProcess
from tests.support.site import TestSite

# How long an example takes says more of the machine than of the code.
hypothesis.register_profile("stockroom", deadline=None, max_examples=50)
hypothesis.load_profile("stockroom")

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For a test with the fixture ``database_url``, or one made of it, that is not about rows: what it
shows is decided in Python, and a database of the other kind would tell nothing more.
"""

MakeSite = Callable[..., TestSite]
StartServer = Callable[..., ServerProcess]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules and the tests themselves, which are there to stay.

    Every site leaves thousands of objects that refer to each other: to look for them seven times
    as rarely costs some megabytes, and saves a third of the time of tests that make many sites.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 10, 10)


@pytest.fixture(scope="session")
def make_sqlite() -> Iterator[MakeUrl]:
    with sqlite_databases() as make:
        yield make


@pytest.fixture(scope="session")
def make_postgresql() -> Iterator[MakeUrl]:
    with postgresql_databases() as make:
        yield make


@pytest.fixture
def sqlite_url(make_sqlite: MakeUrl) -> str:
    """A fresh SQLite database with the right schema."""
    return make_sqlite()


@pytest.fixture
def postgresql_url(make_postgresql: MakeUrl) -> str:
    """A fresh PostgreSQL database with the right schema."""
    return make_postgresql()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Make sites; several on one database and folder are nodes of one server."""
    sites: list[TestSite] = []

    def make(database_url: str, *, folder: str = "files", **settings: Any) -> TestSite:
        site = TestSite(database_url, tmp_path / folder, **settings)
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def site(make_site: MakeSite, sqlite_url: str) -> TestSite:
    """A site on SQLite with the workspace acme, for what does not depend on the database."""
    made = make_site(sqlite_url)
    made.create_workspace()
    return made


@pytest.fixture
def both(make_site: MakeSite, database_url: str) -> TestSite:
    """A site with the workspace acme, on each kind of database in turn."""
    made = make_site(database_url)
    made.create_workspace()
    return made


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start server processes; all are ended after the test."""
    servers: list[ServerProcess] = []

    def start(database_url: str, *, folder: str = "server", **options: Any) -> ServerProcess:
        server = ServerProcess(tmp_path / folder, database_url, **options)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def site_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SitePackages]:
    """A folder from which plugins are imported during the test."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    made = SitePackages(folder)
    yield made
    made.forget()
