"""The upload door: `POST /v1/upload/{workspace}/{registry}` (U-01)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

from pyramid.config import Configurator

from stockroom.publish.body import read_upload
from stockroom.publish.form import check_action, clean, read_form
from stockroom.publish.service import Draft, Publisher
from stockroom.resources import RegistryResource
from stockroom.security.permissions import Permission
from stockroom.web import Ready, Request, at


def upload(context: RegistryResource, request: Request) -> Ready:
    """Publish one file by the legacy form."""
    publisher = request.service(Publisher)
    blobs = publisher.staging(request.tm)
    received = read_upload(request.environ, blobs.stage)
    fields = clean(received.fields)
    check_action(fields.get(":action", _in_query(request, ":action"))[0])
    file = publisher.check(received, read_form(fields))
    draft = Draft(context.row, request.authenticated_userid or "", [file])
    publisher.commit(draft, blobs, request.new_session())
    return _done(file.warnings)


def _in_query(request: Request, name: str) -> Sequence[str]:
    return parse_qs(request.environ.get("QUERY_STRING", "")).get(name, [""])


def _done(warnings: tuple[str, ...]) -> Ready:
    body = "".join(f"warning: {warning}\n" for warning in warnings).encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    return Ready("200 OK", headers, (body,))


def configure(config: Configurator) -> None:
    """One handler for both spellings of the URL: an upload is never redirected (U-02)."""
    steps = ("workspaces", "{workspace}", "registries", "{registry}")
    for name, slash in (("upload", ""), ("upload.slash", "/")):
        pattern = f"/v1/upload/{{workspace}}/{{registry}}{slash}"
        config.add_route(name, pattern, factory=at(*steps, methods=("POST",)))
        config.add_view(
            upload,
            route_name=name,
            context=RegistryResource,
            permission=Permission.REGISTRY_UPLOAD,
        )
