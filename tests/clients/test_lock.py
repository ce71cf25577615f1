"""Lock files: made by uv and pip from Stockroom's pages, and installed from its files."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path

from tests.support.clients import Fresh, Pip, Uv
from tests.support.projects import Builder
from tests.support.uv_projects import credentials, make_uv_project, native_credentials
from tests.support.workspaces import Workspace

ALL = {"fathom": "1.0", "gauge": "0.3", "plumb": "1.0", "sextant": "1.0"}


def test_uv_locks_and_installs_from_the_lock_file(any_uv: Uv, stocked: Workspace) -> None:
    project = make_uv_project(any_uv.machine, stocked, "sextant")
    login = credentials(stocked)

    any_uv("lock", cwd=project, variables=login)
    any_uv("sync", "--locked", cwd=project, variables=login)

    assert Fresh(any_uv.machine, project / ".venv").installed == ALL


def test_a_lock_file_carries_size_hash_and_time_of_every_file(
    any_uv: Uv, stocked: Workspace, builder: Builder
) -> None:
    project = make_uv_project(any_uv.machine, stocked, "plumb")
    dists = builder.build("plumb", "1.0")
    [wheel, _] = stocked.page("plumb")["files"]

    any_uv("lock", cwd=project, variables=credentials(stocked))

    packages = tomllib.loads((project / "uv.lock").read_text("utf-8"))["package"]
    [plumb] = [package for package in packages if package["name"] == "plumb"]
    [locked] = plumb["wheels"]
    assert plumb["sdist"]["size"] == dists.sdist.stat().st_size
    assert locked["size"] == dists.wheel.stat().st_size
    assert locked["hash"] == f"sha256:{wheel['hashes']['sha256']}"
    assert locked["url"].startswith(f"{stocked.index}-/plumb/{wheel['hashes']['sha256']}/")
    uploaded = datetime.fromisoformat(wheel["upload-time"])
    # uv keeps milliseconds.
    kept = uploaded.replace(microsecond=uploaded.microsecond // 1000 * 1000)
    assert datetime.fromisoformat(locked["upload-time"]) == kept


def test_both_protocols_give_the_same_lock_file(
    uv: Uv, native_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    for version in ("1.0", "1.10", "1.9"):
        workspace.add(*builder.build("plumb", version).files)
    project = make_uv_project(uv.machine, workspace, "plumb")
    lock = project / "uv.lock"

    uv("lock", cwd=project, variables=credentials(workspace))
    plain = without_revision(lock)
    lock.unlink()
    native_uv("lock", cwd=project, variables=native_credentials(workspace))

    assert without_revision(lock) == plain


def test_a_new_release_leaves_a_lock_file_alone_until_it_is_upgraded(
    any_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    workspace.add(*builder.build("plumb", "1.0").files)
    project = make_uv_project(any_uv.machine, workspace, "plumb")
    login = credentials(workspace)
    any_uv("lock", cwd=project, variables=login)
    workspace.add(*builder.build("plumb", "2.0").files)

    any_uv("sync", "--locked", cwd=project, variables=login)
    installed = Fresh(any_uv.machine, project / ".venv").installed
    said = any_uv("lock", "--upgrade", cwd=project, variables=login)

    assert installed == {"plumb": "1.0"}
    assert "Updated plumb v1.0 -> v2.0" in said


def test_uv_adds_a_package_to_a_project(any_uv: Uv, stocked: Workspace) -> None:
    project = make_uv_project(any_uv.machine, stocked)

    any_uv("add", "fathom[chart]", cwd=project, variables=credentials(stocked))

    declared = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    assert declared["dependencies"] == ["fathom[chart]>=1.0"]


def test_uv_shows_what_is_outdated(any_uv: Uv, workspace: Workspace, builder: Builder) -> None:
    workspace.add(*builder.build("plumb", "1.0").files)
    environment = any_uv.make_environment()
    any_uv.install(environment, "plumb", index=workspace.index_with_key)
    workspace.add(*builder.build("plumb", "2.0").files)

    said = any_uv(
        *("pip", "list", "--outdated", "--python", environment.python),
        *("--default-index", workspace.index_with_key),
    )

    assert "plumb 1.0 2.0 wheel" in said


def test_a_pylock_file_of_pip_serves_pip_and_uv(pip: Pip, uv: Uv, stocked: Workspace) -> None:
    by_pip, by_uv = pip.make_environment("by-pip"), pip.make_environment("by-uv")
    write_netrc(pip.machine.home, stocked)
    lock = pip.machine.folder / "pylock.toml"

    pip(by_pip, "lock", "--index-url", stocked.index, "--output", lock, "sextant")
    pip.install(by_pip, "-r", lock, index=None)
    uv.install(by_uv, "-r", lock, index=None)

    assert by_pip.installed == ALL
    assert by_uv.installed == ALL


def without_revision(lock: Path) -> str:
    """A lock file without the revision of its format, which depends on uv's version."""
    return re.sub("^revision = .*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE)


def write_netrc(home: Path, workspace: Workspace) -> None:
    """Store the reader's key for pip and uv."""
    line = f"machine 127.0.0.1 login __token__ password {workspace.reader}\n"
    (home / ".netrc").write_text(line, "utf-8")
    (home / ".netrc").chmod(0o600)
