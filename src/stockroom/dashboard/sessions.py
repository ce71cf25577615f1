"""Where one is signed in: browsers and programs."""

from __future__ import annotations

from stockroom.accounts.browser_sessions import Visits
from stockroom.accounts.own import OwnAccount
from stockroom.dashboard.calling import caller
from stockroom.dashboard.pages import page, see_other
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
    _own(request).end_session(int(request.matchdict["id"]))
    return see_other(request, SESSIONS, done="session-ended")


def end_other_sessions(context: object, request: Request) -> Ready:
    """Sign all other browsers out."""
    _own(request).end_other_sessions()
    return see_other(request, SESSIONS, done="sessions-ended")


def end_login(context: object, request: Request) -> Ready:
    """Sign a program out."""
    _own(request).end_login(int(request.matchdict["id"]))
    return see_other(request, SESSIONS, done="login-ended")


def _own(request: Request) -> OwnAccount:
    known = caller(request)
    settings = request.service(Settings)
    return OwnAccount(request.new_session(), settings, known.user_id, known.session_id)
