"""The lines that the page "Use" shows work as they stand, with a key that it makes."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
import requests

from tests.support.clients import Machine, Pip, Twine, Uv
from tests.support.people import begin_session, make_user
from tests.support.projects import Builder, Dists
from tests.support.workspaces import Workspace

LINES = re.compile(r'<pre data-copy="([^"]+)">(.*?)</pre>', re.DOTALL)
TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')
PROJECT = """\
[project]
name = "consumer"
version = "1"
requires-python = ">=3.11"
dependencies = ["plumb"]

"""


@pytest.fixture
def lines(workspace: Workspace) -> dict[str, str]:
    """What the page shows to a new writer who has just made a key on it, by what it is."""
    node = workspace._node
    name = f"user-{workspace.name}"
    user = make_user(node, name, role="writer", scope=workspace.name)
    url = f"{workspace.server.base}/use/{workspace.name}/main"
    with requests.Session() as browser:
        browser.cookies.set("stockroom", begin_session(node, user).secret)
        browser.headers["Accept"] = "text/html,*/*;q=0.8"
        [token] = set(TOKEN.findall(browser.get(url, timeout=20).text))
        form = {"csrf_token": token, "name": "laptop", "access": "write", "days": "7"}
        page = browser.post(url, form, timeout=20)
    page.raise_for_status()
    return {what: html.unescape(text) for what, text in LINES.findall(page.text)}


def test_uv(lines: dict[str, str], uv: Uv, builder: Builder, tmp_path: Path) -> None:
    project = tmp_path / "consumer"
    project.mkdir()
    toml = PROJECT + lines["the lines for pyproject.toml"]
    (project / "pyproject.toml").write_text(toml, "utf-8")
    login = lines["the command for uv"].split()
    publish = lines["the command to publish with uv"].split()

    uv(*login[1:])
    # Against a server without TLS it would wait ten seconds for one before it publishes.
    options = (*publish[1:], "--trusted-publishing", "never")
    uv(*options, *builder.build("plumb", "1.0").files, cwd=project)
    uv("lock", cwd=project)

    assert 'name = "plumb"' in (project / "uv.lock").read_text("utf-8")


def test_twine_and_pip(
    lines: dict[str, str], machine: Machine, twine: Twine, pip: Pip, fathom: Dists
) -> None:
    (machine.home / ".pypirc").write_text(lines["the lines for .pypirc"], "utf-8")
    (machine.home / ".netrc").write_text(lines["the lines for netrc"], "utf-8")
    settings = machine.home / "pip.conf"
    settings.write_text(lines["the lines for pip.conf"], "utf-8")
    _, _, *options, pattern = lines["the command for twine"].split()
    environment = pip.make_environment()

    twine.upload(*options, *fathom.files)
    pip.install(
        environment, "fathom", "--no-deps", index=None, variables={"PIP_CONFIG_FILE": settings}
    )

    assert pattern == "dist/*"
    assert environment.installed["fathom"] == "1.0"
