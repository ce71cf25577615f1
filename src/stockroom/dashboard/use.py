"""How to use a registry: a key, and the lines for every tool."""

from __future__ import annotations

from stockroom.dashboard.calling import find_caller, form, site_of
from stockroom.dashboard.confirming import is_confirmed, need_confirmed
from stockroom.dashboard.keys import create_key
from stockroom.dashboard.pages import page
from stockroom.errors import Problem
from stockroom.manage.keys import VALIDITIES
from stockroom.resources import ViewResource
from stockroom.security.scopes import Scope
from stockroom.web import Ready, Request

NO_KEY = "YOUR-API-KEY"
"""What stands in the lines as long as there is no key."""


def show_use(context: ViewResource, request: Request) -> Ready:
    """The lines, and the form for a key."""
    return _use(context, request)


def make_use_key(context: ViewResource, request: Request) -> Ready:
    """Make a key for this place alone, and show the lines with it, this once only."""
    known = need_confirmed(request)
    registry = context.workspace.registries.get(context.row.name)
    place = Scope("registry", registry.id) if registry else Scope("view", context.row.id)
    try:
        minted = create_key(request, known, form(request), [place])
    except Problem as problem:
        return _use(context, request, problem=problem)
    return _use(context, request, secret=minted.secret)


def _use(
    context: ViewResource,
    request: Request,
    secret: str | None = None,
    problem: Problem | None = None,
) -> Ready:
    workspace, view = context.workspace.name, context.row.name
    site = site_of(request)
    known = find_caller(request)
    return page(
        request,
        "use",
        status=problem.status if problem else 200,
        error=problem.detail if problem else None,
        workspace=workspace,
        view=view,
        base=site.origin,
        netloc=site.origin.partition("://")[2],
        host=site.host,
        scheme=site.origin.partition(":")[0],
        index=f"{site.origin}/simple/{workspace}/{view}/",
        upload=f"{site.origin}/v1/upload/{workspace}/{view}" if _publishes(context) else None,
        name=f"{workspace}-{view}",
        secret=secret,
        key=secret or NO_KEY,
        validities=VALIDITIES,
        given=form(request) if problem else {},
        confirmed=known is not None and is_confirmed(request),
    )


def _publishes(context: ViewResource) -> bool:
    """Whether there is a registry of that name, to which one publishes."""
    return context.row.name in context.workspace.registries
