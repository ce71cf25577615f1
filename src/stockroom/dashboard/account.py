"""One's own account: what it is, its password and its second factors."""

from __future__ import annotations

import pyotp
import segno

from stockroom.accounts import queries, webauthn
from stockroom.accounts.browser_sessions import BrowserSessions
from stockroom.accounts.own import OwnAccount
from stockroom.accounts.passwords import Passwords, check_password
from stockroom.accounts.problems import NothingToProve, PasswordRefused, ProofRefused
from stockroom.accounts.second_factors import WRONG, step_of
from stockroom.dashboard.calling import Caller, caller, form, site_of, visit
from stockroom.dashboard.confirming import is_confirmed, need_confirmed
from stockroom.dashboard.pages import page, see_other
from stockroom.dashboard.signing_in import QUESTION, ask
from stockroom.db import Database
from stockroom.errors import Problem
from stockroom.settings import Settings
from stockroom.web import Ready, Request

SECURITY = "/account/security"
PROPOSED = "totp"
"""Under which name a session keeps the secret of an app that has not shown a code yet."""
ISSUER = "Stockroom"


def show_security(context: object, request: Request) -> Ready:
    """Password, second factors and recovery codes."""
    return _security(request)


def set_password(context: object, request: Request) -> Ready:
    """Set the password."""
    known = need_confirmed(request)
    given = form(request)
    try:
        hashed = hash_new(request, known.name, given)
    except PasswordRefused as problem:
        return _security(request, problem)
    _own(request, known).set_password(hashed)
    return see_other(request, SECURITY, done="password")


def hash_new(request: Request, name: str, given: dict[str, str]) -> str:
    """What is stored of the new password in a form.

    :raises PasswordRefused: it is too weak, or not the same twice.
    """
    password = given.get("password", "")
    if password != given.get("again", ""):
        raise PasswordRefused("the two passwords are not the same")
    check_password(password, name)
    return request.service(Passwords).hash(password)


def propose_totp(context: object, request: Request) -> Ready:
    """Show the secret of a new authenticator app, which counts from its first code on."""
    known = need_confirmed(request)
    secret = pyotp.random_base32()
    sessions = BrowserSessions(request.new_session(), request.service(Settings))
    sessions.remember(known.session_id, **{PROPOSED: secret})
    return _totp(request, known, secret)


def add_totp(context: object, request: Request) -> Ready:
    """Take the first code of a new authenticator app."""
    known = need_confirmed(request)
    present = visit(request)
    secret = present.data.get(PROPOSED) if present else None
    if secret is None:
        raise NothingToProve("begin again: add an authenticator app")
    own = _own(request, known)
    step = step_of(secret, "".join(form(request).get("code", "").split()), own.now())
    if step is None:
        return _totp(request, known, secret, ProofRefused(WRONG))
    return _added(request, own.add_totp(secret, step))


def remove_totp(context: object, request: Request) -> Ready:
    """Do without the authenticator app."""
    _own(request, need_confirmed(request)).remove_totp()
    return see_other(request, SECURITY, done="totp-removed")


def new_key_options(context: object, request: Request) -> Ready:
    """What a browser needs to register a security key."""
    known = need_confirmed(request)
    with request.service(Database).read() as connection:
        keys = queries.known_keys(connection, known.user_id)
    options, state = webauthn.ask_new(site_of(request), known.user_id, known.name, keys)
    return ask(request, known.session_id, options, state)


def add_security_key(context: object, request: Request) -> Ready:
    """Take a security key that a browser has registered."""
    known = need_confirmed(request)
    present = visit(request)
    state = present.data.get(QUESTION, {}) if present else {}
    given = form(request)
    new = webauthn.take_new(site_of(request), state, given.get("credential", ""))
    return _added(request, _own(request, known).add_security_key(given.get("name", ""), new))


def remove_security_key(context: object, request: Request) -> Ready:
    """Do without a security key."""
    own = _own(request, need_confirmed(request))
    own.remove_security_key(int(request.matchdict["id"]))
    return see_other(request, SECURITY, done="key-removed")


def make_codes(context: object, request: Request) -> Ready:
    """Make new recovery codes, which are shown this once only."""
    own = _own(request, need_confirmed(request))
    return page(request, "recovery-codes", codes=own.make_recovery_codes(), added=False)


def _security(request: Request, problem: Problem | None = None) -> Ready:
    known = caller(request)
    with request.service(Database).read() as connection:
        factors = queries.factors(connection, known.user_id)
    return page(
        request,
        "security",
        status=problem.status if problem else 200,
        error=problem.detail if problem else None,
        factors=factors,
        confirmed=is_confirmed(request),
    )


def _totp(request: Request, known: Caller, secret: str, problem: Problem | None = None) -> Ready:
    uri = pyotp.TOTP(secret).provisioning_uri(name=known.name, issuer_name=ISSUER)
    code = segno.make(uri, error="m").svg_inline(
        scale=5, dark="#000", light="#fff", svgclass=None, lineclass=None, title="QR code"
    )
    return page(
        request,
        "totp",
        status=problem.status if problem else 200,
        error=problem.detail if problem else None,
        picture=code,
        uri=uri,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )


def _added(request: Request, codes: list[str]) -> Ready:
    return page(request, "recovery-codes", codes=codes, added=True)


def _own(request: Request, known: Caller) -> OwnAccount:
    settings = request.service(Settings)
    return OwnAccount(request.new_session(), settings, known.user_id, known.session_id)
