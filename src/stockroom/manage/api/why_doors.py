"""The doors to what views show and why."""

from __future__ import annotations

from stockroom.manage.api import why
from stockroom.manage.api.doors import Door
from stockroom.manage.api.people_doors import VIEW, WORKSPACE
from stockroom.resources import SeenPackage, ViewResource
from stockroom.security.permissions import Permission

# In the container whose views may have an instant after their name.
SEEN = (*WORKSPACE, "indexes", "{view}", "packages", "{package}")
URL = "/v1/why/{workspace}/{view}/{package}"

WHY_DOORS = (
    Door(
        "api.why",
        SEEN,
        SeenPackage,
        {"GET": (why.explain_package, Permission.VIEW_READ)},
        url=URL,
    ),
    Door(
        "api.why-part",
        SEEN,
        SeenPackage,
        {"GET": (why.explain_part, Permission.VIEW_READ)},
        url=f"{URL}/{{part}}",
    ),
    Door(
        "api.rehearse",
        VIEW,
        ViewResource,
        {"POST": (why.rehearse, Permission.VIEW_INSPECT)},
        url="/v1/views/{workspace}/{view}/rehearse",
    ),
)
