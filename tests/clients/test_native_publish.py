"""uv 0.12.6 publishes in several requests (uv-client.md 7.2, 7.3); stages are installed from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.clients import Machine, Uv, make_installer
from tests.support.projects import Builder, Dists
from tests.support.workspaces import Workspace

DIRECT = ("--direct", "--preview-features", "direct-publish")
META = {"api-version": "2.0"}


def login(workspace: Workspace) -> dict[str, str]:
    """The variables that make uv know the server, and give it the writer's key."""
    return {"PYX_API_URL": workspace.server.base, "PYX_AUTH_TOKEN": workspace.writer}


def steps(workspace: Workspace) -> list[str]:
    """The ends of the URLs that were posted to, in order."""
    posts = [access.path for access in workspace.accesses() if access.method == "POST"]
    return [path.rpartition("/")[2] for path in posts]


class TestValidate:
    @pytest.mark.parametrize("end", ["", "/"])
    def test_every_upload_is_validated_before(
        self, native_uv: Uv, workspace: Workspace, fathom: Dists, end: str
    ) -> None:
        url = workspace.upload_url + end
        native_uv.publish("--publish-url", url, *fathom.files, variables=login(workspace))

        assert workspace.listed("fathom") == fathom.filenames
        assert steps(workspace).count("validate") == 2

    def test_u74_what_is_there_is_not_sent_again(
        self, native_uv: Uv, workspace: Workspace, fathom: Dists
    ) -> None:
        workspace.add(*fathom.files)

        said = native_uv.publish(
            "--publish-url", workspace.upload_url, *fathom.files, variables=login(workspace)
        )

        assert said.count("File already exists, skipping") == 2
        assert set(steps(workspace)) == {"validate"}

    def test_a_dry_run_only_validates(
        self, native_uv: Uv, workspace: Workspace, fathom: Dists
    ) -> None:
        native_uv.publish(
            *("--dry-run", "--publish-url", workspace.upload_url, *fathom.files),
            variables=login(workspace),
        )

        assert set(steps(workspace)) == {"validate"}
        assert workspace.packages() == []

    def test_u23_other_content_is_refused_before_it_is_sent(
        self, native_uv: Uv, workspace: Workspace, fathom: Dists, tmp_path: Path
    ) -> None:
        workspace.add(*fathom.files)
        other = tmp_path / fathom.wheel.name
        other.write_bytes(fathom.wheel.read_bytes() + b"x")

        said = native_uv.publish(
            *("--publish-url", workspace.upload_url, other), variables=login(workspace), fails=True
        )

        assert "File already exists" in said
        assert set(steps(workspace)) == {"validate"}


class TestDirect:
    def test_the_bytes_go_to_a_place_of_their_own(
        self, native_uv: Uv, workspace: Workspace, fathom: Dists
    ) -> None:
        options = (*DIRECT, "--token", workspace.writer, "--publish-url", workspace.upload_url)

        native_uv.publish(*options, *fathom.files)

        assert workspace.listed("fathom") == fathom.filenames
        assert workspace.download("fathom", fathom.wheel.name) == fathom.wheel.read_bytes()
        assert steps(workspace) == ["reserve", "finalize"] * 2

    def test_u74_what_is_there_is_not_sent_again(
        self, native_uv: Uv, workspace: Workspace, fathom: Dists
    ) -> None:
        workspace.add(*fathom.files)
        options = (*DIRECT, "--token", workspace.writer, "--publish-url", workspace.upload_url)

        said = native_uv.publish(*options, *fathom.files)

        assert said.count("File already exists, skipping") == 2
        assert steps(workspace) == ["reserve"] * 2

    def test_u88_a_broken_wheel_is_refused_at_the_end_with_the_reason(
        self, native_uv: Uv, workspace: Workspace, fathom: Dists, tmp_path: Path
    ) -> None:
        broken = tmp_path / fathom.wheel.name
        broken.write_bytes(fathom.wheel.read_bytes() + b"more")
        options = (*DIRECT, "--token", workspace.writer, "--publish-url", workspace.upload_url)

        said = native_uv.publish(*options, broken, fails=True)

        assert "its end record is not at the end of the file" in said
        assert workspace.packages() == []


@pytest.fixture
def stage(workspace: Workspace, builder: Builder) -> str:
    """The URL of a stage with a new release of fathom."""

    def ask(url: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {workspace.writer}"}
        answer = requests.post(url, headers=headers, timeout=10, **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    root = workspace.upload_url.replace("/v1/upload/", "/v1/upload2/")
    session = ask(root, json={"meta": META, "name": "fathom", "version": "2.0"})
    for path in builder.build("fathom", "2.0").files:
        content = path.read_bytes()
        announced = {
            "meta": META,
            "filename": path.name,
            "size": len(content),
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "mechanism": "http-post-bytes",
        }
        file = ask(session["links"]["upload"], json=announced)
        ask(file["mechanism"]["file_url"], data=content)
        ask(file["links"]["complete"], json={"meta": META})
    url: str = session["links"]["stage"]
    return url


@pytest.mark.parametrize("name", ["uv", "pip"])
def test_u207_a_stage_is_installed_from_before_it_is_published(
    machine: Machine, stocked: Workspace, stage: str, name: str
) -> None:
    installer = make_installer(machine, name)
    environment = installer.make_environment()
    extra = ("--extra-index-url", stage)

    installer.install(environment, *extra, "fathom", index=stocked.index_with_key)

    assert environment.installed["fathom"] == "2.0"
