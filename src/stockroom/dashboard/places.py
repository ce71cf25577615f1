"""The places that a caller may see, by the texts with which people name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stockroom.dists import is_valid_name, normalize
from stockroom.errors import NotFound
from stockroom.resources import Directory, Resource, Root
from stockroom.security.permissions import Permission
from stockroom.security.scopes import Scope
from stockroom.web import Request


class ViewPlace(NamedTuple):
    """A view that the caller may install from."""

    workspace: str
    view: str
    team: str
    visibility: str
    inspected: bool
    """Whether they may see what it is made of."""


class NoSuchPlace(NotFound):
    """A place does not exist, or the caller may not know that it does (S-61)."""

    slug, title = "no-such-place", "Not found"


def readable_views(request: Request) -> list[ViewPlace]:
    """The views that the caller may install from, by name."""
    root = Root(request.service(Directory))
    found = []
    for name, row in sorted(root.snapshot.workspaces.items()):
        views = root["workspaces"][name]["views"]
        found += [
            ViewPlace(
                name,
                view,
                row.team.name,
                row.visibility,
                bool(request.has_permission(Permission.VIEW_INSPECT, views[view])),
            )
            for view in sorted(row.views)
            if request.has_permission(Permission.VIEW_READ, views[view])
        ]
    return found


def find_places(request: Request, texts: Sequence[str]) -> list[Scope]:
    """The scopes that the caller names; a package need not exist yet.

    :raises NoSuchPlace: one of them is none, or none that they may see.
    """
    seen = _seen(request)
    return [_find(seen, text) for text in dict.fromkeys(texts)]


def name_places(request: Request, places: Sequence[Sequence[Any]] | None) -> list[str]:
    """The texts for the scopes of a key; those that are gone are left out."""
    if places is None:
        return []
    names = dict(_names(Root(request.service(Directory))))
    found = []
    for kind, id_, package in places:
        outer = Scope("registry" if kind == "package" else kind, id_)
        if outer in names:
            found.append(f"{names[outer]}/{package}" if package else names[outer])
    return found


def _find(seen: Mapping[str, Scope], text: str) -> Scope:
    if text in seen:
        return seen[text]
    outer, _, package = text.rpartition("/")
    registry = seen.get(outer)
    if registry is None or registry.kind != "registry" or not is_valid_name(package):
        raise NoSuchPlace(
            f"there is no place {text} that you may see: name a WORKSPACE, WORKSPACE/REGISTRY, "
            "WORKSPACE/VIEW, WORKSPACE/REGISTRY/PACKAGE or team:NAME"
        )
    return Scope("package", registry.id, normalize(package))


def _seen(request: Request) -> Mapping[str, Scope]:
    """Views first, since a registry of the same name stands for both."""
    root = Root(request.service(Directory))
    found = {}
    for scope, text in _names(root):
        resource = _resource(root, scope, text)
        permission = Permission.TEAM_READ if scope.kind == "team" else Permission.VIEW_READ
        if scope.kind == "registry":
            permission = Permission.REGISTRY_READ
        if request.has_permission(permission, resource):
            found[text] = scope
    return found


def _resource(root: Root, scope: Scope, text: str) -> Resource:
    workspace, _, name = text.partition("/")
    match scope.kind:
        case "team":
            return root["teams"][text.removeprefix("team:")]
        case "workspace":
            return root["workspaces"][workspace]
    containers = {"view": "views", "registry": "registries"}
    return root["workspaces"][workspace][containers[scope.kind]][name]


def _names(root: Root) -> Iterator[tuple[Scope, str]]:
    for team in root.snapshot.teams.values():
        yield Scope("team", team.id), f"team:{team.name}"
    for workspace in root.snapshot.workspaces.values():
        yield Scope("workspace", workspace.id), workspace.name
        for view in workspace.views.values():
            yield Scope("view", view.id), f"{workspace.name}/{view.name}"
        for registry in workspace.registries.values():
            yield Scope("registry", registry.id), f"{workspace.name}/{registry.name}"
