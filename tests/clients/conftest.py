"""One server for all tests with clients; a workspace, a machine and the clients for each test."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.access import RecordedServer
from tests.support.clients import PIPS, UVS, Installer, Machine, Pip, Twine, Uv, make_installer
from tests.support.databases import MakeUrl
from tests.support.projects import Builder, Dists, make_backend_folder
from tests.support.publishers import LINES, Publisher
from tests.support.site import TestSite
from tests.support.workspaces import Workspace

MakeWorkspace = Callable[..., Workspace]
NEWEST = "uv"
NATIVE = "uv-0.12"


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("dists"))


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what it takes to build an sdist without isolation."""
    return make_backend_folder(tmp_path_factory.mktemp("backend") / "modules")


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, make_sqlite: MakeUrl
) -> Iterator[RecordedServer]:
    folder = tmp_path_factory.mktemp("clients") / "server"
    server = RecordedServer(folder, make_sqlite(), **{"stockroom.upload2": "on"})
    server.start()
    yield server
    server.stop()
    # Nothing that clients do, right or wrong, is worth a line.
    assert re.fullmatch(r"Starting server in PID \d+\.\n", server.log.read_text("utf-8"))


@pytest.fixture(scope="session")
def make_workspace(server: RecordedServer) -> Iterator[MakeWorkspace]:
    """Make workspaces of any visibility, each with a name of its own."""
    node = TestSite(server.database_url, server.files)
    numbers = itertools.count(1)

    def make(visibility: str = "team") -> Workspace:
        return Workspace(server, node, f"acme{next(numbers)}", visibility)

    yield make
    node.close()


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    """An empty workspace for this test alone."""
    return make_workspace()


@pytest.fixture(scope="session")
def stocked(make_workspace: MakeWorkspace, builder: Builder) -> Workspace:
    """A workspace with a version of every project, for tests that only install."""
    workspace = make_workspace()
    for name, version in (
        ("plumb", "1.0"),
        ("gauge", "0.3"),
        ("fathom", "1.0"),
        ("sextant", "1.0"),
    ):
        workspace.add(*builder.build(name, version).files)
    return workspace


@pytest.fixture
def fathom(builder: Builder) -> Dists:
    """The project with everything that an upload can carry."""
    return builder.build("fathom", "1.0")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def uv(machine: Machine) -> Uv:
    """The newest uv."""
    return Uv(machine, NEWEST)


@pytest.fixture
def native_uv(machine: Machine) -> Uv:
    """The last uv that speaks the native protocol."""
    return Uv(machine, NATIVE)


@pytest.fixture(params=UVS)
def any_uv(request: pytest.FixtureRequest, machine: Machine) -> Uv:
    """Every uv in turn."""
    return Uv(machine, request.param)


@pytest.fixture
def pip(machine: Machine) -> Pip:
    """The newest pip."""
    return Pip(machine, "pip")


@pytest.fixture(params=PIPS)
def any_pip(request: pytest.FixtureRequest, machine: Machine) -> Pip:
    """Every pip in turn."""
    return Pip(machine, request.param)


@pytest.fixture(params=[*PIPS, *UVS])
def installer(request: pytest.FixtureRequest, machine: Machine) -> Installer:
    """Every pip and every uv in turn."""
    return make_installer(machine, request.param)


@pytest.fixture(params=[PIPS[0], PIPS[-1]])
def end_pip(request: pytest.FixtureRequest, machine: Machine) -> Pip:
    """The oldest and the newest pip, where those between them do nothing else."""
    return Pip(machine, request.param)


@pytest.fixture(params=[PIPS[0], PIPS[-1], *UVS])
def end_installer(request: pytest.FixtureRequest, machine: Machine) -> Installer:
    """The same, and every uv."""
    return make_installer(machine, request.param)


@pytest.fixture
def twine(machine: Machine) -> Twine:
    return Twine(machine, "twine")


@pytest.fixture(params=LINES)
def publisher(request: pytest.FixtureRequest, machine: Machine) -> Publisher:
    """Every program that publishes in turn."""
    return Publisher(machine, request.param)
