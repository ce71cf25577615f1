"""Audits against this server alone: real uv and pip-audit ask it by the OSV protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.access import RecordedServer
from tests.support.clients import CLIENTS, Machine, Uv
from tests.support.databases import MakeUrl
from tests.support.projects import Builder
from tests.support.site import TestSite
from tests.support.uv_projects import credentials, make_uv_project
from tests.support.waiting import wait_until
from tests.support.workspaces import Workspace

RECORD = {
    "schema_version": "1.6.0",
    "id": "TEST-2026-1",
    "modified": "2026-01-02T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "aliases": ["CVE-2026-1"],
    "summary": "Plumb lines bend",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "plumb"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}],
        }
    ],
    "references": [{"type": "WEB", "url": "https://advisories.example/TEST-2026-1"}],
}


@pytest.fixture(scope="module")
def audited(
    tmp_path_factory: pytest.TempPathFactory, make_sqlite: MakeUrl, builder: Builder
) -> Iterator[Workspace]:
    """A workspace on a server that knows of a vulnerability of plumb; it has read it by itself."""
    folder = tmp_path_factory.mktemp("audits")
    records = folder / "records"
    records.mkdir()
    (records / "1.json").write_text(json.dumps(RECORD))
    settings = {"stockroom.plugins": "osv", "plugin.osv.records": str(records)}
    server = RecordedServer(folder / "server", make_sqlite(), **settings)
    server.start()
    node = TestSite(server.database_url, server.files)
    workspace = Workspace(server, node, "acme")
    for version in ("1.0", "1.9"):
        workspace.add(*builder.build("plumb", version).files)
    address = f"{server.base}/v1/vulns/TEST-2026-1"
    wait_until(lambda: requests.get(address, timeout=10).status_code == 200)
    yield workspace
    node.close()
    server.stop()


def audit(uv: Uv, workspace: Workspace, requirement: str, *, fails: bool) -> str:
    """What uv says of a project with this requirement."""
    project = make_uv_project(uv.machine, workspace, requirement)
    login = credentials(workspace)
    uv("lock", cwd=project, variables=login)
    service = ("--preview-features", "audit", "--service-url", f"{workspace.server.base}/")
    return uv("audit", *service, cwd=project, variables=login, fails=fails)


def test_uv_finds_the_vulnerability(uv: Uv, audited: Workspace) -> None:
    said = audit(uv, audited, "plumb==1.0", fails=True)

    assert "TEST-2026-1" in said
    assert "Plumb lines bend" in said
    assert "1.5" in said


def test_uv_finds_nothing_in_a_version_that_is_fixed(uv: Uv, audited: Workspace) -> None:
    assert "TEST-2026-1" not in audit(uv, audited, "plumb==1.9", fails=False)


def pip_audit(machine: Machine, workspace: Workspace, pin: str, tmp_path: Path) -> str:
    """What pip-audit says of a requirements file with this pin."""
    file = tmp_path / "requirements.txt"
    file.write_text(f"{pin}\n")
    return machine.run(
        *(CLIENTS / "pip-audit" / "bin" / "pip-audit", "--vulnerability-service", "osv"),
        *("--osv-url", f"{workspace.server.base}/v1/query", "--requirement", file),
        *("--no-deps", "--disable-pip", "--progress-spinner", "off", "--aliases", "on"),
        fails=pin.endswith("1.0"),
    )


def test_pip_audit_finds_the_vulnerability(
    machine: Machine, audited: Workspace, tmp_path: Path
) -> None:
    said = pip_audit(machine, audited, "plumb==1.0", tmp_path)

    assert "Found 1 known vulnerability in 1 package" in said
    assert "plumb 1.0 CVE-2026-1 1.5 TEST-2026-1" in said


def test_pip_audit_finds_nothing_in_a_version_that_is_fixed(
    machine: Machine, audited: Workspace, tmp_path: Path
) -> None:
    assert "No known vulnerabilities found" in pip_audit(machine, audited, "plumb==1.9", tmp_path)
