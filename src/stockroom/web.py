"""HTTP for every room: the typed request, ready responses, problems, and who is turned away how."""

from __future__ import annotations

import errno
import json
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pyramid.request
from pyramid.config import Configurator
from pyramid.decorator import reify
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.interfaces import IResponse
from pyramid.registry import Registry
from pyramid.tweens import EXCVIEW
from sqlalchemy.exc import OperationalError
from transaction import TransactionManager
from zope.interface import implementer

from stockroom.db import Database
from stockroom.errors import Forbidden, MethodNotAllowed, NotFound, Problem, Unauthenticated
from stockroom.feed import Feed, Origin
from stockroom.resources import Directory, Missing, Own, Resource, Root
from stockroom.resources.tree import Nowhere
from stockroom.security.identity import REFUSED
from stockroom.security.permissions import (
    CREDENTIAL_PERMISSIONS,
    Access,
    CredentialKind,
    Permission,
    least_role,
)
from stockroom.security.policy import MembersHidden, Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

T = TypeVar("T")
Headers = list[tuple[str, str]]
StartResponse = Callable[[str, Headers], object]

CHALLENGE = ("WWW-Authenticate", 'Basic realm="stockroom", charset="UTF-8"')
VARY = ("Vary", "Accept, Accept-Encoding, Authorization, Cookie")
NOSNIFF = ("X-Content-Type-Options", "nosniff")
SANDBOX = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
"""What others have published is never run in a browser as if it were ours."""
MAX_REASON = 400
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
READS = ("GET", "HEAD")
PUBLISHING = (Permission.UPLOAD_BEGIN, Permission.REGISTRY_UPLOAD)
CREDENTIAL_NAMES = {
    CredentialKind.SESSION: "a browser that is signed in",
    CredentialKind.API_KEY: "an API key",
    CredentialKind.ACCESS_TOKEN: "an access token",
}
NEEDS_KEY = "this needs an API key: send it as the password of the user __token__"
LIMITED = " and a key that is not limited to less"
TOKEN = "[0-9a-f]+"
"""In a route's pattern, what a random token can be; nothing else is worth a look."""
SECRET_STEPS = {"code", "token", "uuid"}
"""Placeholders of routes for what is as good as a credential."""


class Unavailable(Problem):
    """The database does not answer."""

    slug, status, title = "unavailable", 503, "Service unavailable"


class StorageFull(Problem):
    """There is no room for what was sent."""

    slug, status, title = "storage-full", 507, "Insufficient storage"


class Services(Registry):
    """Pyramid's registry, with the one instance of everything that outlives a request."""

    services: dict[type, object]


class Request(pyramid.request.Request):
    """A request that knows the application's services."""

    registry: Services
    matchdict: dict[str, str]

    # pyramid_tm's own includeme adds this as a request method, for which Pyramid makes a new class
    # for every request: a fifth of the time of a warm page.
    @reify
    def tm(self) -> TransactionManager:
        """The transaction of this request; explicit, so that nothing happens outside of it."""
        return TransactionManager(explicit=True)

    def catch_up(self) -> None:
        """Hear of everything that was committed until now, once per request.

        It comes before anything that is kept is used, such as what is known of a credential.
        """
        known = self.__dict__
        if "_stockroom_is_current" not in known:
            known["_stockroom_is_current"] = True
            self.service(Feed).check()

    def service(self, kind: type[T]) -> T:
        """The application's one instance of ``kind``."""
        return cast(T, self.registry.services[kind])

    def new_session(self) -> Session:
        """A database session inside this request's transaction; events tell whence it came."""
        session = self.service(Database).session(self.tm)
        session.info["origin"] = self.origin
        return session

    @property
    def origin(self) -> Origin:
        """Whence the request comes, for the events that it causes."""
        identity = self.identity
        credential = None if identity in (None, REFUSED) else identity.credential
        return Origin(credential, self.environ.get("REMOTE_ADDR"))


