"""Dependency confusion: no client gets a public package in place of a private one of its name.

In every arrangement the private registry is the workspace's ``main`` and the public one beside it
holds higher versions. What a group *has* is decided by name alone (S-64, S-65), so that hiding a
private package never lets the public one through.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from sqlalchemy import select, update

from stockroom.manage.groups import parse_groups
from stockroom.models import File, Package, Release
from tests.archives import make_sdist, make_wheel
from tests.clients.conftest import MakeWorkspace
from tests.support.clients import PIPS, Fresh, Machine, Pip, Uv
from tests.support.library import create_registry
from tests.support.uv_projects import PYPROJECT, credentials
from tests.support.workspaces import Workspace

NOW = datetime.now(UTC)
OLD = timedelta(days=30)
PIP, OLDEST_PIP = "pip", PIPS[0]


class Shop:
    """A workspace whose registries ``main`` (private) and ``public`` are stocked."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._views: set[str] = set()

    def publish(self, registry: str, *files: tuple[str, bytes]) -> None:
        """Publish to one of the registries."""
        for file in files:
            self.workspace.node.upload(
                *file, self.workspace.writer, to=f"{self.workspace.name}/{registry}"
            )

    def define(self, name: str, *groups: str) -> str:
        """The URL, with a key, of a view of groups of ``main`` and ``public``; made once."""
        if name not in self._views:
            self._views.add(name)
            self.workspace.node.create_view(f"{self.workspace.name}/{name}", *self.full(*groups))
        return self.url(name)

    def redefine(self, name: str, *groups: str) -> None:
        """Let a view be made of other groups, as an admin does."""
        api = f"{self.workspace.server.base}/v1/workspaces/{self.workspace.name}/views/{name}"
        definition = parse_groups(self.full(*groups))
        answer = requests.put(
            api,
            json={"groups": definition.document()},
            headers={"Authorization": f"Bearer {self.workspace.admin}"},
            timeout=10,
        )
        answer.raise_for_status()

    def full(self, *groups: str) -> list[str]:
        """Groups with the workspace before each registry."""
        place = self.workspace.name
        return [
            group.replace("main", f"{place}/main").replace("public", f"{place}/public")
            for group in groups
        ]

    def statuses(self, view: str) -> set[int]:
        """How requests for a view were answered since the last ``forget_accesses``."""
        index = f"/simple/{self.workspace.name}/{view}/"
        accesses = self.workspace.accesses()
        return {access.status for access in accesses if access.path.startswith(index)}

    def url(self, view: str, *, key: bool = True) -> str:
        """The URL to install from."""
        index = self.workspace.index_with_key if key else self.workspace.index
        return index.replace("/main/", f"/{view}/")


@pytest.fixture(scope="module")
def shop(make_workspace: MakeWorkspace) -> Shop:
    shop = Shop(make_workspace())
    node, place = shop.workspace.node, shop.workspace.name
    create_registry(node, "public", place)
    shop.publish(
        "main",
        make_wheel("plumb", "0.1"),
        make_wheel("keel", "0.2rc1"),
        make_wheel("yard", "0.1"),
        make_wheel("hold", "0.1"),
        make_wheel("gauge", "1.0", files={"gauge.py": "HOME = 'private'\n"}),
    )
    shop.publish(
        "public",
        make_wheel("plumb", "99.0"),
        make_sdist("plumb", "99.0"),
        make_wheel("keel", "1.0"),
        make_wheel("yard", "99.0"),
        make_wheel("hold", "99.0"),
        make_wheel("gauge", "1.0", files={"gauge.py": "HOME = 'public'\n"}),
        make_wheel("solo", "1.0"),
        make_wheel("solo", "2.0"),
        make_wheel("mixed", "1.0"),
        make_sdist("mixed", "2.0"),
    )
    shop.workspace.yank("yard", "0.1", "leaks")
    shop.workspace.set_status("hold", "quarantined", "sinks ships")
    with node.database.transaction() as session:
        first = select(Release.id).join(Package).where(Package.name == "solo")
        first = first.where(Release.version == "1.0")
        session.execute(
            update(File).where(File.release_id.in_(first)).values(uploaded_at=NOW - OLD)
        )
    return shop


