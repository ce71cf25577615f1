"""Every pip and every uv installs what was published, in every way that people install."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.archives import make_wheel, make_zip
from tests.support.clients import Installer, Machine, Pip, Uv
from tests.support.projects import Builder
from tests.support.workspaces import Workspace

ALL = {"fathom": "1.0", "gauge": "0.3", "plumb": "1.0", "sextant": "1.0"}


def now() -> str:
    """This instant, in the form that clients take and pages carry."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def zipped(sdist: Path) -> bytes:
    """The content of an sdist as a zip file."""
    with tarfile.open(sdist) as archive:
        members = {
            member.name: opened.read()
            for member in archive.getmembers()
            if (opened := archive.extractfile(member)) is not None
        }
    return make_zip(members)


def test_installs_by_name_with_dependencies_extras_and_scripts(
    installer: Installer, stocked: Workspace
) -> None:
    environment = installer.make_environment()

    installer.install(environment, "sextant", index=stocked.index_with_key)

    assert environment.installed == ALL
    assert environment.run("fathom", "3") == "5.5 metres"


def test_s02_the_final_slash_of_the_index_may_be_left_out(
    end_installer: Installer, stocked: Workspace
) -> None:
    environment = end_installer.make_environment()

    end_installer.install(environment, "plumb", index=stocked.index_with_key.rstrip("/"))

    assert environment.installed == {"plumb": "1.0"}


def test_installs_from_requirements_locked_with_hashes(
    installer: Installer, uv: Uv, stocked: Workspace
) -> None:
    environment = installer.make_environment()
    locked = uv.machine.folder / "locked.txt"
    uv(
        *("pip", "compile", "--generate-hashes", "--no-header", "--output-file", locked),
        *("--default-index", stocked.index_with_key, "-"),
        stdin="sextant",
    )

    installer.install(environment, "--require-hashes", "-r", locked, index=stocked.index_with_key)

    assert environment.installed == ALL


def test_builds_and_installs_sdists(
    end_installer: Installer, stocked: Workspace, backend: Path
) -> None:
    environment = end_installer.make_environment()

    end_installer.install(
        environment,
        *("--no-binary", ":all:", "--no-build-isolation", "fathom"),
        index=stocked.index_with_key,
        backend=backend,
    )

    assert environment.installed == {"fathom": "1.0", "plumb": "1.0"}
    assert environment.run("fathom", "3") == "5.5 metres"


def test_u85_builds_and_installs_sdists_that_were_zipped_long_ago(
    end_installer: Installer, workspace: Workspace, builder: Builder, backend: Path
) -> None:
    workspace.set_policy(legacy_filenames="on")
    workspace.add_bytes("plumb-1.0.zip", zipped(builder.build("plumb", "1.0").sdist))
    environment = end_installer.make_environment()

    end_installer.install(
        environment,
        *("--no-build-isolation", "plumb"),
        index=workspace.index_with_key,
        backend=backend,
    )

    assert environment.installed == {"plumb": "1.0"}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_s06_installs_a_local_version_whose_filename_has_a_plus(
    end_installer: Installer, workspace: Workspace, builder: Builder, backend: Path, kind: str
) -> None:
    dists = builder.build("plumb", "1.1+acme.2")
    workspace.add(getattr(dists, kind))
    environment = end_installer.make_environment()

    end_installer.install(
        environment,
        *("--no-build-isolation", "plumb==1.1+acme.2"),
        index=workspace.index_with_key,
        backend=backend,
    )

    assert environment.installed == {"plumb": "1.1+acme.2"}


def test_s46_skips_a_release_for_other_pythons(
    installer: Installer, workspace: Workspace, builder: Builder
) -> None:
    workspace.add(*builder.build("plumb", "1.0").files)
    workspace.add_bytes(*make_wheel("plumb", "2.0", requires_python=">=99, <100"))
    environment = installer.make_environment()

    installer.install(environment, "plumb", index=workspace.index_with_key)

    assert environment.installed == {"plumb": "1.0"}


