"""The start page: what one may read here."""

from __future__ import annotations

from stockroom.dashboard.calling import caller
from stockroom.dashboard.pages import page
from stockroom.dashboard.places import readable_views
from stockroom.web import Ready, Request


def show_start(context: object, request: Request) -> Ready:
    """The workspaces and views that one may install from."""
    caller(request)
    return page(request, "start", views=readable_views(request))
