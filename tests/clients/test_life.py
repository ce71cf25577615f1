"""What pip and uv make of a release that is yanked, then deleted, over the API of a real server."""

from __future__ import annotations

import pytest
import requests

from tests.archives import make_wheel
from tests.support.clients import Machine, make_installer
from tests.support.workspaces import Workspace


@pytest.mark.parametrize("client", ["pip", "uv"])
def test_a_yanked_release_is_left_out_and_a_deleted_one_is_gone(
    machine: Machine, workspace: Workspace, client: str
) -> None:
    installer = make_installer(machine, client)
    for version in ("1.0", "2.0"):
        workspace.add_bytes(*make_wheel("plumb", version))
    release = f"{workspace.api}/packages/plumb/releases/2.0"
    admin = {"Authorization": f"Bearer {workspace.admin}"}
    unpinned, pinned, gone = (installer.make_environment(name) for name in ("a", "b", "c"))
    index = workspace.index_with_key

    patch = {"yanked": True, "yanked_reason": "counts knots twice"}
    yanked = requests.patch(release, json=patch, headers=admin, timeout=10)
    installer.install(unpinned, "plumb", index=index)
    warned = installer.install(pinned, "plumb==2.0", index=index)
    deleted = requests.delete(f"{release}?confirm=2.0", headers=admin, timeout=10)
    refused = installer.install(gone, "plumb==2.0", index=index, fails=True)

    assert (yanked.status_code, deleted.status_code) == (200, 200)
    assert (unpinned.installed, pinned.installed) == ({"plumb": "1.0"}, {"plumb": "2.0"})
    assert "counts knots twice" in warned
    assert "plumb==2.0" in refused
    assert gone.installed == {}
