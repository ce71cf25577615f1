"""A limited credential may less than its owner, and nothing outside of its limits: at random.

Trees of places, grants and limits are drawn; what the policy permits on the real tree is compared
with an evaluator that was written down without principals and access lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from stockroom.db import Database
from stockroom.feed import Feed
from stockroom.resources import Directory, Resource, Root, queries
from stockroom.resources.queries import PlaceRow, RegistryPart, TeamPart, WorkspacePart
from stockroom.security.acl import creatable_packages, writable_packages
from stockroom.security.identities import Identities
from stockroom.security.identity import Held, Identity, principals_of
from stockroom.security.permissions import (
    ACCESS_ROLES,
    CREDENTIAL_PERMISSIONS,
    OPEN,
    OWN,
    ROLE_PERMISSIONS,
    Access,
    CredentialKind,
    Permission,
    Role,
    lower,
)
from stockroom.security.policy import SecurityPolicy
from stockroom.security.scopes import SERVER, Scope, narrower
from stockroom.security.uses import Uses
from stockroom.web import Request

MANY = settings(max_examples=80, deadline=None)
NAMES = ("demo", "other")
"""Packages of every registry."""


@dataclass(frozen=True)
class World:
    """Places: for each the one that it lies in; and which registries each view shows."""

    parents: Mapping[Scope, Scope]
    shown: Mapping[Scope, tuple[int, ...]]
    visibility: Mapping[int, str]

    def around(self, place: Scope) -> set[Scope]:
        """Every scope that a place lies in."""
        found, todo = set(), [place]
        while todo:
            scope = todo.pop()
            found.add(scope)
            only = self.only(scope)
            if only is not None:
                todo.append(Scope("registry", only))
            if scope.kind == "package":
                todo.append(Scope("registry", scope.id))
            if scope in self.parents:
                todo.append(self.parents[scope])
        return found | {SERVER}

    def only(self, view: Scope) -> int | None:
        """The registry that a view shows alone, unless that is one of another workspace."""
        shown = set(self.shown.get(view, ()))
        if len(shown) != 1 or shown & set(self.foreign(view)):
            return None
        return shown.pop()

    def foreign(self, view: Scope) -> list[int]:
        """The registries of other workspaces that a view shows."""
        parents, shown = self.parents, self.shown.get(view, ())
        return [id_ for id_ in shown if parents[Scope("registry", id_)] != parents[view]]

    def of_kind(self, kind: str) -> Iterator[int]:
        """The ids of the places of a kind."""
        return (place.id for place in self.parents if place.kind == kind)

    @property
    def scopes(self) -> list[Scope]:
        """What a grant or a limit can be about."""
        packages = [
            Scope("package", id_, name) for id_ in self.of_kind("registry") for name in NAMES
        ]
        return [SERVER, *self.parents, *packages]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """One to two teams with workspaces, registries, and views of registries anywhere."""
    parents: dict[Scope, Scope] = {}
    shown: dict[Scope, tuple[int, ...]] = {}
    visibility, registries_of = {}, {}
    ids = iter(range(1, 100))
    for _ in range(draw(st.integers(1, 2))):
        team = Scope("team", next(ids))
        parents[team] = SERVER
        for _ in range(draw(st.integers(0, 2))):
            workspace = Scope("workspace", next(ids))
            parents[workspace] = team
            visibility[workspace.id] = draw(st.sampled_from(["team", "global", "public"]))
            mine = [next(ids) for _ in range(draw(st.integers(1, 2)))]
            parents.update({Scope("registry", id_): workspace for id_ in mine})
            registries_of[workspace] = mine
    everything = [id_ for mine in registries_of.values() for id_ in mine]
    for workspace, mine in registries_of.items():
        combined = draw(st.lists(st.lists(st.sampled_from(everything), min_size=1, max_size=3)))
        for registries in [[id_] for id_ in mine] + combined[:2]:
            view = Scope("view", next(ids))
            parents[view], shown[view] = workspace, tuple(registries)
    return World(parents, shown, visibility)


@st.composite
def credentials(draw: st.DrawFn) -> tuple[World, list[Held], Access, list[Scope]]:
    """A world, what somebody holds in it, and the limits of a credential of theirs."""
    world = draw(worlds())
    scopes = st.sampled_from(world.scopes)
    held = draw(st.lists(st.builds(Held, st.sampled_from(Role), scopes), max_size=3))
    limits = draw(st.lists(scopes, max_size=3))
    return world, held, draw(st.sampled_from(Access)), limits


def directory_of(world: World) -> Directory:
    """The real directory of a world."""
    rows = [
        PlaceRow(TeamPart(id_, f"t{id_}", {}), None, None, "", 1, None, None, None)
        for id_ in world.of_kind("team")
    ]
    for view, registries in world.shown.items():
        place = world.parents[view]
        team_id = world.parents[place].id
        for priority, registry in enumerate(registries):
            rows.append(
                PlaceRow(
                    TeamPart(team_id, f"t{team_id}", {}),
                    WorkspacePart(place.id, f"w{place.id}", world.visibility[place.id], team_id),
                    view.id,
                    f"v{view.id}",
                    1,
                    priority,
                    None,
                    part_of(world, registry),
                )
            )
    database = cast(Database, type("None_", (), {"read": staticmethod(nullcontext)}))
    feed = cast(Feed, type("Silent", (), {"subscribe": staticmethod(lambda _: None)}))
    made = Directory(database, feed)
    with patch.object(queries, "places", lambda _: rows):
        made.snapshot()
    return made


def part_of(world: World, registry: int) -> RegistryPart:
    """The row of a registry."""
    place = world.parents[Scope("registry", registry)].id
    return RegistryPart(registry, f"r{registry}", "hosted", place, {})


def targets(world: World, root: Resource) -> Iterator[tuple[str, Sequence[Scope], int | None, Any]]:
    """Every place of the tree: its kind, what it is, its workspace's id and the resource."""
    yield "server", [SERVER], None, root
    for id_ in world.of_kind("team"):
        yield "team", [Scope("team", id_)], None, root["teams"][f"t{id_}"]
    for id_ in world.of_kind("workspace"):
        yield "workspace", [Scope("workspace", id_)], id_, root["workspaces"][f"w{id_}"]
    for id_ in world.of_kind("registry"):
        place = world.parents[Scope("registry", id_)].id
        registry = root["workspaces"][f"w{place}"]["registries"][f"r{id_}"]
        yield "registry", [Scope("registry", id_)], place, registry
        for name in NAMES:
            yield "package", [Scope("package", id_, name)], place, registry["packages"][name]
    for scope in world.shown:
        place = world.parents[scope].id
        view = root["workspaces"][f"w{place}"]["views"][f"v{scope.id}"]
        yield "view", [scope], place, view
        for name in NAMES:
            only = world.only(scope)
            packages = [] if only is None else [Scope("package", only, name)]
            yield "seen", [scope, *packages], place, view["packages"][name]


