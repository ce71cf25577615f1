"""Following a link: an invitation, or a link with which a user sets a password."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from stockroom.accounts.browser_sessions import BrowserSessions
from stockroom.accounts.joining import USER, Links, find_link
from stockroom.accounts.own import OwnAccount
from stockroom.accounts.problems import LinkOver, PasswordRefused
from stockroom.accounts.queries import Link, account_by_id
from stockroom.accounts.throttle import Throttle
from stockroom.dashboard.account import hash_new
from stockroom.dashboard.calling import Caller, check_form, find_caller, form, visitor
from stockroom.dashboard.pages import open_page, page, see_other
from stockroom.dashboard.signing_in import end_present, welcome
from stockroom.db import Database
from stockroom.errors import InvalidName, Problem
from stockroom.manage.grants import Grants
from stockroom.manage.lookups import lock_team_of
from stockroom.manage.names import check_name
from stockroom.manage.problems import NameTaken
from stockroom.manage.users import Users
from stockroom.resources import Directory
from stockroom.security.cross_site import form_cookie
from stockroom.security.permissions import Role, is_within
from stockroom.security.scopes import SERVER, Scope
from stockroom.settings import Settings
from stockroom.web import Ready, Request

LINK = "link"
"""How somebody has signed in whose password was set a moment ago."""


def show_join(context: object, request: Request) -> Ready:
    """What the link is good for; who follows it is anybody who has it."""
    return _form(request, _find(request))


def join(context: object, request: Request) -> Ready:
    """Take what the link is good for; who follows it is anybody who has it."""
    known = find_caller(request)
    if known is None:
        check_form(request, form_cookie(request.environ))
    link = _find(request)
    if link.scope_kind == USER:
        return _set_password(request, link)
    if known is not None:
        return _accept(request, link, known)
    return _create(request, link)


def _accept(request: Request, link: Link, known: Caller) -> Ready:
    session, subject = request.new_session(), known.subject
    Links(session, subject).take(request.matchdict["token"], subject)
    _grant(request, session, link, subject)
    return see_other(request, "/", done="joined")


def _create(request: Request, link: Link) -> Ready:
    given = form(request)
    name = given.get("name", "").strip().lower()
    try:
        check_name(name)
        hashed = hash_new(request, name, given)
        session = request.new_session()
        end_present(request, session)
        user = Users(session, "invited").create(name, link.email)
    except (InvalidName, PasswordRefused, NameTaken) as problem:
        return _form(request, link, problem)
    subject = f"user:{user.id}"
    Links(session, subject).take(request.matchdict["token"], subject)
    _grant(request, session, link, subject)
    settings = request.service(Settings)
    OwnAccount(session, settings, user.id, None).set_password(hashed)
    started = BrowserSessions(session, settings).begin(user.id, LINK, visitor(request))
    return welcome(request, started, "/")


def _set_password(request: Request, link: Link) -> Ready:
    with request.service(Database).read() as connection:
        account = account_by_id(connection, link.scope_id)
    if account is None:
        raise LinkOver("this account is disabled")
    try:
        hashed = hash_new(request, account.name, form(request))
    except PasswordRefused as problem:
        return _form(request, link, problem)
    session, subject = request.new_session(), f"user:{account.id}"
    end_present(request, session)
    Links(session, subject).take(request.matchdict["token"], subject)
    settings = request.service(Settings)
    OwnAccount(session, settings, account.id, None).set_password(hashed)
    started = BrowserSessions(session, settings).begin(account.id, LINK, visitor(request))
    return welcome(request, started, "/")


def _grant(request: Request, session: Session, link: Link, subject: str) -> None:
    """Give the role of the link; who has a higher one already keeps it."""
    scope = SERVER if link.scope_kind == "server" else Scope("team", link.scope_id)
    text, role = _text(request, link), Role(link.role)
    lock_team_of(session, scope)
    grants = Grants(session, subject)
    held = grants.role_of(subject, scope)
    if held is None or is_within(held, role):
        grants.set(subject, role, scope, text)


def _text(request: Request, link: Link) -> str:
    if link.scope_kind == "server":
        return "*"
    teams = request.service(Directory).snapshot().teams.values()
    found = next((team.name for team in teams if team.id == link.scope_id), None)
    if found is None:
        raise LinkOver("the team of this invitation is gone")
    return f"team:{found}"


def _find(request: Request) -> Link:
    """The link of the URL; who looks for one by trying is slowed down."""
    address = request.environ.get("REMOTE_ADDR", "")
    request.service(Throttle).count("link", address=address)
    return find_link(request.service(Database), request.matchdict["token"])


def _form(request: Request, link: Link, problem: Problem | None = None) -> Ready:
    name = None
    if link.scope_kind == USER:
        with request.service(Database).read() as connection:
            account = account_by_id(connection, link.scope_id)
        if account is None:
            raise LinkOver("this account is disabled")
        name = account.name
    values: dict[str, Any] = {
        "status": problem.status if problem else 200,
        "error": problem.detail if problem else None,
        "link": link,
        "place": None if name else _text(request, link).removeprefix("team:"),
        "name": name,
        "given": form(request) if problem else {},
    }
    make = open_page if find_caller(request) is None else page
    return make(request, "join", **values)
