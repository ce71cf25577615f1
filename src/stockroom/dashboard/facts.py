"""The fact sources of the server, for its administrators."""

from __future__ import annotations

from stockroom.dashboard.calling import caller
from stockroom.dashboard.pages import page, see_other
from stockroom.insight.service import Facts
from stockroom.resources import FactSourceResource, Resource
from stockroom.security.permissions import Permission
from stockroom.web import Ready, Request

FACTS = "/server/facts"


def show_facts(context: Resource, request: Request) -> Ready:
    """How far every source is, when it last succeeded, and what went wrong."""
    caller(request)
    may_refresh = bool(request.has_permission(Permission.FACTS_REFRESH, context))
    statuses = request.service(Facts).statuses()
    return page(request, "facts", sources=statuses, may_refresh=may_refresh)


def refresh_facts(context: FactSourceResource, request: Request) -> Ready:
    """Have a source asked for everything."""
    known = caller(request)
    request.service(Facts).refresh_soon(request.new_session(), known.subject, context.__name__)
    return see_other(request, FACTS, done="facts-asked")
