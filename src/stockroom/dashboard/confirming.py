"""Proving oneself again, before what is sensitive."""

from __future__ import annotations

from stockroom.accounts import queries
from stockroom.accounts.browser_sessions import BrowserSessions, Visits
from stockroom.accounts.methods import LoginMethods
from stockroom.accounts.problems import (
    ConfirmationNeeded,
    ProofRefused,
    SignInRefused,
    TooManyAttempts,
)
from stockroom.accounts.queries import Visit
from stockroom.accounts.second_factors import SecondFactors
from stockroom.accounts.signing_in import SignIns
from stockroom.dashboard.calling import Caller, caller, form, query, safe_next, visit, visitor
from stockroom.dashboard.headers import session_cookie
from stockroom.dashboard.pages import page, see_other
from stockroom.dashboard.signing_in import ask_key, prove
from stockroom.db import Database
from stockroom.errors import Problem
from stockroom.settings import Settings
from stockroom.web import Headers, Ready, Request


def is_confirmed(request: Request) -> bool:
    """Whether the caller has proved who they are some minutes ago at most."""
    present = visit(request)
    return present is not None and request.service(Visits).is_confirmed(present)


def need_confirmed(request: Request) -> Caller:
    """The caller, who has proved who they are some minutes ago at most.

    :raises ConfirmationNeeded: that was longer ago.
    """
    known = caller(request)
    if not is_confirmed(request):
        raise ConfirmationNeeded("confirm first that it is you")
    return known


def show_confirm(context: object, request: Request) -> Ready:
    """The form."""
    return _form(request, caller(request), safe_next(query(request).get("next", "/account")))


def confirm(context: object, request: Request) -> Ready:
    """Take a password or a second factor; the session gets another secret."""
    known, present = caller(request), visit(request)
    next_path = safe_next(form(request).get("next", "/account"))
    if present is None:
        return see_other(request, "/sign-in", next=next_path)
    try:
        secret = _by_password if "password" in form(request) else _by_second_factor
        cookie, *headers = secret(request, known, present)
    except (SignInRefused, ProofRefused, TooManyAttempts) as problem:
        return _form(request, known, next_path, problem)
    return see_other(request, next_path, cookie, *headers, done="confirmed")


def confirm_options(context: object, request: Request) -> Ready:
    """What a security key is to sign."""
    known = caller(request)
    return ask_key(request, known.session_id, known.user_id)


def _by_password(request: Request, known: Caller, present: Visit) -> Headers:
    service, came = request.service(SignIns), visitor(request)
    proved = service.check(known.name, form(request)["password"], came)
    session = request.new_session()
    service.succeeded(session, proved, came)
    started = BrowserSessions(session, request.service(Settings)).confirm(present.id)
    cookie = session_cookie(request, started.secret, started.expires_at)
    return [cookie, *proved.standing.headers()]


def _by_second_factor(request: Request, known: Caller, present: Visit) -> Headers:
    proof = prove(request, present)
    session = request.new_session()
    request.service(SecondFactors).accept(session, proof)
    started = BrowserSessions(session, request.service(Settings)).confirm(present.id)
    cookie = session_cookie(request, started.secret, started.expires_at)
    return [cookie, *(proof.standing.headers() if proof.standing else ())]


def _form(request: Request, known: Caller, next_path: str, problem: Problem | None = None) -> Ready:
    with request.service(Database).read() as connection:
        factors = queries.factors(connection, known.user_id)
    return page(
        request,
        "confirm",
        status=problem.status if problem else 200,
        headers=problem.headers if problem else [],
        error=problem.detail if problem else None,
        next=next_path,
        factors=factors,
        methods=request.service(LoginMethods).labels(),
    )