class Bare(Request):
    """A request of a caller who is known already."""

    def catch_up(self) -> None:
        """There is no feed."""


REQUEST: Request = Bare.blank("/")
POLICY = SecurityPolicy(cast(Identities, None), cast(Uses, None))


def permitted(identity: Identity, place: Resource) -> set[Permission]:
    """What the policy lets somebody do, apart from what everybody may do with their own."""
    REQUEST.__dict__["_stockroom_identity"] = identity
    asked = frozenset(Permission) - OWN
    return {wanted for wanted in asked if POLICY.permits(REQUEST, place, wanted)}


def identity_of(
    kind: CredentialKind,
    held: Sequence[Held],
    access: Access,
    limits: Sequence[Scope] | None,
    directory: Directory,
) -> Identity:
    principals = principals_of(held, access, limits, directory.containing)
    everywhere = principals_of(held, access, None, directory.containing)
    return Identity("user:1", "ann", kind, "key:1", principals, everywhere=everywhere)


def expected(
    world: World,
    kind: CredentialKind,
    held: Sequence[Held],
    access: Access,
    limits: Sequence[Scope] | None,
    target: tuple[str, Sequence[Scope], int | None, Any],
) -> set[Permission]:
    """What the tables give, by going through grants and limits one by one."""
    about, places, workspace, _ = target
    around = set().union(*(world.around(place) for place in places))
    found: set[Permission] = set()
    visibility = world.visibility[workspace] if workspace else "team"
    if visibility == "public":
        found |= OPEN
    if visibility == "global" and (limits is None or around & set(limits)):
        found |= OPEN
    for role, scope in held:
        carried = ROLE_PERMISSIONS[lower(role, ACCESS_ROLES[access])]
        for limit in [SERVER] if limits is None else limits:
            nested = scope in world.around(limit) or limit in world.around(scope)
            if nested and {scope, limit} <= around:
                only = world.only(places[0]) if about in {"view", "seen"} else None
                shown = None if only is None else Scope("registry", only)
                # What others make of a registry is not for its own admins to decide.
                narrower = scope.kind in {"package", "view"}
                is_read = shown == scope or (shown == limit and not narrower)
                found |= carried & ROLE_PERMISSIONS[Role.READER] if is_read else carried
            inner = limit if scope in world.around(limit) else scope
            is_writable = nested and inner.kind == "package" and inner.id == places[0].id
            if (
                about in {"registry", "package"}
                and is_writable
                and Permission.REGISTRY_UPLOAD in carried
            ):
                found.add(Permission.UPLOAD_BEGIN)
    for id_ in world.foreign(places[0]):
        registry = Scope("registry", id_)
        there = ("registry", [registry], world.parents[registry].id, None)
        # What is elsewhere is the caller's to read, wherever the credential is good for.
        if not expected(world, kind, held, access, None, there) & {Permission.VIEW_READ}:
            found.discard(Permission.VIEW_READ)
    return found & CREDENTIAL_PERMISSIONS[kind]


