"""How many requests a resolution and an installation cost: none that could be spared."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.archives import make_wheel
from tests.support.access import Access
from tests.support.clients import PIPS, Fresh, Installer, Machine, Pip, Uv
from tests.support.projects import Builder
from tests.support.uv_projects import credentials, make_uv_project, native_credentials
from tests.support.workspaces import Workspace

PACKAGES = ["fathom", "gauge", "plumb", "sextant"]


def kinds(accesses: list[Access]) -> Counter[str]:
    """How many requests were for pages, for core metadata and for files."""
    return Counter(
        "page"
        if access.path.endswith("/")
        else "metadata"
        if access.path.endswith(".metadata")
        else "file"
        for access in accesses
    )


def statuses(accesses: list[Access]) -> Counter[int]:
    """How many requests were answered by which status."""
    return Counter(access.status for access in accesses)


def test_native_uv_resolves_with_one_request_for_each_package(
    native_uv: Uv, stocked: Workspace
) -> None:
    stocked.forget_accesses()

    native_uv(
        *("pip", "compile", "-", "--default-index", stocked.index),
        stdin="sextant",
        variables=native_credentials(stocked),
    )

    accesses = stocked.accesses()
    assert sorted(access.path.split("/")[-2] for access in accesses) == PACKAGES
    assert statuses(accesses) == {200: 4}


def test_native_uv_resolves_sdists_without_fetching_them(
    native_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    for name, version in (("plumb", "1.0"), ("fathom", "1.0")):
        workspace.add(builder.build(name, version).sdist)
    workspace.forget_accesses()

    native_uv(
        *("pip", "compile", "-", "--default-index", workspace.index),
        stdin="fathom",
        variables=native_credentials(workspace),
    )

    assert kinds(workspace.accesses()) == {"page": 2}


def test_uv_resolves_with_a_page_and_the_metadata_of_each_package(
    uv: Uv, stocked: Workspace
) -> None:
    stocked.forget_accesses()

    uv(*("pip", "compile", "-", "--default-index", stocked.index_with_key), stdin="sextant")

    accesses = stocked.accesses()
    assert kinds(accesses) == {"page": 4, "metadata": 4}
    assert statuses(accesses) == {200: 8}
    assert {access.method for access in accesses} == {"GET"}


def test_s61_nobody_is_refused_who_has_the_key_of_the_index(
    end_installer: Installer, stocked: Workspace
) -> None:
    environment = end_installer.make_environment()
    stocked.forget_accesses()

    end_installer.install(environment, "sextant", index=stocked.index_with_key)

    assert statuses(stocked.accesses()).keys() == {200}


def test_s61_uv_is_not_refused_when_variables_hold_the_key_of_the_index(
    any_uv: Uv, stocked: Workspace
) -> None:
    project = make_uv_project(any_uv.machine, stocked, "sextant")
    stocked.forget_accesses()

    any_uv("sync", cwd=project, variables=credentials(stocked))

    assert statuses(stocked.accesses()).keys() == {200}


def test_a_second_resolution_asks_only_whether_the_pages_have_changed(
    any_uv: Uv, stocked: Workspace
) -> None:
    command = ("pip", "compile", "-", "--default-index", stocked.index_with_key)
    any_uv(*command, stdin="sextant")
    stocked.forget_accesses()

    any_uv(*command, stdin="sextant")

    accesses = stocked.accesses()
    assert kinds(accesses) == {"page": 4}
    assert statuses(accesses) == {304: 4}


def test_a_second_native_resolution_asks_only_whether_the_pages_have_changed(
    native_uv: Uv, stocked: Workspace
) -> None:
    command = ("pip", "compile", "-", "--default-index", stocked.index)
    login = native_credentials(stocked)
    native_uv(*command, stdin="sextant", variables=login)
    stocked.forget_accesses()

    native_uv(*command, stdin="sextant", variables=login)

    assert statuses(stocked.accesses()) == {304: 4}


def test_s72_a_second_environment_downloads_no_file(any_uv: Uv, stocked: Workspace) -> None:
    first, second = any_uv.make_environment("first"), any_uv.make_environment("second")
    any_uv.install(first, "sextant", index=stocked.index_with_key)
    stocked.forget_accesses()

    any_uv.install(second, "sextant", index=stocked.index_with_key)

    assert second.installed == first.installed
    assert kinds(stocked.accesses()) == {"page": 4}


def test_uv_installs_from_a_lock_file_without_a_page(any_uv: Uv, stocked: Workspace) -> None:
    project = make_uv_project(any_uv.machine, stocked, "sextant")
    login = credentials(stocked)
    any_uv("lock", cwd=project, variables=login)
    stocked.forget_accesses()

    any_uv("sync", "--frozen", cwd=project, variables=login)

    assert Fresh(any_uv.machine, project / ".venv").installed.keys() == set(PACKAGES)
    assert kinds(stocked.accesses()) == {"file": 4}


def test_after_an_upload_only_the_page_of_its_package_is_fetched_again(
    any_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    workspace.add(*builder.build("fathom", "1.0").files, *builder.build("plumb", "1.0").files)
    command = ("pip", "compile", "-", "--default-index", workspace.index_with_key)
    any_uv(*command, stdin="fathom")
    workspace.add(*builder.build("plumb", "2.0").files)
    workspace.forget_accesses()

    said = any_uv(*command, stdin="fathom")

    accesses = workspace.accesses()
    assert "plumb==2.0" in said
    assert [access.path.split("/")[-2] for access in accesses if access.status == 304] == ["fathom"]
    assert [
        access.path.split("/")[-2] for access in accesses if access.path.endswith("plumb/")
    ] == ["plumb"]


@pytest.mark.parametrize("name", [name for name in PIPS if name != "pip-20.3"])
def test_s70_pip_asks_only_whether_the_pages_have_changed(
    machine: Machine, stocked: Workspace, name: str
) -> None:
    pip = Pip(machine, name)
    first, second = pip.make_environment("first"), pip.make_environment("second")
    # By plain HTTP pip keeps only what a trusted host sends, and pip 20.3 not even that.
    options = ("--trusted-host", stocked.host)
    pip.install(first, *options, "sextant", index=stocked.index_with_key)
    stocked.forget_accesses()

    pip.install(second, *options, "sextant", index=stocked.index_with_key)

    accesses = stocked.accesses()
    assert second.installed == first.installed
    assert kinds(accesses) == {"page": 4}
    assert statuses(accesses) == {304: 4}


def test_a_burst_of_connections_is_served(uv: Uv, workspace: Workspace) -> None:
    names = [f"part-{number}" for number in range(120)]
    for name in names:
        workspace.add_bytes(*make_wheel(name))
    workspace.add_bytes(*make_wheel("whole", requires=names))
    environment = uv.make_environment()
    workspace.forget_accesses()

    uv.install(environment, "whole", index=workspace.index_with_key)

    assert len(environment.installed) == 121
    assert kinds(workspace.accesses()) == {"page": 121, "metadata": 121, "file": 121}
