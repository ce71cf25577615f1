"""The start page: what one may read here."""

from __future__ import annotations

from stockroom.dashboard.calling import caller
from stockroom.dashboard.pages import page
from stockroom.dashboard.places import readable_views
from stockroom.insight.service import Facts
from stockroom.resources import Directory, Root
from stockroom.security.permissions import Permission
from stockroom.web import Ready, Request


def show_start(context: object, request: Request) -> Ready:
    """The workspaces and views that one may install from."""
    caller(request)
    root = Root(request.service(Directory))
    shows_facts = request.service(Facts).sources and request.has_permission(
        Permission.SERVER_AUDIT, root
    )
    return page(request, "start", views=readable_views(request), shows_facts=shows_facts)
