"""The doors of signing in and out: password, second factor."""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

from stockroom.accounts import queries, webauthn
from stockroom.accounts.browser_sessions import BrowserSessions, Started, Visits
from stockroom.accounts.methods import LoginMethods
from stockroom.accounts.problems import (
    NoSuchCredential,
    NothingToProve,
    ProofRefused,
    SignInRefused,
    TooManyAttempts,
)
from stockroom.accounts.queries import Visit
from stockroom.accounts.second_factors import Proof, SecondFactors
from stockroom.accounts.signing_in import SignIns
from stockroom.accounts.throttle import Standing
from stockroom.dashboard.calling import (
    caller,
    check_form,
    find_caller,
    form,
    query,
    safe_next,
    session_secret,
    site_of,
    visit,
    visitor,
)
from stockroom.dashboard.headers import no_session_cookie, page_headers, session_cookie
from stockroom.dashboard.pages import open_page, page, see_other
from stockroom.db import Database
from stockroom.errors import Problem
from stockroom.security.cross_site import form_cookie
from stockroom.settings import Settings
from stockroom.web import Headers, Ready, Request

QUESTION = "question"
"""Under which name a session keeps the question that a security key is to answer."""


def show_sign_in(context: object, request: Request) -> Ready:
    """The form; whoever is here is not known yet."""
    next_path = safe_next(query(request).get("next", "/"))
    if find_caller(request) is not None:
        return see_other(request, next_path)
    return _form(request, next_path)


def sign_in(context: object, request: Request) -> Ready:
    """Take name and password; whoever sends them is not known yet."""
    check_form(request, form_cookie(request.environ))
    given = form(request)
    next_path = safe_next(given.get("next", "/"))
    came = visitor(request)
    service = request.service(SignIns)
    try:
        proved = service.check(given.get("name", ""), given.get("password", ""), came)
        session = request.new_session()
        end_present(request, session)
        started = service.enter(session, proved, came)
    except (SignInRefused, TooManyAttempts) as problem:
        return _form(request, next_path, problem, given.get("name", ""))
    return welcome(request, started, next_path, proved.standing)


def welcome(
    request: Request, started: Started, next_path: str, standing: Standing | None = None
) -> Ready:
    """Give the browser its cookie, and send it on: to the second factor first, if there is one."""
    headers = [session_cookie(request, started.secret, started.expires_at)]
    if standing is not None:
        headers += standing.headers()
    if started.pending:
        return see_other(request, "/sign-in/second-factor", *headers, next=next_path)
    return see_other(request, next_path, *headers)


def end_present(request: Request, session: Session) -> None:
    """End the session that the browser had, which nobody can come back to."""
    before = visit(request)
    if before is not None:
        BrowserSessions(session, request.service(Settings)).end(before.user_id, before.id)


def show_second_factor(context: object, request: Request) -> Ready:
    """The form for who has given a password, and is not signed in yet."""
    pending = _pending(request)
    if pending is None:
        return see_other(request, "/sign-in")
    return _second_form(request, pending)


def second_factor(context: object, request: Request) -> Ready:
    """Take a second factor of who has given a password, and is not signed in yet."""
    check_form(request, session_secret(request))
    pending = _pending(request)
    if pending is None:
        return see_other(request, "/sign-in")
    try:
        proof = prove(request, pending)
        session = request.new_session()
        request.service(SecondFactors).accept(session, proof)
        started = BrowserSessions(session, request.service(Settings)).step_up(pending.id)
    except (ProofRefused, TooManyAttempts) as problem:
        return _second_form(request, pending, problem)
    except NoSuchCredential:
        return see_other(request, "/sign-in")
    return welcome(request, started, safe_next(form(request).get("next", "/")), proof.standing)


def second_factor_options(context: object, request: Request) -> Ready:
    """What a security key is to sign, for who has given a password, and is not signed in yet."""
    check_form(request, session_secret(request))
    pending = _pending(request)
    if pending is None:
        raise NoSuchCredential("sign in with your password first")
    return ask_key(request, pending.id, pending.user_id)


def sign_out(context: object, request: Request) -> Ready:
    """End the session of this browser."""
    known = caller(request)
    sessions = BrowserSessions(request.new_session(), request.service(Settings))
    sessions.end(known.user_id, known.session_id, "user.signed-out")
    return see_other(request, "/sign-in", no_session_cookie(request), done="signed-out")


def prove(request: Request, present: Visit) -> Proof:
    """Look at the second factor that the form brings, before there is a transaction.

    :raises ProofRefused: it proves nothing.
    """
    factors = request.service(SecondFactors)
    given = form(request)
    came = visitor(request)
    if not given.get("credential"):
        return factors.check_code(present.user_id, given.get("code", ""), came)
    state = present.data.get(QUESTION, {})
    site = site_of(request)
    return factors.check_key(present.user_id, site, state, given["credential"], came)


def ask_key(request: Request, session_id: int, user_id: int) -> Ready:
    """The question for the security keys of a user, which their session remembers.

    :raises NothingToProve: they have none.
    """
    with request.service(Database).read() as connection:
        known = queries.known_keys(connection, user_id)
    if not known:
        raise NothingToProve("there is no security key")
    options, state = webauthn.ask(site_of(request), known)
    return ask(request, session_id, options, state)


def ask(
    request: Request, session_id: int, options: dict[str, object], state: dict[str, object]
) -> Ready:
    """Answer with the options for a browser, and let the session remember the question."""
    sessions = BrowserSessions(request.new_session(), request.service(Settings))
    sessions.remember(session_id, **{QUESTION: state})
    body = json.dumps(options).encode()
    sent = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Ready("200 OK", [*sent, *page_headers(request)], (body,))


def _form(
    request: Request, next_path: str, problem: Problem | None = None, name: str = ""
) -> Ready:
    return open_page(
        request,
        "sign-in",
        status=problem.status if problem else 200,
        headers=_told(problem),
        next=next_path,
        error=problem.detail if problem else None,
        name=name,
        methods=request.service(LoginMethods).labels(),
    )


def _second_form(request: Request, pending: Visit, problem: Problem | None = None) -> Ready:
    given = form(request) if problem else query(request)
    with request.service(Database).read() as connection:
        factors = queries.factors(connection, pending.user_id)
    return page(
        request,
        "second-factor",
        status=problem.status if problem else 200,
        headers=_told(problem),
        next=safe_next(given.get("next", "/")),
        error=problem.detail if problem else None,
        factors=factors,
    )


def _pending(request: Request) -> Visit | None:
    present: Visit | None = request.service(Visits).find(session_secret(request))
    return present if present is not None and present.pending else None


def _told(problem: Problem | None) -> Headers:
    return problem.headers if problem else []