@implementer(IResponse)
class Ready:
    """A response whose bytes are there already; far cheaper than a general one.

    ``headers`` is shared between responses and must not be changed.
    """

    __slots__ = ("app_iter", "headerlist", "status")

    def __init__(self, status: str, headers: Headers, app_iter: Iterable[bytes]) -> None:
        self.status = status
        self.headerlist = headers
        self.app_iter = app_iter

    @property
    def headers(self) -> dict[str, str]:
        """The headers as a mapping with lower-case names."""
        return {name.lower(): value for name, value in self.headerlist}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer, as a WSGI application; HEAD gets the same headers and no body."""
        start_response(self.status, self.headerlist)
        if environ["REQUEST_METHOD"] != "HEAD":
            return self.app_iter
        close = getattr(self.app_iter, "close", None)
        if close:
            close()
        return ()


def redirect(location: str) -> Ready:
    """301 to a path on this server; never absolute, so that no Host header can bend it (S-03)."""
    return Ready(
        "301 Moved Permanently", [("Location", location), ("Content-Length", "0"), VARY], ()
    )


def at(*steps: str, methods: tuple[str, ...]) -> Callable[[Request], Resource]:
    """Make a route's root factory that walks the tree by fixed names and ``{placeholders}``.

    Pyramid's own ``traverse=`` joins the placeholders to a path first, so that a package called
    ``..`` would climb; here each one is the name of exactly one child.

    Methods other than ``methods`` get 405 (S-74), before anything is looked up: what a URL answers
    to is no secret, what is behind it may be.
    """
    walk = [(step.strip("{}"), step.startswith("{")) for step in steps]

    def factory(request: Request) -> Resource:
        if request.environ["REQUEST_METHOD"] not in methods:
            raise _wrong_method(request, methods)
        request.catch_up()
        resource: Resource = Root(request.service(Directory))
        for step, is_placeholder in walk:
            name = request.matchdict[step] if is_placeholder else step
            try:
                resource = resource[name]
            except Missing:
                return Nowhere(resource, name)
        return resource

    return factory


def _wrong_method(request: Request, methods: tuple[str, ...]) -> MethodNotAllowed:
    hint = "packages are published to /v1/upload/WORKSPACE/REGISTRY" if methods == READS else ""
    detail = f"{request.path_info} answers {', '.join(methods)} only"
    return MethodNotAllowed(f"{detail}; {hint}" if hint else detail, allow=methods)


def problem_response(problem: Problem, accept: str) -> Ready:
    """Turn a problem into a response (U-20 to U-25, uv-client.md 1.3).

    The detail travels in the reason phrase, which is all that some clients show, and in the body:
    JSON unless the client asks for text only.
    """
    wanted = accept.lower()
    reason = _reason(problem)
    # uv compares the whole header, so that there must be no parameter.
    content_type = "application/json" if problem.legacy_body else "application/problem+json"
    if "json" in wanted or not (problem.plain_first or _wants_text(wanted)):
        body = json.dumps({**problem.document(), "code": reason, "message": problem.detail})
    else:
        content_type, body = "text/plain; charset=utf-8", f"{problem.detail}\n"
    data = body.encode()
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(data))),
        ("Cache-Control", "no-store"),
        VARY,
        NOSNIFF,
        SANDBOX,
        *problem.headers,
    ]
    if isinstance(problem, Unauthenticated):
        headers.append(CHALLENGE)
    return Ready(reason, headers, (data,))


def _reason(problem: Problem) -> str:
    text = UNPRINTABLE.sub(" ", problem.headline).encode("latin-1", "replace").decode("latin-1")
    if len(text) > MAX_REASON:
        text = text[: MAX_REASON - 3] + "..."
    return f"{problem.status} {text or HTTPStatus(problem.status).phrase}"


def _wants_text(accept: str) -> bool:
    return "text/html" in accept or "text/plain" in accept


def show_problem(problem: Problem, request: Request) -> Ready:
    """Exception view of everything that is raised on purpose."""
    return problem_response(problem, request.environ.get("HTTP_ACCEPT", ""))


def show_denied(refusal: HTTPNotFound | HTTPForbidden, request: Request) -> Ready:
    """Exception view of what is missing or not allowed."""
    return show_problem(denied(refusal, request), request)


def denied(refusal: HTTPNotFound | HTTPForbidden, request: Request) -> Problem:
    """One answer for what is missing and for what is forbidden (S-61).

    Judged at the deepest resource found: who may read it learns the truth; who may not cannot tell
    it from something that does not exist.
    """
    if request.matched_route is None:
        return NotFound(f"there is nothing at {request.path_info}")
    reading = request.has_permission(Permission.VIEW_READ, request.context)
    hidden = reading if isinstance(reading, MembersHidden) else None
    readable = isinstance(request.context, Own) or reading or hidden is not None
    identity = request.identity
    if identity is REFUSED:
        return Unauthenticated(
            "the credential is unknown, revoked or expired; create a new API key with "
            "`stockroom key create`"
        )
    if readable and hidden is None and isinstance(refusal, HTTPNotFound):
        missing = request.context.detail if isinstance(request.context, Nowhere) else None
        return NotFound(missing or f"there is nothing at {request.path_info}")
    if identity is None:
        return Unauthenticated(NEEDS_KEY)
    if readable and isinstance(refusal, HTTPForbidden):
        return forbidden(request, refusal.result)
    if hidden is not None:
        # Not 404: a client would go on to its next index.
        return forbidden(request, hidden)
    return NotFound(f"there is nothing at {request.path_info} that this API key may see")


def forbidden(request: Request, refusal: Refused) -> Problem:
    """What a caller is told who may read here, but lacks a permission."""
    permission = refusal.permission
    what = "publishing" if permission in PUBLISHING else "this"
    identity = request.identity
    if identity is None:
        return Unauthenticated(NEEDS_KEY)
    if permission not in CREDENTIAL_PERMISSIONS[identity.kind]:
        able = (kind for kind, most in CREDENTIAL_PERMISSIONS.items() if permission in most)
        return Forbidden(
            f"{what} cannot be done with {CREDENTIAL_NAMES[identity.kind]}; it takes "
            f"{' or '.join(CREDENTIAL_NAMES[kind] for kind in able)}"
        )
    if isinstance(refusal, MembersHidden):
        return Forbidden(
            f"{identity.name} may not read every registry of other workspaces that this view "
            "shows; ask for the role reader there"
        )
    return Forbidden(
        f"{identity.name} may not do that here; {what} needs the role {least_role(permission)}"
        + ("" if identity.access == Access.ADMIN and identity.places is None else LIMITED)
    )


def show_bad_path(error: URLDecodeError, request: Request) -> Ready:
    """A path that is not UTF-8 cannot name anything."""
    return show_problem(NotFound("there is nothing there: the path is not UTF-8"), request)


def show_database_error(error: OperationalError, request: Request) -> Ready:
    """The database is away: say so, and let clients try again."""
    log.error("the database does not answer", exc_info=error)
    return show_problem(Unavailable("the database does not answer; try again later"), request)


def show_system_error(error: OSError, request: Request) -> Ready:
    """A full disk is for the operator to mend; everything else of the kind is a defect."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return show_defect(error, request)
    log.error("the storage is full", exc_info=error)
    return show_problem(StorageFull("the server's storage is full; tell its operator"), request)