def test_s63_skips_a_yanked_release_unless_it_is_pinned(
    installer: Installer, workspace: Workspace, builder: Builder
) -> None:
    for version in ("1.0", "2.0"):
        workspace.add(*builder.build("plumb", version).files)
    workspace.yank("plumb", "2.0", "counts knots twice")
    environment = installer.make_environment()

    installer.install(environment, "plumb", index=workspace.index_with_key)
    by_name = environment.installed
    said = installer.install(environment, "plumb==2.0", index=workspace.index_with_key)

    assert by_name == {"plumb": "1.0"}
    assert environment.installed == {"plumb": "2.0"}
    assert "yanked" in said
    assert "counts knots twice" in said


def test_s63_a_release_is_yanked_and_unyanked_by_the_command_line(
    uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    for version in ("1.0", "2.0"):
        workspace.add(*builder.build("plumb", version).files)
    registry = f"{workspace.name}/main"
    yanked, unyanked = uv.make_environment("yanked"), uv.make_environment("unyanked")

    workspace.server.stockroom("package", "yank", registry, "plumb", "2.0")
    uv.install(yanked, "plumb", index=workspace.index_with_key)
    workspace.server.stockroom("package", "unyank", registry, "plumb", "2.0")
    uv.install(unyanked, "plumb", index=workspace.index_with_key)

    assert yanked.installed == {"plumb": "1.0"}
    assert unyanked.installed == {"plumb": "2.0"}


def test_s49_uv_installs_what_was_there_at_an_instant(
    any_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    workspace.add(*builder.build("plumb", "1.0").files)
    instant = now()
    workspace.add(*builder.build("plumb", "2.0").files)
    environment = any_uv.make_environment()

    any_uv.install(environment, "--exclude-newer", instant, "plumb", index=workspace.index_with_key)

    assert environment.installed == {"plumb": "1.0"}


def test_s49_pip_installs_what_was_there_at_an_instant(
    pip: Pip, workspace: Workspace, builder: Builder
) -> None:
    workspace.add(*builder.build("plumb", "1.0").files)
    instant = now()
    workspace.add(*builder.build("plumb", "2.0").files)
    environment = pip.make_environment()

    pip.install(
        environment, "--uploaded-prior-to", instant, "plumb", index=workspace.index_with_key
    )

    assert environment.installed == {"plumb": "1.0"}


def test_s49_nothing_was_there_before_the_first_upload(
    any_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    instant = now()
    workspace.add(*builder.build("plumb", "1.0").files)
    environment = any_uv.make_environment()

    any_uv.install(
        environment, "--exclude-newer", instant, "plumb", index=workspace.index_with_key, fails=True
    )

    assert environment.installed == {}


def test_a_new_release_is_installed_at_once(
    end_installer: Installer, workspace: Workspace, builder: Builder
) -> None:
    workspace.add(*builder.build("plumb", "1.0").files)
    environment = end_installer.make_environment()
    end_installer.install(environment, "plumb", index=workspace.index_with_key)
    workspace.add(*builder.build("plumb", "2.0").files)

    end_installer.install(environment, "--upgrade", "plumb", index=workspace.index_with_key)

    assert environment.installed == {"plumb": "2.0"}


def test_s58_pip_reads_metadata_by_ranges(machine: Machine, stocked: Workspace) -> None:
    pip = Pip(machine, "pip-21.3")
    environment = pip.make_environment()
    stocked.forget_accesses()

    pip.install(environment, "--use-feature=fast-deps", "sextant", index=stocked.index_with_key)

    assert environment.installed == ALL
    assert "206" in {str(access.status) for access in stocked.accesses()}


def test_pip_finds_the_versions_of_a_package(
    pip: Pip, workspace: Workspace, builder: Builder
) -> None:
    for version in ("1.0", "2.0"):
        workspace.add(*builder.build("plumb", version).files)
    environment = pip.make_environment()

    said = pip(environment, "index", "versions", "plumb", "--index-url", workspace.index_with_key)

    assert "Available versions: 2.0, 1.0" in said
