"""Sites and servers that the tests of a module share, because starting one takes its time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import MakeUrl
from tests.support.server import ServerProcess
from tests.support.site import TestSite


def server_for(site: TestSite, folder: Path) -> ServerProcess:
    """A server process, not started yet, with the data of a site."""
    return ServerProcess(folder, site.values["sqlalchemy.url"], files=site.folder)


@pytest.fixture(scope="module")
def lasting_site(
    make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    """A site for all tests of a module: for uploads that are refused, or differ in name."""
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    site.create_workspace()
    yield site
    site.close()
    shutil.rmtree(site.folder)


@pytest.fixture(scope="module")
def lasting_key(lasting_site: TestSite) -> str:
    """A writer's key for the site of the module."""
    return lasting_site.create_key()


@pytest.fixture(scope="module")
def lasting_server(
    lasting_site: TestSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server process with the data of the module's site."""
    server = server_for(lasting_site, tmp_path_factory.mktemp("server"))
    yield server.start()
    server.stop()
