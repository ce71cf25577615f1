"""What goes wrong is told in the clients' own good words, with ours where they show them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archives import make_wheel
from tests.support.clients import Installer, Machine, Pip, Twine, Uv
from tests.support.projects import Builder, Dists
from tests.support.uv_projects import credentials, make_uv_project
from tests.support.workspaces import Workspace

Publish = Callable[..., str]
WRONG = "sr_0123456789abcdef"
SKIP_EXISTING = """\
import sys
from twine.commands.upload import upload
from twine.settings import Settings

url, key, file = sys.argv[1:]
settings = Settings(
    repository_url=url, username="__token__", password=key, skip_existing=True,
    disable_progress_bar=True,
)
# The command line offers --skip-existing for PyPI alone.
settings.verify_feature_capability = lambda: None
upload(settings, [file])
"""
PUBLISHERS = ["twine", "uv-0.12", "uv"]


@pytest.fixture
def plumb(builder: Builder) -> Dists:
    return builder.build("plumb", "1.0")


@pytest.fixture
def changed(builder: Builder) -> Dists:
    """The same version of plumb with other content."""
    return builder.build("plumb", "1.0", note="changed")


@pytest.fixture(params=PUBLISHERS)
def refused(request: pytest.FixtureRequest, machine: Machine) -> Publish:
    """Publish files with each client in turn, which must fail; returns what the client said."""
    name = request.param

    def by_twine(url: str, key: str, *files: Path) -> str:
        login = ("--username", "__token__", "--password", key)
        return Twine(machine, name).upload("--repository-url", url, *login, *files, fails=True)

    def by_uv(url: str, key: str, *files: Path) -> str:
        return Uv(machine, name).publish("--publish-url", url, "--token", key, *files, fails=True)

    return by_twine if name == "twine" else by_uv


# publishing


def test_u11_a_wrong_key_does_not_publish(
    refused: Publish, workspace: Workspace, plumb: Dists
) -> None:
    said = refused(workspace.upload_url, WRONG, plumb.wheel)

    assert "401 Unauthorized" in said
    assert "the credential is unknown, revoked or expired" in said
    assert "stockroom key create" in said


def test_u11_the_key_of_a_reader_does_not_publish(
    refused: Publish, workspace: Workspace, plumb: Dists
) -> None:
    said = refused(workspace.upload_url, workspace.reader, plumb.wheel)

    assert "403 Forbidden" in said
    assert "publishing needs one with the role writer" in said


def test_s61_the_key_of_another_workspace_does_not_publish(
    refused: Publish, workspace: Workspace, stocked: Workspace, plumb: Dists
) -> None:
    said = refused(stocked.upload_url, workspace.writer, plumb.wheel)

    assert "404 Not Found" in said
    assert "that this API key may see" in said


def test_an_unknown_registry_is_named(refused: Publish, workspace: Workspace, plumb: Dists) -> None:
    url = workspace.upload_url.removesuffix("main") + "absent"

    said = refused(url, workspace.writer, plumb.wheel)

    assert "404 Not Found" in said
    assert f"/v1/upload/{workspace.name}/absent" in said


def test_u23_a_duplicate_with_other_content_is_refused(
    refused: Publish, workspace: Workspace, plumb: Dists, changed: Dists
) -> None:
    workspace.add(plumb.wheel)

    said = refused(workspace.upload_url, workspace.writer, changed.wheel)

    assert f"File already exists: {plumb.wheel.name}" in said
    assert "release a new version" in said
    assert workspace.download("plumb", plumb.wheel.name) == plumb.wheel.read_bytes()


def test_u23_twine_skips_a_duplicate_with_other_content(
    twine: Twine, workspace: Workspace, plumb: Dists, changed: Dists
) -> None:
    workspace.add(plumb.wheel)

    said = twine.machine.run(
        *(twine.folder / "bin" / "python", "-c", SKIP_EXISTING),
        *(workspace.upload_url, workspace.writer, changed.wheel),
    )

    assert f"Skipping {plumb.wheel.name} because it appears to already exist" in said


def test_u25_everything_that_is_wrong_with_a_file_is_told(any_uv: Uv, workspace: Workspace) -> None:
    filename, content = make_wheel("broken", requires=["what is this"], requires_python="=>3")
    file = any_uv.machine.folder / filename
    file.write_bytes(content)

    said = any_uv.publish(
        "--publish-url", workspace.upload_url, "--token", workspace.writer, file, fails=True
    )

    assert "400 Bad Request" in said
    assert "Requires-Dist 'what is this'" in said
    assert "Requires-Python '=>3'" in said


def test_u95_an_archived_package_says_why_it_takes_no_files(
    refused: Publish, workspace: Workspace, plumb: Dists, builder: Builder
) -> None:
    workspace.add(plumb.wheel)
    workspace.set_status("plumb", "archived", "use sonar")

    said = refused(workspace.upload_url, workspace.writer, builder.build("plumb", "2.0").wheel)

    assert "403 Forbidden" in said
    assert "the package plumb is archived: use sonar" in said


def test_s74_uv_hints_at_the_index_url_that_was_given_for_publishing(
    any_uv: Uv, workspace: Workspace, plumb: Dists
) -> None:
    said = any_uv.publish(
        "--publish-url", workspace.index, "--token", workspace.writer, plumb.wheel, fails=True
    )

    assert "are you using the simple index URL instead of the upload URL?" in said


def test_s74_twine_hints_at_the_url(twine: Twine, workspace: Workspace, plumb: Dists) -> None:
    login = ("--username", "__token__", "--password", workspace.writer)

    said = twine.upload("--repository-url", workspace.index, *login, plumb.wheel, fails=True)

    assert "405 Method Not Allowed" in said


def test_u04_twine_learns_that_nothing_is_registered_any_more(
    twine: Twine, workspace: Workspace, plumb: Dists
) -> None:
    login = ("--username", "__token__", "--password", workspace.writer)

    said = twine.machine.run(
        *(twine.folder / "bin" / "twine", "register"),
        *("--repository-url", workspace.upload_url, *login, plumb.wheel),
        fails=True,
    )

    assert "410 Gone" in said
    assert "upload files instead" in said


def test_a_refused_file_leaves_no_trace(
    refused: Publish, workspace: Workspace, machine: Machine
) -> None:
    filename, content = make_wheel("broken", record=b"")
    file = machine.folder / filename
    file.write_bytes(content[:-30])

    refused(workspace.upload_url, workspace.writer, file)

    assert workspace.packages() == []


# installing


def test_s61_pip_says_that_a_key_is_wrong(pip: Pip, stocked: Workspace) -> None:
    environment = pip.make_environment()

    said = pip.install(
        environment, "plumb", index=stocked.index_with(f"__token__:{WRONG}"), fails=True
    )

    assert "401 Error, Credentials not correct" in said


def test_s61_every_pip_shows_why_a_key_is_refused_when_it_is_verbose(
    any_pip: Pip, stocked: Workspace
) -> None:
    environment = any_pip.make_environment()

    said = any_pip.install(
        environment, "-vvv", "plumb", index=stocked.index_with(f"__token__:{WRONG}"), fails=True
    )

    assert "401 Client Error: the credential is unknown, revoked or expired" in said
    assert "No matching distribution found for plumb" in said


@pytest.mark.parametrize("userinfo", ["", f"__token__:{WRONG}@"], ids=["none", "wrong"])
def test_s61_uv_says_that_it_lacks_a_valid_key(
    any_uv: Uv, stocked: Workspace, userinfo: str
) -> None:
    environment = any_uv.make_environment()
    index = stocked.index.replace("//", f"//{userinfo}", 1)

    said = any_uv.install(environment, "plumb", index=index, fails=True)

    assert "could not be queried due to a lack of valid authentication credentials" in said


def test_s05_pip_knows_no_distribution_of_a_missing_package(
    any_pip: Pip, stocked: Workspace
) -> None:
    environment = any_pip.make_environment()

    said = any_pip.install(environment, "absent", index=stocked.index_with_key, fails=True)

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
    any_pip: Pip, workspace: Workspace, plumb: Dists
) -> None:
    workspace.add(*plumb.files)
    workspace.set_status("plumb", "quarantined", "sinks ships")
    environment = any_pip.make_environment()

    said = any_pip.install(environment, "plumb", index=workspace.index_with_key, fails=True)

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
        *("--index", workspace.index_with(f"__token__:{WRONG}"), "plumb"),
        index=stocked.index_with_key,
        fails=True,
    )

    assert "could not be queried due to a lack of valid authentication credentials" in said


def test_s61_a_private_package_is_missing_for_the_key_of_another_workspace(
    installer: Installer, workspace: Workspace, stocked: Workspace
) -> None:
    environment = installer.make_environment()
    index = stocked.index_with(f"__token__:{workspace.reader}")

    said = installer.install(environment, "plumb", index=index, fails=True)

    assert "No matching distribution" in said or "was not found in the package registry" in said
    assert environment.installed == {}
