"""The Simple API's doors: project list, project page, files (design: `/simple/...`)."""

from __future__ import annotations

from pyramid.config import Configurator

from stockroom.dists import normalize
from stockroom.index.delivery import Delivery
from stockroom.index.downloads import Downloads
from stockroom.index.files import METADATA_SUFFIX, Files
from stockroom.index.negotiation import choose_coding, negotiate
from stockroom.index.pages import Pages
from stockroom.resolution.moments import view_at
from stockroom.resources import SeenPackage, ViewResource
from stockroom.security.permissions import Permission
from stockroom.web import READS, Ready, Request, at, redirect

GIVES_BYTES = ("200", "206", "302", "307")
"""Statuses with which a client gets bytes of a file, from here or from where it is sent."""


def project_page(context: SeenPackage, request: Request) -> Ready:
    """One project (S-01), in the form and coding that the client prefers."""
    environ = request.environ
    name = normalize(context.__name__)
    if name != context.__name__:
        return redirect(_with_query(f"../{name}/", environ["QUERY_STRING"]))
    page = request.service(Pages).project(
        view_at(context.view),
        name,
        negotiate(environ.get("HTTP_ACCEPT", ""), environ.get("QUERY_STRING", "")),
        choose_coding(environ.get("HTTP_ACCEPT_ENCODING", "")),
    )
    return page.answer(environ.get("HTTP_IF_NONE_MATCH", ""))


def project_list(context: ViewResource, request: Request) -> Ready:
    """All projects of a view (S-01)."""
    environ = request.environ
    page = request.service(Pages).listing(
        view_at(context),
        negotiate(environ.get("HTTP_ACCEPT", ""), environ.get("QUERY_STRING", "")),
        choose_coding(environ.get("HTTP_ACCEPT_ENCODING", "")),
    )
    return page.answer(environ.get("HTTP_IF_NONE_MATCH", ""))


def file(context: SeenPackage, request: Request) -> Ready:
    """A file's bytes, or its core metadata (S-55, S-58)."""
    filename, sha256 = request.matchdict["filename"], request.matchdict["sha256"]
    view = view_at(context.view)
    if filename.endswith(METADATA_SUFFIX):
        page = request.service(Files).metadata(
            view, context.__name__, sha256, filename.removesuffix(METADATA_SUFFIX)
        )
        return page.answer(request.environ.get("HTTP_IF_NONE_MATCH", ""))
    found = request.service(Files).find(view, context.__name__, sha256, filename)
    answer = request.service(Delivery).deliver(found, request.environ)
    gives_bytes = answer.status.startswith(GIVES_BYTES)
    if gives_bytes and found.id is not None and request.environ["REQUEST_METHOD"] == "GET":
        request.service(Downloads).note(found.id)
    return answer


def project_without_slash(context: SeenPackage, request: Request) -> Ready:
    """The project page's URL ends in a slash (S-02)."""
    name = normalize(context.__name__)
    return redirect(_with_query(f"{name}/", request.environ["QUERY_STRING"]))


def list_without_slash(context: ViewResource, request: Request) -> Ready:
    """The project list's URL ends in a slash (S-02)."""
    name = view_at(context).name
    # A colon in the first step of a relative path would end the scheme of an absolute one.
    location = f"./{name}/" if ":" in name else f"{name}/"
    return redirect(_with_query(location, request.environ["QUERY_STRING"]))


def _with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def configure(config: Configurator) -> None:
    """Routes and views of the read path; the busiest first, since they are tried in order."""
    view = ("workspaces", "{workspace}", "indexes", "{view}")
    package = (*view, "packages", "{package}")
    root = "/simple/{workspace}/{view}"
    doors = (
        ("simple.project", "/{package}/", package, SeenPackage, project_page),
        ("simple.file", "/-/{package}/{sha256}/{filename}", package, SeenPackage, file),
        ("simple.list", "/", view, ViewResource, project_list),
        ("simple.project-bare", "/{package}", package, SeenPackage, project_without_slash),
        ("simple.list-bare", "", view, ViewResource, list_without_slash),
    )
    for name, pattern, steps, context, door in doors:
        config.add_route(name, root + pattern, factory=at(*steps, methods=READS))
        config.add_view(door, route_name=name, context=context, permission=Permission.VIEW_READ)
