"""A workspace on a server process, with what a test needs to fill it and to look at it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from stockroom.manage.packages import Packages
from tests.support.access import Access, RecordedServer
from tests.support.site import JSON, TestSite


class Workspace:
    """A workspace with its registry ``main``.

    It is made and filled through a second node of the same server in this process, because that
    is faster than the command line or a client.
    """

    def __init__(
        self, server: RecordedServer, node: TestSite, name: str, visibility: str = "team"
    ) -> None:
        self.server = server
        self.name = name
        self._node = node
        self._answered_before = len(server.accesses())
        node.create_workspace(name, visibility)

    @property
    def node(self) -> TestSite:
        """A second node of the server, in this process."""
        return self._node

    @cached_property
    def writer(self) -> str:
        """A key that may publish."""
        return self._node.create_key("writer", self.name)

    @cached_property
    def reader(self) -> str:
        """A key that may only install."""
        return self._node.create_key("reader", self.name)

    @cached_property
    def admin(self) -> str:
        """A key that may administer."""
        return self._node.create_key("admin", self.name)

    @property
    def api(self) -> str:
        """The URL below which the registry is administered."""
        return f"{self.server.base}/v1/workspaces/{self.name}/registries/main"

    @property
    def host(self) -> str:
        """Host and port of the server."""
        return self.server.base.removeprefix("http://")

    @property
    def index(self) -> str:
        """The URL to install from."""
        return f"{self.server.base}/simple/{self.name}/main/"

    @property
    def index_with_key(self) -> str:
        """The URL to install from, with the reader's key in it."""
        return self.index_with(f"__token__:{self.reader}")

    def index_with(self, userinfo: str) -> str:
        """The URL to install from, with a credential in it."""
        return self.index.replace("//", f"//{userinfo}@", 1)

    @property
    def upload_url(self) -> str:
        """The URL to publish to."""
        return f"{self.server.base}/v1/upload/{self.name}/main"

    def add(self, *files: Path) -> None:
        """Publish files without a client."""
        for path in files:
            self.add_bytes(path.name, path.read_bytes())

    def add_bytes(self, filename: str, content: bytes) -> None:
        """Publish a file that is not on disk without a client."""
        self._node.upload(filename, content, self.writer, to=f"{self.name}/main")

    def set_policy(self, **changes: str) -> None:
        """Change what the registry decides for itself."""
        self._node.set_policy(f"{self.name}/main", **changes)

    def yank(self, package: str, version: str, reason: str) -> None:
        """Yank a release."""
        with self._node.database.transaction() as session:
            Packages(session, "test").set_yanked(
                self.name, "main", package, version, yanked=True, reason=reason
            )

    def set_status(self, package: str, status: str, reason: str) -> None:
        """Archive or quarantine a package."""
        with self._node.database.transaction() as session:
            Packages(session, "test").set_status(self.name, "main", package, status, reason)

    def packages(self) -> list[str]:
        """The names on the project list, as the server process shows it."""
        return [project["name"] for project in self._get(self.index).json()["projects"]]

    def listed(self, package: str) -> list[str]:
        """The names of the files on a package's page, as the server process shows it."""
        return [file["filename"] for file in self.page(package)["files"]]

    def page(self, package: str) -> dict[str, Any]:
        """A package's page, as the server process shows it."""
        found: dict[str, Any] = self._get(f"{self.index}{package}/").json()
        return found

    def download(self, package: str, filename: str) -> bytes:
        """The content of a file that is on a package's page."""
        [url] = [
            file["url"] for file in self.page(package)["files"] if file["filename"] == filename
        ]
        return self._get(urljoin(f"{self.index}{package}/", url)).content

    def forget_accesses(self) -> None:
        """Leave what was answered until now out of :meth:`accesses`."""
        self._answered_before = len(self.server.accesses())

    def accesses(self) -> list[Access]:
        """The requests for this workspace."""
        doors = (f"/simple/{self.name}/", f"/v1/upload/{self.name}/")
        answered = self.server.accesses()[self._answered_before :]
        return [access for access in answered if access.path.startswith(doors)]

    def _get(self, url: str) -> requests.Response:
        headers = {"Accept": f"{JSON}, */*", "Authorization": f"Bearer {self.reader}"}
        answer = requests.get(url, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer
