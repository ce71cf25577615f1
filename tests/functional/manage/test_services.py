"""Administration on both databases: what the listings show, and what every change leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import astuple
from sqlalchemy import select

from stockroom.errors import InvalidName, Problem
from stockroom.manage import queries
from stockroom.manage.keys import Keys
from stockroom.manage.packages import Packages
from stockroom.manage.places import Places
from stockroom.manage.problems import InvalidScope, NameTaken, NoSuchPlace
from stockroom.models import Event, File
from tests.archives import make_sdist, make_wheel
from tests.support.site import TestSite

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def published(both: TestSite) -> TestSite:
    """A site with two releases of one package."""
    key = both.create_key()
    for filename, content in (
        make_wheel("Demo.Pkg", "1.0"),
        make_sdist("Demo.Pkg", "1.0"),
        make_wheel("Demo.Pkg", "1.1"),
    ):
        both.upload(filename, content, key)
    return both


def events_of(site: TestSite, kind: str) -> list[Any]:
    """The events of one kind, oldest first."""
    query = select(Event).where(Event.kind == kind).order_by(Event.id)
    with site.database.transaction() as session:
        return list(session.execute(query).scalars())


def test_listing_of_teams_counts_workspaces(both: TestSite) -> None:
    with both.database.transaction() as session:
        places = Places(session, "test")
        places.create_workspace("other", team="acme")
        places.create_team("idle")

    with both.database.read() as connection:
        rows = queries.teams(connection)

    assert [(row.name, row.workspaces) for row in rows] == [("acme", 2), ("idle", 0)]
    assert all(row.created_at.tzinfo for row in rows)


def test_listing_of_workspaces(both: TestSite) -> None:
    with both.database.transaction() as session:
        places = Places(session, "test")
        places.create_workspace("open", visibility="public")
        places.create_registry("open", "staging")

    with both.database.read() as connection:
        rows = queries.workspaces(connection)

    assert [astuple(row)[:4] for row in rows] == [
        ("acme", "acme", "team", 1),
        ("open", "open", "public", 2),
    ]


def test_listing_of_registries_adds_up_sizes(published: TestSite) -> None:
    with published.database.transaction() as session:
        Places(session, "test").create_registry("acme", "staging")

    with published.database.read() as connection:
        main, staging = queries.registries(connection)
        sizes = connection.execute(select(File.size)).scalars().all()

    assert (main.registry, main.packages, main.files) == ("acme/main", 1, 3)
    assert main.size == sum(sizes)
    assert astuple(staging)[:6] == ("acme/staging", "hosted", 0, 0, 0, None)


def test_listing_of_keys_writes_scopes_as_they_are_given(both: TestSite) -> None:
    with both.database.transaction() as session:
        Places(session, "test").create_workspace("other")
    both.create_view("other/all", "other/main")
    scopes = ["*", "team:acme", "acme", "acme/main", "other/all"]

    with both.database.transaction() as session:
        keys = Keys(session, "test", clock=lambda: NOW)
        for scope in scopes:
            keys.create_with_robot(
                f"for {scope}", role="reader", scope=scope, valid_for=timedelta(days=1)
            )

    with both.database.read() as connection:
        rows = queries.keys(connection)
    assert [row.scope for row in rows] == scopes
    assert {row.expires_at for row in rows} == {NOW + timedelta(days=1)}


def test_every_creation_writes_an_event(both: TestSite) -> None:
    with both.database.transaction() as session:
        places = Places(session, "ann")
        places.create_workspace("other", visibility="global")
        places.set_visibility("other", "public")
        Keys(session, "ann").create_with_robot("mine", role="writer", scope="other")

    [team, workspace, registry] = [
        events_of(both, f"{kind}.created")[-1] for kind in ("team", "workspace", "registry")
    ]
    [changed] = events_of(both, "workspace.changed")
    [key] = events_of(both, "key.created")
    assert {event.actor for event in (team, workspace, registry, changed, key)} == {"ann"}
    after = {"visibility": "global"}
    assert workspace.data == {"name": "other", "before": None, "after": after}
    after = {"kind": "hosted"}
    assert registry.data == {"workspace": "other", "name": "main", "before": None, "after": after}
    assert len({event.team_id for event in (team, workspace, registry, changed, key)}) == 1
    assert changed.data["before"] == {"visibility": "global"}
    assert changed.data["after"] == {"visibility": "public"}
    assert key.subject == "key:1"
    made = {"access": "admin", "places": None, "expires_at": None}
    assert key.data == {"owner": "robot:1", "name": "mine", "before": None, "after": made}
    [grant] = events_of(both, "grant.set")
    assert grant.subject == "robot:1"
    assert grant.data == {"scope": "other", "before": None, "after": "writer"}


def test_no_event_holds_the_secret_of_a_key(both: TestSite) -> None:
    secret = both.create_key()

    [event] = events_of(both, "key.created")

    assert secret not in str(event.data) + event.actor + str(event.subject)


def test_revoking_twice_writes_one_event(both: TestSite) -> None:
    both.create_key()

    for _ in range(2):
        with both.database.transaction() as session:
            Keys(session, "ann").revoke(1)

    assert len(events_of(both, "key.revoked")) == 1


REFUSED: dict[str, tuple[type[Problem], Any]] = {
    "name": (InvalidName, lambda s: Places(s, "x").create_team("Not A Name")),
    "team": (NameTaken, lambda s: Places(s, "x").create_team("acme")),
    "workspace": (NameTaken, lambda s: Places(s, "x").create_workspace("acme")),
    "registry": (NameTaken, lambda s: Places(s, "x").create_registry("acme", "main")),
    "no-workspace": (NoSuchPlace, lambda s: Places(s, "x").create_registry("nope", "main")),
    "no-team": (NoSuchPlace, lambda s: Places(s, "x").create_workspace("new", team="nope")),
    "nothing": (NoSuchPlace, lambda s: Places(s, "x").set_visibility("nope", "public")),
    "scope": (
        InvalidScope,
        lambda s: Keys(s, "x").create_with_robot("", role="reader", scope="acme/"),
    ),
    "no-scope": (
        NoSuchPlace,
        lambda s: Keys(s, "x").create_with_robot("", role="reader", scope="a/b"),
    ),
    "no-key": (NoSuchPlace, lambda s: Keys(s, "x").revoke(99)),
    "no-package": (
        NoSuchPlace,
        lambda s: Packages(s, "x").set_status("acme", "main", "nope", "active", None),
    ),
}


@pytest.mark.parametrize(("problem", "change"), REFUSED.values(), ids=REFUSED)
def test_refused_change_leaves_no_trace(
    both: TestSite, problem: type[Problem], change: Any
) -> None:
    with both.database.read() as connection:
        before = connection.execute(select(Event.id)).all()

    with pytest.raises(problem), both.database.transaction() as session:
        change(session)

    with both.database.read() as connection:
        assert connection.execute(select(Event.id)).all() == before
