"""Every door of the API: URL, place in the tree, and for each method its view and permission."""

from __future__ import annotations

from functools import cache

from pyramid.config import Configurator

from stockroom.manage.api import burnt, events, facts, files, packages, registries, releases
from stockroom.manage.api.description import Description
from stockroom.manage.api.doors import Door
from stockroom.manage.api.people_doors import PACKAGE, PEOPLE_DOORS, REGISTRY
from stockroom.manage.api.view_doors import VIEW_DOORS
from stockroom.manage.api.why_doors import WHY_DOORS
from stockroom.resources import (
    BurntFilenameResource,
    FactSourceResource,
    FileResource,
    PackageResource,
    RegistryResource,
    ReleaseResource,
    Root,
)
from stockroom.security.permissions import Permission
from stockroom.web import READS, Ready, Request, at

DOORS = (
    *PEOPLE_DOORS,
    *VIEW_DOORS,
    *WHY_DOORS,
    Door(
        "api.registry",
        REGISTRY,
        RegistryResource,
        {
            "GET": (registries.show_registry, Permission.REGISTRY_READ),
            "PATCH": (registries.change_registry, Permission.REGISTRY_CHANGE),
            "DELETE": (registries.delete_registry, Permission.REGISTRY_DELETE),
        },
    ),
    Door(
        "api.packages",
        REGISTRY,
        RegistryResource,
        {"GET": (packages.list_packages, Permission.REGISTRY_READ)},
        page="packages",
    ),
    Door(
        "api.burnt-filenames",
        REGISTRY,
        RegistryResource,
        {"GET": (burnt.list_burnt, Permission.PACKAGE_DELETE)},
        page="burnt-filenames",
    ),
    Door(
        "api.retention",
        REGISTRY,
        RegistryResource,
        {
            "GET": (registries.show_retention, Permission.PACKAGE_DELETE),
            "POST": (registries.apply_retention, Permission.PACKAGE_DELETE),
        },
        page="retention",
    ),
    Door(
        "api.events",
        REGISTRY,
        RegistryResource,
        {"GET": (events.list_events, Permission.REGISTRY_AUDIT)},
        page="events",
    ),
    Door(
        "api.package",
        PACKAGE,
        PackageResource,
        {
            "GET": (packages.show_package, Permission.REGISTRY_READ),
            "PATCH": (packages.change_package, Permission.PACKAGE_CHANGE),
            "DELETE": (packages.delete_package, Permission.PACKAGE_DELETE),
        },
    ),
    Door(
        "api.release",
        (*PACKAGE, "releases", "{version}"),
        ReleaseResource,
        {
            "GET": (releases.show_release, Permission.REGISTRY_READ),
            "PATCH": (releases.change_release, Permission.RELEASE_YANK),
            "DELETE": (releases.delete_release, Permission.PACKAGE_DELETE),
        },
    ),
    Door(
        "api.files",
        PACKAGE,
        PackageResource,
        {"GET": (files.list_files, Permission.REGISTRY_READ)},
        page="files",
    ),
    Door(
        "api.file",
        (*PACKAGE, "files", "{filename}"),
        FileResource,
        {
            "GET": (files.show_file, Permission.REGISTRY_READ),
            "PATCH": (files.change_file, Permission.RELEASE_YANK),
            "DELETE": (files.delete_file, Permission.PACKAGE_DELETE),
        },
    ),
    Door(
        "api.burnt-filename",
        (*REGISTRY, "burnt-filenames", "{filename}"),
        BurntFilenameResource,
        {"DELETE": (burnt.lift_burnt, Permission.PACKAGE_DELETE)},
    ),
    Door(
        "api.facts",
        (),
        Root,
        {"GET": (facts.list_facts, Permission.SERVER_AUDIT)},
        page="facts",
    ),
    Door(
        "api.facts-refresh",
        ("facts", "{source}"),
        FactSourceResource,
        {"POST": (facts.refresh_facts, Permission.FACTS_REFRESH)},
        page="refresh",
    ),
)


def show_description(context: object, request: Request) -> Ready:
    """What all doors read and answer, as OpenAPI has it; anybody may ask: it tells of no place."""
    return _description().show(request)


@cache
def _description() -> Description:
    # Made when somebody asks for it first: it takes longer than the rest of the start.
    return Description(DOORS)


def configure(config: Configurator) -> None:
    """Routes and views of the API, and of its description."""
    for door in DOORS:
        factory = at(*door.steps, methods=door.allowed)
        config.add_route(door.name, door.pattern, factory=factory)
        for method, operation in door.operations().items():
            _, permission = door.methods[method]
            config.add_view(
                operation,
                route_name=door.name,
                request_method=method,
                context=door.context,
                permission=permission,
            )
    config.add_route("api.description", "/v1/openapi.json", factory=at(methods=READS))
    config.add_view(show_description, route_name="api.description")
