"""Projects for uv with a workspace as their only index."""

from __future__ import annotations

from pathlib import Path

from tests.support.clients import Machine
from tests.support.workspaces import Workspace

PYPROJECT = """\
[project]
name = "ship"
version = "0"
requires-python = ">=3.11"
dependencies = {dependencies}

[[tool.uv.index]]
name = "acme"
url = "{index}"
publish-url = "{upload_url}"
default = true
"""


def make_uv_project(machine: Machine, workspace: Workspace, *dependencies: str) -> Path:
    """Make the folder of a project with the index ``acme``."""
    folder = machine.folder / "ship"
    folder.mkdir()
    text = PYPROJECT.format(
        dependencies=list(dependencies), index=workspace.index, upload_url=workspace.upload_url
    )
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder


def credentials(workspace: Workspace) -> dict[str, str]:
    """The variables that give uv the reader's key for the index ``acme``."""
    return {"UV_INDEX_ACME_USERNAME": "__token__", "UV_INDEX_ACME_PASSWORD": workspace.reader}


def native_credentials(workspace: Workspace) -> dict[str, str]:
    """The variables that make uv up to 0.12.6 speak the native protocol, with the reader's key."""
    return {"PYX_API_URL": workspace.server.base, "PYX_AUTH_TOKEN": workspace.reader}
