"""The doors to what views are made of."""

from __future__ import annotations

from stockroom.manage.api import definitions
from stockroom.manage.api.doors import Door
from stockroom.manage.api.people_doors import VIEW, WORKSPACE
from stockroom.resources import ViewResource, WorkspaceResource
from stockroom.security.permissions import Permission

VIEW_DOORS = (
    Door(
        "api.views",
        WORKSPACE,
        WorkspaceResource,
        {
            "GET": (definitions.list_views, Permission.WORKSPACE_READ),
            "POST": (definitions.create_view, Permission.VIEW_DEFINE),
        },
        page="views",
    ),
    Door(
        "api.view",
        VIEW,
        ViewResource,
        {
            "GET": (definitions.show_view, Permission.VIEW_INSPECT),
            "PUT": (definitions.change_view, Permission.VIEW_DEFINE),
            "DELETE": (definitions.delete_view, Permission.VIEW_DEFINE),
        },
    ),
    Door(
        "api.view-history",
        VIEW,
        ViewResource,
        {"GET": (definitions.show_history, Permission.VIEW_INSPECT)},
        page="history",
    ),
    Door(
        "api.view-conflicts",
        VIEW,
        ViewResource,
        {"GET": (definitions.show_conflicts, Permission.VIEW_INSPECT)},
        page="conflicts",
    ),
)
