"""Every way in which people hand their key to pip and uv."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.conftest import MakeWorkspace
from tests.support.clients import Installer, Pip, Uv
from tests.support.projects import Builder
from tests.support.uv_projects import credentials, make_uv_project, native_credentials
from tests.support.workspaces import Workspace

PLUMB = {"plumb": "1.0"}


def test_s62_the_key_is_the_user_name_in_the_url(
    end_installer: Installer, stocked: Workspace
) -> None:
    environment = end_installer.make_environment()

    end_installer.install(environment, "plumb", index=stocked.index_with(stocked.reader))

    assert environment.installed == PLUMB


def test_s61_the_key_stands_in_a_netrc_file(end_installer: Installer, stocked: Workspace) -> None:
    environment = end_installer.make_environment()
    netrc = end_installer.machine.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login __token__ password {stocked.reader}\n", "utf-8")
    netrc.chmod(0o600)

    end_installer.install(environment, "plumb", index=stocked.index)

    assert environment.installed == PLUMB


def test_pip_is_configured_by_a_variable(end_pip: Pip, stocked: Workspace) -> None:
    environment = end_pip.make_environment()

    end_pip.install(
        environment, "plumb", index=None, variables={"PIP_INDEX_URL": stocked.index_with_key}
    )

    assert environment.installed == PLUMB


def test_uv_is_configured_by_a_variable(any_uv: Uv, stocked: Workspace) -> None:
    environment = any_uv.make_environment()

    any_uv.install(
        environment, "plumb", index=None, variables={"UV_DEFAULT_INDEX": stocked.index_with_key}
    )

    assert environment.installed == PLUMB


def test_uv_finds_the_key_of_a_named_index_in_variables(any_uv: Uv, stocked: Workspace) -> None:
    environment = any_uv.make_environment()
    index = f"acme={stocked.index}"

    any_uv.install(environment, "plumb", index=index, variables=credentials(stocked))

    assert environment.installed == PLUMB


def test_uv_has_been_logged_in_with_the_key(any_uv: Uv, stocked: Workspace) -> None:
    environment = any_uv.make_environment()
    any_uv("auth", "login", stocked.server.base, "--token", stocked.reader)

    any_uv.install(environment, "plumb", index=stocked.index)

    assert environment.installed == PLUMB


def test_native_uv_sends_the_key_as_a_bearer_token(native_uv: Uv, stocked: Workspace) -> None:
    environment = native_uv.make_environment()
    stocked.forget_accesses()

    native_uv.install(
        environment, "plumb", index=stocked.index, variables=native_credentials(stocked)
    )

    assert environment.installed == PLUMB
    assert {access.scheme for access in stocked.accesses()} == {"bearer"}


def test_a_public_workspace_needs_no_key(
    end_installer: Installer, make_workspace: MakeWorkspace, builder: Builder
) -> None:
    workspace = make_workspace("public")
    workspace.add(*builder.build("plumb", "1.0").files)
    environment = end_installer.make_environment()

    end_installer.install(environment, "plumb", index=workspace.index)

    assert environment.installed == PLUMB


@pytest.mark.parametrize("command", ["lock", "sync"])
def test_uv_always_authenticates_an_index_that_says_so(
    any_uv: Uv, stocked: Workspace, command: str
) -> None:
    project = make_uv_project(any_uv.machine, stocked, "sextant")
    file: Path = project / "pyproject.toml"
    file.write_text(f'{file.read_text("utf-8")}authenticate = "always"\n', "utf-8")
    any_uv("auth", "login", stocked.server.base, "--token", stocked.reader)
    stocked.forget_accesses()

    any_uv(command, cwd=project)

    assert {access.status for access in stocked.accesses()} == {200}
