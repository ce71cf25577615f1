"""The draft Upload 2.0 API (PEP 694, U-200 to U-207), behind ``stockroom.upload2``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Annotated, Any, TypeVar

import msgspec
from pyramid.config import Configurator

from stockroom.bodies import read_body
from stockroom.errors import BadRequest, Conflict, Problem
from stockroom.models import UploadFile
from stockroom.publish.problems import FileExists, SessionExists, UploadRefused
from stockroom.publish.service import Publisher
from stockroom.publish.stage_files import MECHANISM, Announcement, StageFile, StageFiles
from stockroom.publish.stages import Stage, Stages
from stockroom.publish.states import FileStatus
from stockroom.publish.views import answer_json, base_url, target_of
from stockroom.resources import RegistryResource
from stockroom.security.permissions import Permission
from stockroom.spi import Violation
from stockroom.web import TOKEN, Ready, Request, at, problem_response

CONTENT_TYPE = "application/vnd.pypi.upload.v2+json"
META = {"api-version": "2.0"}
MAX_SIZE = 2**63 - 1
"""Bytes of a file that can be announced: what both databases can keep."""
ROOT = "/v1/upload2/{workspace}/{registry}"

View = Callable[[RegistryResource, Request], Ready]
T = TypeVar("T", bound=msgspec.Struct)


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str


class _NewSession(msgspec.Struct):
    meta: _Meta
    name: str
    version: str


class _NewFile(msgspec.Struct):
    meta: _Meta
    filename: str
    size: Annotated[int, msgspec.Meta(ge=0, le=MAX_SIZE)]
    hashes: dict[str, str]
    mechanism: str


class _Extension(msgspec.Struct, rename="kebab"):
    meta: _Meta
    extend_for: int


def speaking(view: View) -> View:
    """Tell problems in the form of this API (U-200)."""

    @wraps(view)
    def speak(context: RegistryResource, request: Request) -> Ready:
        try:
            return view(context, request)
        except FileExists as problem:
            return _told(Conflict(problem.detail))
        except Problem as problem:
            return _told(problem)

    return speak


@speaking
def create_session(context: RegistryResource, request: Request) -> Ready:
    """Begin a stage (U-201)."""
    wanted = _read(request, _NewSession)
    try:
        stage = _stages(request).create(target_of(context, request), wanted.name, wanted.version)
    except SessionExists as problem:
        problem.location = _url(request, problem.token)
        raise
    return _session_answer("201 Created", stage, request)


@speaking
def show_session(context: RegistryResource, request: Request) -> Ready:
    """Tell how a stage stands."""
    stage = _stages(request).find(target_of(context, request), request.matchdict["token"])
    return _session_answer("200 OK", stage, request)


@speaking
def cancel_session(context: RegistryResource, request: Request) -> Ready:
    """End a stage without publishing it (U-202)."""
    _stages(request).cancel(target_of(context, request), request.matchdict["token"])
    return _nothing()


@speaking
def extend_session(context: RegistryResource, request: Request) -> Ready:
    """Keep a stage for longer (U-207)."""
    wanted = _read(request, _Extension)
    stage = _stages(request).extend(
        target_of(context, request), request.matchdict["token"], max(0, wanted.extend_for)
    )
    return _session_answer("200 OK", stage, request)


@speaking
def publish_session(context: RegistryResource, request: Request) -> Ready:
    """Make all files visible at once (U-202, U-206)."""
    stage = _stages(request).publish(target_of(context, request), request.matchdict["token"])
    return _session_answer("201 Created", stage, request)


@speaking
def add_file(context: RegistryResource, request: Request) -> Ready:
    """Announce a file (U-203)."""
    wanted = _read(request, _NewFile)
    announced = Announcement(wanted.filename, wanted.size, wanted.hashes, wanted.mechanism)
    token = request.matchdict["token"]
    added = _files(request).add(target_of(context, request), token, announced)
    return _file_answer("202 Accepted", added, request)


@speaking
def show_file(context: RegistryResource, request: Request) -> Ready:
    """Tell how a file of a stage stands."""
    found = _files(request).find(target_of(context, request), *_tokens(request))
    return _file_answer("200 OK", found, request)


@speaking
def delete_file(context: RegistryResource, request: Request) -> Ready:
    """Take a file out of a stage (U-204)."""
    _files(request).delete(target_of(context, request), *_tokens(request))
    return _nothing()


@speaking
def receive_file(context: RegistryResource, request: Request) -> Ready:
    """Take the bytes of a file (U-205)."""
    _files(request).receive(
        target_of(context, request),
        _tokens(request),
        request.environ,
        request.service(Publisher).staging(request.tm),
        request.new_session(),
    )
    return _nothing()


@speaking
def complete_file(context: RegistryResource, request: Request) -> Ready:
    """Judge a file whose bytes are there (U-203)."""
    judged = _files(request).complete(target_of(context, request), *_tokens(request))
    if judged.file.status == FileStatus.ERROR:
        raise UploadRefused([Violation(**problem) for problem in judged.file.problems])
    return _file_answer("201 Created", judged, request)


def _stages(request: Request) -> Stages:
    return request.service(Stages)


def _files(request: Request) -> StageFiles:
    return request.service(StageFiles)


def _tokens(request: Request) -> tuple[str, str]:
    return request.matchdict["token"], request.matchdict["file"]


def _read(request: Request, kind: type[T]) -> T:
    wanted = read_body(request, kind, CONTENT_TYPE)
    meta: Any = wanted
    if meta.meta.api_version.split(".")[0] != "2":
        raise BadRequest("meta.api-version must be 2.0")
    return wanted


def _url(request: Request, *parts: str) -> str:
    root = ROOT.format(**request.matchdict)
    return "/".join((f"{base_url(request)}{root}", *parts))


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _session_answer(status: str, stage: Stage, request: Request) -> Ready:
    session = stage.session
    document = {
        "meta": META,
        "links": {
            "session": _url(request, session.token),
            "upload": _url(request, session.token, "files"),
            "publish": _url(request, session.token, "publish"),
            "extend": _url(request, session.token, "extend"),
            "stage": f"{base_url(request)}/stage/{session.token}/",
        },
        "mechanisms": [MECHANISM],
        "session-token": session.token,
        "expires-at": _instant(session.expires_at),
        "status": session.status,
        "files": {
            file.filename: {
                "status": file.status,
                "link": _url(request, session.token, "files", file.token),
                "notices": _notices(file),
            }
            for file in stage.files
        },
        "notices": [],
    }
    answer = answer_json(status, document, CONTENT_TYPE)
    if status.startswith("201"):
        answer.headerlist.append(("Location", _url(request, session.token)))
    return answer


def _file_answer(status: str, found: StageFile, request: Request) -> Ready:
    session, file = found.session, found.file
    link = _url(request, session.token, "files", file.token)
    document = {
        "meta": META,
        "links": {"file-upload-session": link, "complete": f"{link}/complete"},
        "status": file.status,
        "expires-at": _instant(session.expires_at),
        "mechanism": {"identifier": MECHANISM, "file_url": f"{link}/bytes"},
        "notices": _notices(file),
    }
    answer = answer_json(status, document, CONTENT_TYPE)
    if status.startswith("202"):
        answer.headerlist += [("Location", link), ("Retry-After", "0")]
    return answer


def _notices(file: UploadFile) -> list[str]:
    return [problem["message"] for problem in file.problems] + list(file.facts.get("warnings", ()))


def _nothing() -> Ready:
    return Ready("204 No Content", [("Cache-Control", "no-store")], ())


def _told(problem: Problem) -> Ready:
    errors: Any = problem.members.get("errors") or [{"message": problem.detail}]
    problem.members["meta"] = META
    problem.members["errors"] = [
        {"source": error.get("field", ""), "message": error["message"]} for error in errors
    ]
    return problem_response(problem, "application/problem+json")


def configure(config: Configurator) -> None:
    """One route for each URL; the method chooses the view."""
    session = f"{ROOT}/{{token:{TOKEN}}}"
    file = f"{session}/files/{{file:{TOKEN}}}"
    doors: tuple[tuple[str, str, dict[str, View]], ...] = (
        ("create", ROOT, {"POST": create_session}),
        ("create.slash", f"{ROOT}/", {"POST": create_session}),
        ("session", session, {"GET": show_session, "DELETE": cancel_session}),
        ("extend", f"{session}/extend", {"POST": extend_session}),
        ("publish", f"{session}/publish", {"POST": publish_session}),
        ("files", f"{session}/files", {"POST": add_file}),
        ("file", file, {"GET": show_file, "DELETE": delete_file}),
        ("bytes", f"{file}/bytes", {"POST": receive_file}),
        ("complete", f"{file}/complete", {"POST": complete_file}),
    )
    steps = ("workspaces", "{workspace}", "registries", "{registry}")
    for name, pattern, views in doors:
        route = f"upload2.{name}"
        config.add_route(route, pattern, factory=at(*steps, methods=tuple(views)))
        for method, view in views.items():
            config.add_view(
                view,
                route_name=route,
                request_method=method,
                context=RegistryResource,
                permission=Permission.UPLOAD_BEGIN,
            )
