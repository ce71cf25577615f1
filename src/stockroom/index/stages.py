"""A stage as an index of its own, to install from before it is published (U-207).

Whoever knows its URL may read it, with no other credential. It is asked for seldom and changes
often, so that nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pyramid.config import Configurator

from stockroom.db import Database
from stockroom.dists import normalize
from stockroom.errors import NotFound
from stockroom.index import documents, queries
from stockroom.index.delivery import Delivery
from stockroom.index.files import METADATA_SUFFIX
from stockroom.index.negotiation import negotiate
from stockroom.index.pages import Page
from stockroom.resolution import FileDetail, PackageDetail
from stockroom.resources import StageResource
from stockroom.security.permissions import Permission
from stockroom.spi import Storage
from stockroom.web import READS, TOKEN, VARY, Headers, Ready, Request, at, redirect

NO_STORE = ("Cache-Control", "private, no-store")


class StagedPackages:
    """Reads stages; one query each time."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock

    def package(self, token: str) -> PackageDetail:
        """The release on a live stage; raises NotFound."""
        with self._database.read() as connection:
            found = queries.staged_package(connection, token, self._clock())
        if found is None:
            raise NotFound("there is no such stage, or not any more")
        return found

    def file(self, token: str, sha256: str, filename: str) -> FileDetail:
        """A completed file of a live stage; raises NotFound."""
        for file in self.package(token).files:
            if (file.filename, file.sha256) == (filename, sha256):
                return file
        raise NotFound(f"the stage has no file {filename} with the digest {sha256}")

    def metadata(self, file: FileDetail) -> bytes:
        """The core metadata of a wheel; raises NotFound where it is not announced."""
        if not file.announces_metadata:
            raise NotFound(f"{file.filename} has no separate metadata file")
        reader = self._storage.open(file.metadata_sha256)
        try:
            return b"".join(reader)
        finally:
            reader.close()


def stage_list(context: StageResource, request: Request) -> Ready:
    """The one package of a stage."""
    package = request.service(StagedPackages).package(context.__name__)
    representation = negotiate(*_wishes(request))
    body = documents.project_list([(package.name, package.name)], representation)
    return _page(body, representation.value)


def stage_page(context: StageResource, request: Request) -> Ready:
    """The page of a stage's package."""
    asked = request.matchdict["package"]
    package = request.service(StagedPackages).package(context.__name__)
    if normalize(asked) != package.name:
        raise NotFound(f"the stage has no package {asked}")
    if asked != package.name:
        return redirect(f"../{package.name}/")
    representation = negotiate(*_wishes(request))
    return _page(documents.project_page(package, representation, "../"), representation.value)


def stage_file(context: StageResource, request: Request) -> Ready:
    """A file of a stage, or its core metadata."""
    stages, sha256 = request.service(StagedPackages), request.matchdict["sha256"]
    filename = request.matchdict["filename"]
    file = stages.file(context.__name__, sha256, filename.removesuffix(METADATA_SUFFIX))
    if filename.endswith(METADATA_SUFFIX):
        return _page(stages.metadata(file), "application/octet-stream")
    return request.service(Delivery).deliver(file, request.environ)


def _wishes(request: Request) -> tuple[str, str]:
    return request.environ.get("HTTP_ACCEPT", ""), request.environ.get("QUERY_STRING", "")


def _page(body: bytes, content_type: str) -> Ready:
    if content_type.startswith("text/"):
        content_type = f"{content_type}; charset=utf-8"
    headers: Headers = [("Content-Type", content_type), NO_STORE, VARY]
    return Page(body, headers).full


def configure(config: Configurator) -> None:
    """The same URLs below a stage as below a view."""
    doors = (
        ("stage.page", "/{package}/", stage_page),
        ("stage.file", "/-/{package}/{sha256}/{filename}", stage_file),
        ("stage.list", "/", stage_list),
    )
    for name, pattern, view in doors:
        factory = at("stages", "{token}", methods=READS)
        config.add_route(name, f"/stage/{{token:{TOKEN}}}{pattern}", factory=factory)
        config.add_view(
            view, route_name=name, context=StageResource, permission=Permission.STAGE_READ
        )
