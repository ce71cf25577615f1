"""The doors of login methods: to somebody else's sign-in page, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from stockroom.accounts.browser_sessions import BrowserSessions, Started
from stockroom.accounts.methods import LoginMethods
from stockroom.accounts.signing_in import Failures
from stockroom.accounts.throttle import Throttle
from stockroom.dashboard.calling import query, safe_next, site_of, visit, visitor
from stockroom.dashboard.headers import LONG_AGO, cookie, is_secure, page_headers
from stockroom.dashboard.people import People
from stockroom.dashboard.sealing import seal, unseal
from stockroom.dashboard.signing_in import welcome
from stockroom.db import Database
from stockroom.errors import NotFound
from stockroom.feed import Origin
from stockroom.manage.problems import NameTaken
from stockroom.resources import Directory
from stockroom.security.credentials import cookie_of
from stockroom.security.tokens import AccessTokens
from stockroom.settings import Settings
from stockroom.spi import ExternalUser, LoginMethod, LoginRefused
from stockroom.web import Ready, Request

COOKIES = {True: "__Host-stockroom-login", False: "stockroom-login"}
SECONDS = 600
"""How long somebody may take to sign in elsewhere."""
STRANGE = "this sign-in was not begun in this browser, or too long ago; begin again"


def start(context: object, request: Request) -> Ready:
    """Send the browser to the login method; whoever it is is not known yet."""
    method = _method(request)
    begun = method.start(_redirect_uri(request))
    tokens = request.service(AccessTokens)
    content = {
        "method": method.name,
        "state": dict(begun.state),
        "next": safe_next(query(request).get("next", "/")),
    }
    ends = datetime.now(UTC) + timedelta(seconds=SECONDS)
    setting = cookie(request, COOKIES, seal(tokens, content, SECONDS), ends)
    headers = [("Location", begun.url), ("Content-Length", "0"), *page_headers(request, setting)]
    return Ready("303 See Other", headers, ())


def finish(context: object, request: Request) -> Ready:
    """Let in whom the login method has sent back; whoever it is is not known yet."""
    method = _method(request)
    kept = _kept(request, method)
    came = visitor(request)
    request.service(Throttle).count("login-method", address=came.address)
    try:
        person = method.finish(_redirect_uri(request), kept["state"], query(request))
        started = _enter(request, method, person)
    except LoginRefused:
        request.service(Failures).note(None, method.name, came)
        raise
    answer = welcome(request, started, safe_next(kept["next"]))
    answer.headerlist.append(cookie(request, COOKIES, "", LONG_AGO))
    return answer


def _enter(request: Request, method: LoginMethod, person: ExternalUser) -> Started:
    """Begin a session; once more if somebody of that name was made at the same moment."""
    try:
        return _begin(request, method, person)
    except (IntegrityError, NameTaken):
        return _begin(request, method, person)


def _begin(request: Request, method: LoginMethod, person: ExternalUser) -> Started:
    """Begin a session, in a transaction of its own: browsers come back with a GET."""
    settings, came, before = request.service(Settings), visitor(request), visit(request)
    teams = request.service(Directory).snapshot().teams
    with request.service(Database).transaction() as session:
        session.info["origin"] = Origin(None, came.address)
        people = People(session, method.name, sign_up=settings.sign_up)
        user_id = people.enter(person, teams)
        sessions = BrowserSessions(session, settings)
        if before is not None:
            sessions.end(before.user_id, before.id)
        return sessions.begin(user_id, method.name, came)


def _kept(request: Request, method: LoginMethod) -> Mapping[str, Any]:
    sealed = cookie_of(request.environ.get("HTTP_COOKIE", ""), COOKIES[is_secure(request)])
    content = unseal(request.service(AccessTokens), sealed) if sealed else None
    if content is None or content["method"] != method.name:
        raise LoginRefused(STRANGE)
    return content


def _method(request: Request) -> LoginMethod:
    found = request.service(LoginMethods).find(request.matchdict["method"])
    if found is None:
        raise NotFound(f"there is nothing at {request.path_info}")
    return found


def _redirect_uri(request: Request) -> str:
    return f"{site_of(request).origin}/sign-in/{request.matchdict['method']}/callback"