class Case(NamedTuple):
    """Groups of a view, and the version of a package that clients get through it; None for none."""

    groups: tuple[str, ...]
    package: str
    version: str | None


CASES = {
    "private-first": Case(("main", "public"), "plumb", "0.1"),
    # Documented: whoever merges says that both are trusted alike.
    "merged": Case(("main, public",), "plumb", "99.0"),
    "public-first": Case(("public", "main"), "plumb", "99.0"),
    "private-too-young": Case(("main[file.age_days >= 7]", "public"), "plumb", None),
    "private-release-too-young": Case(("main[release.age_days >= 7]", "public"), "plumb", None),
    "private-package-too-young": Case(("main[package.age_days >= 7]", "public"), "plumb", None),
    "private-version-hidden": Case(('main[release.version != "0.1"]', "public"), "plumb", None),
    "private-wheel-hidden": Case(('main[".whl" not in file.name]', "public"), "plumb", None),
    "private-hidden-by-name-and-version": Case(
        ('main[not (package.name == "plumb" and release.version == "0.1")]', "public"),
        "plumb",
        None,
    ),
    "private-excluded-by-name": Case(('main[package.name != "plumb"]', "public"), "plumb", "99.0"),
    "private-excluded-by-name-in-another-spelling": Case(
        ('main[package.name not in ["other", "PLUMB"]]', "public"), "plumb", "99.0"
    ),
    "another-name-is-excluded": Case(('main[package.name != "keel"]', "public"), "plumb", "0.1"),
    "public-without-that-name": Case(('public[package.name != "plumb"]', "main"), "plumb", "0.1"),
    "public-without-that-name-merged": Case(
        ('main, public[package.name != "plumb"]',), "plumb", "0.1"
    ),
    "private-young-merged": Case(("main[file.age_days >= 7], public",), "plumb", "99.0"),
    "three-groups": Case(
        ('main[package.name == "other"]', "main[file.age_days >= 7]", "public"), "plumb", None
    ),
    "private-pre-release": Case(("main", "public"), "keel", "0.2rc1"),
    "private-pre-release-hidden": Case(('main[release.version >= "0.2"]', "public"), "keel", None),
    "pre-release-merged": Case(("main, public",), "keel", "1.0"),
    "private-yanked": Case(("main", "public"), "yard", None),
    "yanked-merged": Case(("main, public",), "yard", "99.0"),
    "private-quarantined": Case(("main", "public"), "hold", None),
    "quarantined-merged": Case(("main, public",), "hold", "99.0"),
    "public-cooled-down": Case(("main", "public[release.age_days >= 7]"), "solo", "1.0"),
    "public-too-young": Case(("main", "public[release.age_days >= 365]"), "solo", None),
    "only-wheels": Case(("main", 'public[".whl" in file.name]'), "mixed", "1.0"),
}

FOR_PIP = ("private-too-young", "private-pre-release", "private-yanked")
FOR_OLDEST_PIP = ("private-too-young", "merged")


@pytest.mark.parametrize("name", CASES)
def test_s64_uv_gets_what_the_arrangement_says(uv: Uv, shop: Shop, name: str) -> None:
    case = CASES[name]
    index = shop.define(name, *case.groups)
    environment = uv.make_environment()

    shop.workspace.forget_accesses()
    uv.install(environment, case.package, index=index, fails=case.version is None)

    assert environment.installed == ({case.package: case.version} if case.version else {})
    assert shop.statuses(name) == {200}