def show_defect(error: Exception, request: Request) -> Ready:
    """A defect of ours: log it, tell the client nothing of it."""
    log.error("unhandled exception at %s %s", request.method, _public_path(request), exc_info=error)
    return show_problem(Problem("the server made a mistake; its log says more"), request)


def _public_path(request: Request) -> str:
    """The path without what gives access to whoever knows it."""
    path: str = request.path_info
    matched = getattr(request, "matchdict", None) or {}
    for name in SECRET_STEPS & matched.keys():
        path = path.replace(matched[name], f"{{{name}}}")
    return path


def writes(request: Request) -> bool:
    """Whether pyramid_tm shall open a transaction: reads run outside of it."""
    return request.environ["REQUEST_METHOD"] not in READS


class Mapper:
    """Calls views as they are: all of ours take a context and the request.

    Pyramid's own one finds out by looking at each of them, at every start.
    """

    def __init__(self, **options: object) -> None:
        pass

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """The view itself."""
        return view


def configure(config: Configurator) -> None:
    """Register what every room relies on."""
    config.set_view_mapper(Mapper)
    config.set_request_factory(Request)
    config.add_tween("pyramid_tm.tm_tween_factory", over=EXCVIEW)
    config.add_exception_view(show_problem, context=Problem)
    config.add_exception_view(show_bad_path, context=URLDecodeError)
    config.add_exception_view(show_database_error, context=OperationalError)
    config.add_exception_view(show_system_error, context=OSError)
    config.add_exception_view(show_defect, context=Exception)
    config.add_notfound_view(show_denied)
    config.add_forbidden_view(show_denied)
