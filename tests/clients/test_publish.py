"""What twine and uv do beyond what every program that publishes can."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clients import Machine, Twine, Uv
from tests.support.projects import Builder, Dists
from tests.support.uv_projects import make_uv_project
from tests.support.workspaces import Workspace

Publish = Callable[..., str]


@pytest.fixture(params=["twine", "uv-0.12", "uv"])
def publish(request: pytest.FixtureRequest, machine: Machine, workspace: Workspace) -> Publish:
    """Publish files to the workspace, with each client in turn."""
    name = request.param

    def by_twine(*files: Path, url: str = workspace.upload_url) -> str:
        login = ("--username", "__token__", "--password", workspace.writer)
        return Twine(machine, name).upload("--repository-url", url, *login, *files)

    def by_uv(*files: Path, url: str = workspace.upload_url) -> str:
        login = ("--token", workspace.writer)
        return Uv(machine, name).publish("--publish-url", url, *login, *files)

    return by_twine if name == "twine" else by_uv


def test_u62_the_page_carries_the_metadata_of_each_file(
    publish: Publish, workspace: Workspace, fathom: Dists
) -> None:
    publish(*fathom.files)

    wheel, sdist = workspace.page("fathom")["files"]
    assert wheel["hashes"] == {"sha256": hashlib.sha256(fathom.wheel.read_bytes()).hexdigest()}
    assert wheel["requires-python"] == sdist["requires-python"] == ">=3.8"
    assert wheel["size"] == fathom.wheel.stat().st_size
    assert wheel["core-metadata"]


def test_publishes_a_release_of_a_package_that_exists(
    publish: Publish, workspace: Workspace, builder: Builder
) -> None:
    first, second = builder.build("plumb", "1.0"), builder.build("plumb", "2.0+acme.1")
    publish(*first.files)

    publish(*second.files)

    assert workspace.page("plumb")["versions"] == ["1.0", "2.0+acme.1"]


def test_u01_the_url_may_end_in_a_slash(
    publish: Publish, workspace: Workspace, fathom: Dists
) -> None:
    publish(fathom.wheel, url=f"{workspace.upload_url}/")

    assert workspace.listed("fathom") == [fathom.wheel.name]


def test_u10_twine_may_send_the_key_under_another_user_name(
    twine: Twine, workspace: Workspace, fathom: Dists
) -> None:
    login = ("--username", "robot", "--password", workspace.writer)

    twine.upload("--repository-url", workspace.upload_url, *login, fathom.wheel)

    assert workspace.listed("fathom") == [fathom.wheel.name]


def test_uv_publishes_what_it_has_built(
    uv: Uv, workspace: Workspace, builder: Builder, backend: Path
) -> None:
    source = builder.build("plumb", "1.0").source
    dist = uv.machine.folder / "dist"
    uv(
        "build",
        "--no-build-isolation",
        "--out-dir",
        dist,
        source,
        variables={"PYTHONPATH": backend},
    )

    uv.publish(
        *("--publish-url", workspace.upload_url, "--token", workspace.writer, dist / "*"),
    )

    assert workspace.listed("plumb") == ["plumb-1.0-py3-none-any.whl", "plumb-1.0.tar.gz"]


def test_u111_uv_uploads_nothing_that_the_index_has(
    any_uv: Uv, workspace: Workspace, fathom: Dists
) -> None:
    workspace.add(*fathom.files)
    workspace.forget_accesses()

    said = any_uv.publish(
        *("--publish-url", workspace.upload_url, "--token", workspace.writer),
        *("--check-url", workspace.index_with_key, *fathom.files),
    )

    assert said.count("already exists, skipping") == 2
    assert {access.method for access in workspace.accesses()} == {"GET"}


def test_u111_uv_publishes_by_the_name_of_an_index(
    any_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    project = make_uv_project(any_uv.machine, workspace)
    first, second = builder.build("plumb", "1.0"), builder.build("plumb", "2.0")
    workspace.add(*first.files)
    login = {"UV_INDEX_ACME_USERNAME": "__token__", "UV_INDEX_ACME_PASSWORD": workspace.reader}

    said = any_uv.publish(
        *("--index", "acme", "--token", workspace.writer, *first.files, *second.files),
        cwd=project,
        variables=login,
    )

    assert said.count("already exists, skipping") == 2
    assert workspace.page("plumb")["versions"] == ["1.0", "2.0"]


def test_u111_uv_notices_other_content_before_it_uploads(
    any_uv: Uv, workspace: Workspace, builder: Builder
) -> None:
    workspace.add(builder.build("plumb", "1.0").wheel)
    other = builder.build("plumb", "1.0", note="changed").wheel

    said = any_uv.publish(
        *("--publish-url", workspace.upload_url, "--token", workspace.writer),
        *("--check-url", workspace.index_with_key, other),
        fails=True,
    )

    assert "Local file and index file do not match" in said
