"""Where one is signed in: browsers and programs."""

from __future__ import annotations

from stockroom.accounts.browser_sessions import BrowserSessions, Visits
from stockroom.dashboard.calling import caller
from stockroom.dashboard.pages import page, see_other
from stockroom.manage.logins import Logins
from stockroom.settings import Settings
from stockroom.web import Ready, Request

SESSIONS = "/account/sessions"


def show_sessions(context: object, request: Request) -> Ready:
    """All browsers and programs in which one is signed in."""
    known = caller(request)
    browsers, programs = request.service(Visits).all_of(known.user_id)
    return page(request, "sessions", browsers=browsers, programs=programs, present=known.session_id)


def end_session(context: object, request: Request) -> Ready:
    """Sign another browser out, or this one."""
    _sign_out(request, "session")
    return see_other(request, SESSIONS, done="session-ended")


def end_other_sessions(context: object, request: Request) -> Ready:
    """Sign all other browsers out."""
    known = caller(request)
    sessions = BrowserSessions(request.new_session(), request.service(Settings))
    sessions.end_others(known.user_id, known.session_id)
    return see_other(request, SESSIONS, done="sessions-ended")


def end_login(context: object, request: Request) -> Ready:
    """Sign a program out."""
    _sign_out(request, "login")
    return see_other(request, SESSIONS, done="login-ended")


def _sign_out(request: Request, kind: str) -> None:
    known = caller(request)
    logins = Logins(request.new_session(), known.subject)
    logins.revoke(known.user_id, f"{kind}:{request.matchdict['id']}")
