"""One's own API keys: list, make, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from stockroom.accounts import queries
from stockroom.accounts.own import OwnAccount
from stockroom.dashboard.calling import Caller, caller, form
from stockroom.dashboard.confirming import is_confirmed, need_confirmed
from stockroom.dashboard.pages import page, see_other
from stockroom.dashboard.places import find_places, name_places
from stockroom.db import Database
from stockroom.errors import BadRequest, Problem
from stockroom.manage.keys import VALIDITIES, Keys
from stockroom.security.keys import NewKey
from stockroom.security.permissions import Access
from stockroom.security.scopes import Scope
from stockroom.settings import Settings
from stockroom.web import Ready, Request

KEYS = "/account/keys"
MAX_NAME = 100
MAX_PLACES = 50


class KeyRefused(BadRequest):
    """A key cannot be made as it is wanted."""

    slug, title = "key-refused", "Key refused"


def show_keys(context: object, request: Request) -> Ready:
    """One's keys, and the form for another."""
    return _keys(request)


def make_key(context: object, request: Request) -> Ready:
    """Make a key, whose secret is shown this once only."""
    known = need_confirmed(request)
    given = form(request)
    try:
        texts = given.get("places", "").replace(",", " ").split()
        places = find_places(request, texts) or None
        minted = create_key(request, known, given, places)
    except Problem as problem:
        return _keys(request, problem)
    return page(request, "new-key", secret=minted.secret, name=given.get("name", ""))


def revoke_key(context: object, request: Request) -> Ready:
    """Revoke a key: its next use fails."""
    known = caller(request)
    session = request.new_session()
    number = int(request.matchdict["id"])
    settings = request.service(Settings)
    OwnAccount(session, settings, known.user_id, known.session_id).need_key(number)
    Keys(session, known.subject).revoke(number)
    return see_other(request, KEYS, done="api-key-revoked")


def create_key(
    request: Request, known: Caller, given: dict[str, str], places: Sequence[Scope] | None
) -> NewKey:
    """Make a key of the caller as a form wants it.

    :raises KeyRefused: the form wants what cannot be.
    """
    name = " ".join(given.get("name", "").split())
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise KeyRefused(f"give the key a name of 1 to {MAX_NAME} letters, by which you know it")
    access, days = given.get("access", ""), given.get("days", "")
    if access not in list(Access):
        raise KeyRefused(f"the access must be one of {', '.join(Access)}")
    if days not in map(str, VALIDITIES):
        raise KeyRefused(f"a key lasts {', '.join(map(str, VALIDITIES))} days")
    if places is not None and len(places) > MAX_PLACES:
        raise KeyRefused(f"a key can be limited to {MAX_PLACES} places at most")
    return Keys(request.new_session(), known.subject).create(
        known.subject,
        name,
        access=Access(access),
        places=places,
        valid_for=timedelta(days=int(days)),
    )


def _keys(request: Request, problem: Problem | None = None) -> Ready:
    known = caller(request)
    with request.service(Database).read() as connection:
        rows = queries.api_keys(connection, known.subject)
    given = form(request) if problem else {}
    return page(
        request,
        "keys",
        status=problem.status if problem else 200,
        error=problem.detail if problem else None,
        keys=[(row, name_places(request, row.places)) for row in rows],
        given=given,
        validities=VALIDITIES,
        confirmed=is_confirmed(request),
    )
