"""Approving the login of a program, which shows the same code (uv-client.md 3.1)."""

from __future__ import annotations

from stockroom.accounts.codes import code_digest
from stockroom.accounts.programs import Programs
from stockroom.dashboard.calling import caller
from stockroom.dashboard.confirming import need_confirmed
from stockroom.dashboard.pages import page
from stockroom.web import Ready, Request


def show_login(context: object, request: Request) -> Ready:
    """The code, and who would be signed in; nothing is done before somebody says so."""
    caller(request)
    code = request.matchdict["code"]
    code_digest(code)
    need_confirmed(request)
    return page(request, "program", code=code, approved=False)


def approve_login(context: object, request: Request) -> Ready:
    """Let the program act for the caller: for long, so that an old session alone will not do."""
    known = need_confirmed(request)
    code = request.matchdict["code"]
    request.service(Programs).approve(code, known.user_id, known.session_id, request.new_session())
    return page(request, "program", code=code, approved=True)