@pytest.mark.parametrize(
    ("client", "name"),
    [(PIP, name) for name in FOR_PIP] + [(OLDEST_PIP, name) for name in FOR_OLDEST_PIP],
)
def test_s64_pip_gets_what_the_arrangement_says(
    machine: Machine, shop: Shop, client: str, name: str
) -> None:
    case = CASES[name]
    index = shop.define(name, *case.groups)
    pip = Pip(machine, client)
    environment = pip.make_environment()

    shop.workspace.forget_accesses()
    pip.install(environment, case.package, index=index, fails=case.version is None)

    assert environment.installed == ({case.package: case.version} if case.version else {})
    assert shop.statuses(name) == {200}


@pytest.mark.parametrize(
    ("name", "groups", "home"),
    [
        ("same-private-first", ("main, public",), "private"),
        ("same-public-first", ("public, main",), "public"),
        # The later registry's file does not come up where the earlier one's is hidden.
        ("same-hidden", ("main[file.age_days >= 7], public",), None),
        ("same-excluded", ('main[package.name != "gauge"], public',), "public"),
    ],
)
def test_s65_of_two_files_of_one_name_the_earlier_registrys_is_taken(
    uv: Uv, shop: Shop, name: str, groups: tuple[str, ...], home: str | None
) -> None:
    index = shop.define(name, *groups)
    environment = uv.make_environment()

    shop.workspace.forget_accesses()
    uv.install(environment, "gauge", index=index, fails=home is None)

    assert shop.statuses(name) == {200}
    assert [path.read_text("utf-8") for path in found_in(environment, "gauge.py")] == (
        [f"HOME = '{home}'\n"] if home else []
    )


def test_s05_uv_does_not_go_on_to_its_next_index_for_what_a_view_hides(uv: Uv, shop: Shop) -> None:
    hiding = shop.define("hiding", "main[file.age_days >= 7]")
    environment = uv.make_environment()

    said = uv.install(environment, "--index", hiding, "plumb", index=shop.url("public"), fails=True)

    assert "no versions of plumb" in said


def test_uv_does_not_go_on_to_its_next_index_where_a_registry_of_the_view_is_closed_to_it(
    uv: Uv, shop: Shop, make_workspace: MakeWorkspace
) -> None:
    other = make_workspace()
    workspace = shop.workspace
    workspace.node.create_view(f"{workspace.name}/lent", f"{other.name}/main")
    environment = uv.make_environment()

    said = uv.install(
        environment, "--index", shop.url("lent"), "plumb", index=shop.url("public"), fails=True
    )

    assert "403" in said


def test_uv_locks_what_a_view_showed_at_an_instant(uv: Uv, shop: Shop) -> None:
    shop.define("everything", "main, public")
    day = (NOW - OLD / 2).date().isoformat()
    project = make_project(uv.machine, shop, f"everything@{day}", "solo")
    login = credentials(shop.workspace)

    uv("lock", cwd=project, variables=login)
    uv("sync", "--locked", cwd=project, variables=login)

    assert Fresh(uv.machine, project / ".venv").installed == {"solo": "1.0"}


def test_uv_shows_why_a_locked_file_has_been_hidden(uv: Uv, shop: Shop) -> None:
    shop.define("changing", "main", "public")
    project = make_project(uv.machine, shop, "changing", "solo")
    login = credentials(shop.workspace)
    uv("lock", cwd=project, variables=login)
    shop.redefine("changing", "main", "public[release.age_days >= 7]")

    said = uv("sync", "--frozen", cwd=project, variables=login, fails=True)

    assert "403" in said
    assert "release.age_days >= 7" in said
    assert not found_in(Fresh(uv.machine, project / ".venv"), "solo*")


def make_project(machine: Machine, shop: Shop, view: str, *dependencies: str) -> Path:
    """A project for uv whose only index is a view."""
    folder = machine.folder / "ship"
    folder.mkdir()
    text = PYPROJECT.format(
        dependencies=list(dependencies),
        index=shop.url(view, key=False),
        upload_url=shop.workspace.upload_url,
    )
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder


def found_in(environment: Fresh, pattern: str) -> list[Path]:
    """What is installed under a name."""
    return list(environment.folder.glob(f"lib/python*/site-packages/{pattern}"))
