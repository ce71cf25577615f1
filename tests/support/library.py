"""A site with something of everything on its shelves, for tests that only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.manage.keys import Keys
from stockroom.manage.packages import Packages
from stockroom.manage.places import Places
from stockroom.models import ApiKey, Package, Registry
from stockroom.security.keys import digest
from tests.archives import make_sdist, make_wheel
from tests.support.site import TestSite

INDEX = "/simple/acme/main/"
YANK_REASON = 'broken: use <2.0 & "pin" it'
LOCAL = "sample-1.0+local.1-py3-none-any.whl"
EPOCH = "sample-1!2.0-py3-none-any.whl"


@dataclass
class Library:
    """The site, keys for it, and the content of every published file by its name."""

    site: TestSite
    reader: str
    writer: str
    files: dict[str, bytes] = field(default_factory=dict)

    def publish(self, file: tuple[str, bytes]) -> None:
        """Upload a file and remember it."""
        self.site.upload(*file, self.writer)
        self.files[file[0]] = file[1]

    def path(self, filename: str, package: str = "demo-pkg") -> str:
        """The path at which a file is served."""
        return self.site.file_url(package, filename, self.reader)

    @property
    def wheel(self) -> str:
        """The wheel of demo-pkg 1.0."""
        return "demo_pkg-1.0-py3-none-any.whl"

    @property
    def sdist(self) -> str:
        """The sdist of demo-pkg 1.0."""
        return "demo_pkg-1.0.tar.gz"


@contextmanager
def open_library(database_url: str, folder: Path) -> Iterator[Library]:
    """Make a site with the packages demo-pkg, foo-bar, sample, closed, empty and nothing else.

    demo-pkg has two releases, of which 2.0 is yanked; foo-bar calls itself Foo.Bar; sample has
    versions that need quoting; closed is quarantined; empty has no files.
    """
    site = TestSite(database_url, folder)
    try:
        site.create_workspace()
        library = Library(site, site.create_key("reader"), site.create_key("writer"))
        for make in (make_wheel, make_sdist):
            library.publish(
                make("demo-pkg", "1.0", requires=["beta>=1"], requires_python=">=3.8,<4")
            )
        library.publish(make_wheel("demo-pkg", "2.0"))
        library.publish(make_wheel("Foo.Bar", "1.0"))
        library.publish(make_wheel("sample", "1.0+local.1"))
        library.publish(make_wheel("sample", "1!2.0"))
        library.publish(make_wheel("closed", "1.0"))
        with site.database.transaction() as session:
            packages = Packages(session, "test")
            packages.set_yanked("acme", "main", "demo-pkg", "2.0", yanked=True, reason=YANK_REASON)
            packages.set_status("acme", "main", "closed", "quarantined", "it steals secrets")
            add_empty_package(session, "empty")
        yield library
    finally:
        site.close()


def add_empty_package(session: Session, name: str) -> None:
    """Add a package without any file to acme/main."""
    registry_id = session.execute(select(Registry.id)).scalars().first()
    session.add(
        Package(registry_id=registry_id, name=name, display_name=name, created_at=datetime.now(UTC))
    )


def create_registry(site: TestSite, name: str, workspace: str = "acme") -> None:
    """Add a hosted registry, with its view, to a workspace."""
    with site.database.transaction() as session:
        Places(session, "test").create_registry(workspace, name)


def set_visibility(site: TestSite, visibility: str, workspace: str = "acme") -> None:
    """Open or close a workspace."""
    with site.database.transaction() as session:
        Places(session, "test").set_visibility(workspace, visibility)


def set_status(
    site: TestSite,
    status: str,
    reason: str | None = None,
    *,
    package: str = "demo-pkg",
    workspace: str = "acme",
) -> None:
    """Change the status of a package in the registry main."""
    with site.database.transaction() as session:
        Packages(session, "test").set_status(workspace, "main", package, status, reason)


def set_yanked(
    site: TestSite, *, yanked: bool, reason: str | None = None, workspace: str = "acme"
) -> None:
    """Yank or unyank the release 1.0 of demo-pkg in the registry main."""
    with site.database.transaction() as session:
        Packages(session, "test").set_yanked(
            workspace, "main", "demo-pkg", "1.0", yanked=yanked, reason=reason
        )


def revoke(site: TestSite, secret: str) -> None:
    """Revoke an API key."""
    with site.database.transaction() as session:
        query = select(ApiKey.id).where(ApiKey.digest == digest(secret))
        Keys(session, "test").revoke(session.execute(query).scalar_one())
