"""The upload doors: the legacy form (U-01), and uv's upload in several requests (U-114)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NoReturn
from urllib.parse import parse_qs

from pyramid.config import Configurator

from stockroom.errors import BadRequest, Forbidden
from stockroom.publish.body import read_upload
from stockroom.publish.direct import DirectUploads
from stockroom.publish.examiner import Examiner
from stockroom.publish.form import check_action, clean, read_form
from stockroom.publish.service import Draft, Publisher
from stockroom.publish.target import Target
from stockroom.resources import IncomingResource, RegistryResource
from stockroom.security.acl import creatable_packages, writable_packages
from stockroom.security.credentials import TOKEN_USER, user_of
from stockroom.security.permissions import Permission
from stockroom.settings import Settings
from stockroom.web import TOKEN, Ready, Request, at

Fields = Mapping[str, tuple[str, ...]]


def upload(context: RegistryResource, request: Request) -> Ready:
    """Publish one file by the legacy form."""
    publisher, target = request.service(Publisher), target_of(context, request)
    examiner = request.service(Examiner)
    examiner.admit(target)
    blobs = publisher.staging(request.tm)
    received = read_upload(request.environ, blobs.stage, target.max_file_bytes)
    fields = clean(received.fields)
    check_action(fields.get(":action", _in_query(request, ":action"))[0])
    file = examiner.check(received, read_form(fields), target)
    if file is None:
        return _done(())
    publisher.keep(file, blobs)
    publisher.commit(Draft(target, [file.checked]), request.new_session())
    return _done(file.checked.warnings)


def validate(context: RegistryResource, request: Request) -> Ready:
    """Say what would become of an upload, as far as its form tells (uv-client.md 7.2)."""
    target = target_of(context, request)
    form = read_form(_announcement(request))
    exists = request.service(DirectUploads).validate(form, target)
    return answer_json("200 OK", {"exists": exists})


def reserve(context: RegistryResource, request: Request) -> Ready:
    """Say where the bytes of a file may be put (uv-client.md 7.3)."""
    target = target_of(context, request)
    form = read_form(_announcement(request))
    place = request.service(DirectUploads).reserve(form, target, request.new_session())
    if place is None:
        return answer_json("200 OK", {"exists": True})
    url = place.url
    if url is None and place.token is not None:
        url = f"{base_url(request)}/v1/incoming/{place.token}"
    return answer_json("201 Created", {"upload_url": url, "upload_headers": dict(place.headers)})


def put_incoming(context: IncomingResource, request: Request) -> Ready:
    """Take the bytes of a reserved file; the URL is the credential (uv-client.md 7.3)."""
    blobs = request.service(Publisher).staging(request.tm)
    request.service(DirectUploads).receive(
        context.__name__, request.environ, blobs, request.new_session()
    )
    return Ready("201 Created", [("Content-Length", "0"), ("Cache-Control", "no-store")], ())


def finalize(context: RegistryResource, request: Request) -> Ready:
    """Publish a file whose bytes were put before (uv-client.md 7.3)."""
    target = target_of(context, request)
    form = read_form(_announcement(request))
    blobs = request.service(Publisher).staging(request.tm)
    warnings = request.service(DirectUploads).finalize(form, target, blobs, request.new_session())
    return _done(warnings)


def target_of(context: RegistryResource, request: Request) -> Target:
    """The registry as this caller may publish to it.

    :raises Forbidden: the registry wants tokens to come with the user name ``__token__`` (U-10).
    """
    policy = context.row.policy
    user = user_of(request.environ.get("HTTP_AUTHORIZATION", ""))
    if not policy.any_user_name and user not in (None, TOKEN_USER):
        raise Forbidden(
            f"{context.workspace.name}/{context.row.name} takes tokens with the user name "
            f"{TOKEN_USER} only"
        )
    may_create = policy.new_packages == "writers" or bool(
        request.has_permission(Permission.PACKAGE_CREATE, context)
    )
    principals, packages = request.identity.principals, None
    if not request.has_permission(Permission.REGISTRY_UPLOAD, context):
        packages = writable_packages(principals, context.row.id)
    return Target(
        context.workspace.name,
        context.row,
        request.authenticated_userid or "",
        may_create,
        packages,
        creatable_packages(principals, context.row.id),
        request.origin,
    )


def base_url(request: Request) -> str:
    """What links to this server begin with: as set, or else as the client has reached it."""
    found: str = request.service(Settings).base_url or request.application_url
    return found


def answer_json(status: str, value: object, content_type: str = "application/json") -> Ready:
    """A response that no cache keeps."""
    body = json.dumps(value).encode()
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    return Ready(status, headers, (body,))


def _announcement(request: Request) -> Fields:
    received = read_upload(request.environ, _no_file)
    return clean(received.fields)


def _no_file() -> NoReturn:
    raise BadRequest("this form announces a file: send its name as filename, without its bytes")


def _in_query(request: Request, name: str) -> Sequence[str]:
    return parse_qs(request.environ.get("QUERY_STRING", "")).get(name, [""])


def _done(warnings: Sequence[str]) -> Ready:
    body = "".join(f"warning: {warning}\n" for warning in warnings).encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    return Ready("200 OK", headers, (body,))


def configure(config: Configurator) -> None:
    """Both spellings of each URL have one handler: an upload is never redirected (U-02).

    uv adds its words to whatever URL it is given, so that two slashes must do as well as one.
    """
    steps = ("workspaces", "{workspace}", "registries", "{registry}")
    door = "/v1/upload/{workspace}/{registry}"
    doors = (
        ("upload", ("", "/"), upload),
        ("upload.validate", ("/validate", "//validate"), validate),
        ("upload.reserve", ("/reserve", "//reserve"), reserve),
        ("upload.finalize", ("/finalize", "//finalize"), finalize),
    )
    for name, ends, view in doors:
        for number, end in enumerate(ends):
            route = f"{name}.{number}"
            config.add_route(route, door + end, factory=at(*steps, methods=("POST",)))
            config.add_view(
                view,
                route_name=route,
                context=RegistryResource,
                permission=Permission.UPLOAD_BEGIN,
            )
    config.add_route(
        "incoming",
        f"/v1/incoming/{{token:{TOKEN}}}",
        factory=at("incoming", "{token}", methods=("PUT",)),
    )
    config.add_view(
        put_incoming,
        route_name="incoming",
        context=IncomingResource,
        permission=Permission.INCOMING_PUT,
    )
