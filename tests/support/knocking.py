"""Every door that leads into the tree, as requests that are refused before they change anything.

The doors of the API are read from its table, here and nowhere else in the tests of access.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from stockroom.dashboard.doors import PAGES
from stockroom.manage.api.doors import Door
from stockroom.manage.api.views import DOORS
from stockroom.resources import SeenPackage
from stockroom.security.acl import SELF
from stockroom.security.permissions import Permission
from tests.support.site import TestSite

UPLOADS = ("", "/", "/validate", "/reserve", "/finalize")
CONTAINERS = {
    "{team}": "team",
    "{workspace}": "workspace",
    "{registry}": "registry",
    "{view}": "view",
    "{package}": "package",
}
"""What a placeholder leads to; any other is something that its place knows by name."""
UNKNOWN = "unheard-of"
"""Stands for every placeholder that is none of these: there is nothing of that name."""
# Whatever a door reads, it refuses one of these: an unknown parameter, a body of an unknown type.
QUERY = "no-such-parameter=1"
BODY = b"nothing"
BODY_TYPE = "text/x-nothing"


@dataclass(frozen=True)
class Knock:
    """A request at a door: the permission that it takes, and the kind of place it is about.

    ``path`` has the placeholders ``{team}``, ``{workspace}``, ``{registry}``, ``{view}``,
    ``{package}``, ``{version}``, ``{filename}`` and ``{sha256}``.
    """

    method: str
    path: str
    permission: Permission
    about: str

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.method} {self.path}"


def all_knocks() -> list[Knock]:
    """Of the Simple API, of the uploads, and of every door in the table of the API."""
    return [*simple_knocks(), *upload_knocks(), *api_knocks()]


def simple_knocks() -> Iterator[Knock]:
    """Lists, pages, files and metadata, with and without a final slash."""
    root = "/simple/{workspace}/{view}"
    file = f"{root}/-/{{package}}/{{sha256}}/{{filename}}"
    doors = [("", "view"), ("/", "view"), ("/{package}", "seen"), ("/{package}/", "seen")]
    for path, about in [(root + end, about) for end, about in doors] + [
        (file, "seen"),
        (f"{file}.metadata", "seen"),
    ]:
        for method in ("GET", "HEAD"):
            yield Knock(method, path, Permission.VIEW_READ, about)


def upload_knocks() -> Iterator[Knock]:
    """The legacy form and the native uploads."""
    for end in UPLOADS:
        path = "/v1/upload/{workspace}/{registry}" + end
        yield Knock("POST", path, Permission.UPLOAD_BEGIN, "registry")


def api_knocks() -> Iterator[Knock]:
    """Every method of every door of the table."""
    for door in DOORS:
        for method, (_, permission) in door.methods.items():
            path = door.pattern.removesuffix("{slash:/?}")
            yield Knock(method, path, permission, _about(door))


def page_knocks() -> Iterator[Knock]:
    """Every method of every page that leads into the tree."""
    for page in PAGES:
        about = [CONTAINERS[step] for step in page.steps if step in CONTAINERS]
        for method, (_, permission) in page.methods.items():
            if about and permission is not None:
                yield Knock(method, page.pattern, permission, about[-1])


def _about(door: Door) -> str:
    """The narrowest place that a door leads to; "own" is what every known caller has."""
    # A property, where it depends on the row.
    acl: object = door.context.__acl__
    is_list_of_own = isinstance(acl, tuple) and any(entry[1] == SELF for entry in acl)
    if is_list_of_own or door.steps[:1] == ("me",):
        return "own"
    if door.context is SeenPackage:
        return "seen"
    return next((CONTAINERS[step] for step in reversed(door.steps) if step in CONTAINERS), "server")


class Answer(NamedTuple):
    """What was answered; ``headers`` by lower-case name, without the date."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def knock(
    site: TestSite, method: str, path: str, headers: Mapping[str, str], query: str = QUERY
) -> Answer:
    """Ask the application itself, since WebTest takes several times as long as it does."""
    body = b"" if method in {"GET", "HEAD"} else BODY
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "application/json",
        "CONTENT_TYPE": BODY_TYPE,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, response_headers: list[tuple[str, str]], _error: object = None) -> None:
        started.append((status, response_headers))

    chunks = site.application(environ, start)
    try:
        received = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close:
            close()
    [(status, sent)] = started
    return Answer(
        int(status.partition(" ")[0]),
        {name.lower(): value for name, value in sent if name.lower() != "date"},
        received,
    )