@MANY
@given(drawn=credentials(), kind=st.sampled_from(CredentialKind))
def test_a_credential_may_exactly_what_the_tables_say(
    drawn: tuple[World, list[Held], Access, list[Scope]], kind: CredentialKind
) -> None:
    world, held, access, limits = drawn
    directory = directory_of(world)

    for bounds in (None, limits):
        identity = identity_of(kind, held, access, bounds, directory)
        for target in targets(world, Root(directory)):
            may = permitted(identity, target[3])
            assert may == expected(world, kind, held, access, bounds, target), target


@MANY
@given(drawn=credentials(), kind=st.sampled_from(CredentialKind))
def test_a_limited_credential_is_never_worth_more_than_its_owner(
    drawn: tuple[World, list[Held], Access, list[Scope]], kind: CredentialKind
) -> None:
    world, held, access, limits = drawn
    directory = directory_of(world)
    owner = identity_of(kind, held, Access.ADMIN, None, directory)
    limited = identity_of(kind, held, access, limits, directory)

    for about, places, _, resource in targets(world, Root(directory)):
        may = permitted(limited, resource)
        assert may <= permitted(owner, resource)
        if about == "registry":
            assert publishable(limited, resource) <= publishable(owner, resource)
            assert creatable(limited, resource) <= creatable(owner, resource)
            covered = {name for name in NAMES if covers(world, limits, places[0], name)}
            assert publishable(limited, resource) <= covered


def covers(world: World, limits: Sequence[Scope], registry: Scope, name: str) -> bool:
    """Whether a package lies in the limits."""
    return bool(world.around(Scope("package", registry.id, name)) & set(limits))


def publishable(identity: Identity, registry: Any) -> set[str]:
    """Of which packages an upload would be taken."""
    may = permitted(identity, registry)
    if Permission.UPLOAD_BEGIN not in may:
        return set()
    if Permission.REGISTRY_UPLOAD in may:
        return set(NAMES)
    return set(writable_packages(identity.principals, registry.row.id))


def creatable(identity: Identity, registry: Any) -> set[str]:
    """Which packages may be made where the registry leaves that to its admins (U-65)."""
    by_name = creatable_packages(identity.principals, registry.row.id)
    every = Permission.PACKAGE_CREATE in permitted(identity, registry)
    return {name for name in publishable(identity, registry) if every or name in by_name}


@given(world=worlds(), data=st.data())
def test_the_narrower_of_two_scopes_lies_in_both(world: World, data: st.DataObject) -> None:
    directory = directory_of(world)
    scopes = st.sampled_from(world.scopes)
    one, other = data.draw(scopes), data.draw(scopes)

    found = narrower(one, other, directory.containing)

    assert found == narrower(other, one, directory.containing)
    assert found in {one, other, None}
    if found is not None:
        assert {one, other} <= world.around(found)
    else:
        assert one not in world.around(other)
        assert other not in world.around(one)


@given(world=worlds())
def test_a_scope_lies_in_itself_in_the_server_and_in_what_is_between(world: World) -> None:
    directory = directory_of(world)

    for scope in world.scopes:
        assert directory.containing(scope) == world.around(scope)


@given(world=worlds(), id_=st.integers(200, 300))
def test_what_is_gone_lies_in_the_server_alone(world: World, id_: int) -> None:
    """A limit to a deleted place is good for nothing, but opens nothing either."""
    directory = directory_of(world)

    for kind in ("team", "workspace", "registry", "view"):
        assert directory.containing(Scope(kind, id_)) == {SERVER, Scope(kind, id_)}


def test_writable_packages_are_those_of_one_registry_by_their_names() -> None:
    """Ids are told apart: 1 is not the beginning of 12."""
    principals = frozenset(
        {
            "writer@package:1/demo",
            "admin@package:1/with-dashes",
            "reader@package:1/readable",
            "owner@package:12/far",
            "guest@package:1/guest",
            "writer@registry:1",
            "package-writer@registry:1",
            "package-creator@package:1/demo",
        }
    )

    assert writable_packages(principals, 1) == {"demo", "with-dashes"}
    assert writable_packages(principals, 12) == {"far"}
    assert creatable_packages(principals, 1) == {"demo"}
    assert creatable_packages(principals, 12) == set()
