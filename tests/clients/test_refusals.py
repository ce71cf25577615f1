"""What goes wrong while installing is told in the clients' own good words, or in ours."""

from __future__ import annotations

import pytest

from tests.support.clients import WRONG_KEY, Installer, Pip, Uv
from tests.support.projects import Builder, Dists
from tests.support.uv_projects import credentials, make_uv_project
from tests.support.workspaces import Workspace


@pytest.fixture
def plumb(builder: Builder) -> Dists:
    return builder.build("plumb", "1.0")


def test_s61_pip_says_that_a_key_is_wrong(pip: Pip, stocked: Workspace) -> None:
    environment = pip.make_environment()

    said = pip.install(
        environment, "plumb", index=stocked.index_with(f"__token__:{WRONG_KEY}"), fails=True
    )

    assert "401 Error, Credentials not correct" in said


def test_s61_pip_shows_why_a_key_is_refused_when_it_is_verbose(
    end_pip: Pip, stocked: Workspace
) -> None:
    environment = end_pip.make_environment()

    said = end_pip.install(
        environment, "-vvv", "plumb", index=stocked.index_with(f"__token__:{WRONG_KEY}"), fails=True
    )

    assert "401 Client Error: the credential is unknown, revoked or expired" in said
    assert "No matching distribution found for plumb" in said


@pytest.mark.parametrize("userinfo", ["", f"__token__:{WRONG_KEY}@"], ids=["none", "wrong"])
def test_s61_uv_says_that_it_lacks_a_valid_key(
    any_uv: Uv, stocked: Workspace, userinfo: str
) -> None:
    environment = any_uv.make_environment()
    index = stocked.index.replace("//", f"//{userinfo}", 1)

    said = any_uv.install(environment, "plumb", index=index, fails=True)

    assert "could not be queried due to a lack of valid authentication credentials" in said


def test_s05_pip_knows_no_distribution_of_a_missing_package(
    end_pip: Pip, stocked: Workspace
) -> None:
    environment = end_pip.make_environment()

    said = end_pip.install(environment, "absent", index=stocked.index_with_key, fails=True)

    assert "No matching distribution found for absent" in said


def test_s05_uv_does_not_find_a_missing_package(any_uv: Uv, stocked: Workspace) -> None:
    environment = any_uv.make_environment()

    said = any_uv.install(environment, "absent", index=stocked.index_with_key, fails=True)

    assert "absent was not found in the package registry" in said


def test_a_missing_version_is_told_with_those_that_exist(pip: Pip, stocked: Workspace) -> None:
    environment = pip.make_environment()

    said = pip.install(environment, "plumb==9", index=stocked.index_with_key, fails=True)

    assert "(from versions: 1.0)" in said
    assert "No matching distribution found for plumb==9" in said


def test_s60_a_quarantined_package_has_no_versions_for_pip(
    end_pip: Pip, workspace: Workspace, plumb: Dists
) -> None:
    workspace.add(*plumb.files)
    workspace.set_status("plumb", "quarantined", "sinks ships")
    environment = end_pip.make_environment()

    said = end_pip.install(environment, "plumb", index=workspace.index_with_key, fails=True)

    assert "No matching distribution found for plumb" in said


def test_s60_a_quarantined_package_has_no_versions_for_uv(
    any_uv: Uv, workspace: Workspace, plumb: Dists
) -> None:
    workspace.add(*plumb.files)
    workspace.set_status("plumb", "quarantined", "sinks ships")
    environment = any_uv.make_environment()

    said = any_uv.install(environment, "plumb", index=workspace.index_with_key, fails=True)

    assert "there are no versions of plumb" in said


def test_s60_a_locked_file_of_a_quarantined_package_is_refused_with_the_reason(
    any_uv: Uv, workspace: Workspace, plumb: Dists
) -> None:
    workspace.add(*plumb.files)
    project = make_uv_project(any_uv.machine, workspace, "plumb")
    login = credentials(workspace)
    any_uv("lock", cwd=project, variables=login)
    workspace.set_status("plumb", "quarantined", "sinks ships")

    said = any_uv("sync", "--frozen", cwd=project, fails=True, variables=login)

    assert "the package plumb is quarantined: sinks ships" in said


def test_s05_uv_goes_on_to_the_next_index_for_a_package_that_is_missing(
    any_uv: Uv, workspace: Workspace, stocked: Workspace
) -> None:
    environment = any_uv.make_environment()

    any_uv.install(
        environment, "--index", workspace.index_with_key, "plumb", index=stocked.index_with_key
    )

    assert environment.installed == {"plumb": "1.0"}


def test_s05_uv_does_not_look_elsewhere_for_a_package_that_has_no_files(
    any_uv: Uv, workspace: Workspace, stocked: Workspace, plumb: Dists
) -> None:
    workspace.add(*plumb.files)
    workspace.set_status("plumb", "quarantined", "sinks ships")
    environment = any_uv.make_environment()

    said = any_uv.install(
        environment,
        *("--index", workspace.index_with_key, "plumb"),
        index=stocked.index_with_key,
        fails=True,
    )

    assert "there are no versions of plumb" in said


def test_s61_uv_does_not_look_elsewhere_when_its_key_is_refused(
    any_uv: Uv, workspace: Workspace, stocked: Workspace
) -> None:
    environment = any_uv.make_environment()

    said = any_uv.install(
        environment,
        *("--index", workspace.index_with(f"__token__:{WRONG_KEY}"), "plumb"),
        index=stocked.index_with_key,
        fails=True,
    )

    assert "could not be queried due to a lack of valid authentication credentials" in said


def test_s61_a_private_package_is_missing_for_the_key_of_another_workspace(
    end_installer: Installer, workspace: Workspace, stocked: Workspace
) -> None:
    environment = end_installer.make_environment()
    index = stocked.index_with(f"__token__:{workspace.reader}")

    said = end_installer.install(environment, "plumb", index=index, fails=True)

    assert "No matching distribution" in said or "was not found in the package registry" in said
    assert environment.installed == {}
