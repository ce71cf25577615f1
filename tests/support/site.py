"""A Stockroom in this process: application, database and the helpers that tests speak in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import get_ident
from typing import Any, TypeVar, cast

from stockroom.app import Application, make_app
from stockroom.db import Database
from stockroom.filters import Language
from stockroom.manage.defining import Views
from stockroom.manage.definitions import Definition, parse_group, resolve
from stockroom.manage.keys import Keys
from stockroom.manage.places import Places
from stockroom.manage.policies import Policies
from stockroom.resources.directory import read_snapshot
from stockroom.settings import read_settings
from tests.support.described import DescribedApp
from tests.support.statements import watched

T = TypeVar("T")

JSON = "application/vnd.pypi.simple.v1+json"
PYX_JSON = "application/vnd.pyx.simple.v1+json"
PYX_MSGPACK = "application/vnd.pyx.simple.v1+msgpack"


class TestSite:
    """An application on a fresh database with the workspace ``acme`` (visibility team)."""

    __test__ = False

    def __init__(self, database_url: str, folder: Path, **settings: str) -> None:
        self.values = {
            "sqlalchemy.url": database_url,
            "stockroom.storage": f"file://{folder}",
            **settings,
        }
        self.folder = folder
        self.application: Application = make_app(read_settings(self.values))
        self.app = DescribedApp(self.application, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
        self.database = self.service(Database)

    def close(self) -> None:
        """Stop everything."""
        self.application.close()

    def service(self, kind: type[T]) -> T:
        """The application's instance of ``kind``."""
        return cast(T, self.application.services[kind])

    def create_workspace(self, name: str = "acme", visibility: str = "team") -> None:
        """Make a workspace with its registry ``main``."""
        with self.database.transaction() as session:
            Places(session, "test").create_workspace(name, visibility=visibility)

    def create_view(self, view: str, *groups: str, reason: str | None = None) -> None:
        """Make a view, as somebody who may read everything; groups are in their text form."""
        workspace, name = view.split("/")
        definition = Definition(tuple(parse_group(group) for group in groups))
        with self.database.transaction() as session:
            snapshot = read_snapshot(session.connection())
            found = resolve(definition, snapshot, self.service(Language), lambda _: True)
            Views(session, "test").create(workspace, name, definition, found, reason)

    def create_key(
        self, role: str = "writer", scope: str = "acme", valid_for: timedelta | None = None
    ) -> str:
        """Make an API key."""
        with self.database.transaction() as session:
            minted = Keys(session, "test").create_with_robot(
                "a key", role=role, scope=scope, valid_for=valid_for
            )
        return minted.secret

    def set_policy(self, registry: str = "acme/main", **changes: str) -> None:
        """Change what a registry decides for itself."""
        workspace, name = registry.split("/")
        with self.database.transaction() as session:
            Policies(session, "test").change_registry(workspace, name, changes)

    def set_team_policy(self, team: str = "acme", **changes: str) -> None:
        """Change what holds for all registries of a team."""
        with self.database.transaction() as session:
            Policies(session, "test").change_team(team, changes)

    def upload(
        self,
        filename: str,
        content: bytes,
        key: str | None,
        *,
        to: str = "acme/main",
        status: int | str = 200,
        accept: str = "*/*",
        **fields: str,
    ) -> Any:
        """Upload a file by the legacy form; ``fields`` replace or (when "") remove form fields."""
        form = {**form_fields(filename, content), **fields}
        return self.app.post(
            f"/v1/upload/{to}",
            params=[(name, value) for name, value in form.items() if value],
            upload_files=[("content", filename, content)],
            headers={**bearer(key), "Accept": accept},
            status=status,
        )

    def get(
        self, path: str, key: str | None = None, *, status: int | str = 200, **headers: str
    ) -> Any:
        """GET with a key; ``headers`` are named with underscores (``if_none_match``)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.app.get(path, headers={**bearer(key), **named}, status=status)

    def page(self, package: str, key: str | None, *, index: str = "acme/main") -> dict[str, Any]:
        """The JSON page of a package."""
        found: dict[str, Any] = self.get(f"/simple/{index}/{package}/", key, accept=JSON).json
        return found

    def file_url(self, package: str, filename: str, key: str, *, index: str = "acme/main") -> str:
        """The path of a published file, from the package's page."""
        files = {
            file["filename"]: file["url"] for file in self.page(package, key, index=index)["files"]
        }
        return f"/simple/{index}/{files[filename].removeprefix('../')}"

    @contextmanager
    def count_queries(self) -> Iterator[list[str]]:
        """Collect the statements that this thread sends to the database meanwhile.

        The change feed looks for news in a thread of its own, whenever it likes.
        """
        statements: list[str] = []
        caller = get_ident()

        def note(statement: str) -> None:
            if get_ident() == caller:
                statements.append(statement)

        with watched(self.database.engine, self.database.news_engine, before=note):
            yield statements


def bearer(key: str | None) -> dict[str, str]:
    """The header that carries a key."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def form_fields(filename: str, content: bytes) -> dict[str, str]:
    """The form that twine would send for a file, as far as its name tells."""
    stem = filename.removesuffix(".whl").removesuffix(".tar.gz").removesuffix(".zip")
    name, version = stem.split("-")[:2]
    is_wheel = filename.endswith(".whl")
    return {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": name,
        "version": version,
        "filetype": "bdist_wheel" if is_wheel else "sdist",
        "pyversion": "py3" if is_wheel else "source",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
    }
