"""Settings of registries and teams over the API: shown, changed, recorded, obeyed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from stockroom.manage.api.registries import SettingsPatch
from stockroom.models import Event, Registry, Team
from stockroom.policies import RegistryPolicy, TeamPolicy
from stockroom.spi.settings import declared
from tests.functional.manage.conftest import BASE, PACKAGE, SIZE, Desk

TEAM = "/v1/teams/WORKSPACE"


def value_of(desk: Desk, path: str, name: str) -> Any:
    return desk.read(path, desk.site.create_key("reader", "*"))["settings"][name]["value"]


def change(desk: Desk, path: str, settings: dict[str, object], status: int = 200) -> Any:
    owner = desk.site.create_key("admin", f"team:{desk.workspace}")
    return desk.call("PATCH", path, {"settings": settings}, key=owner, status=status)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"keep_newest": 20}, 20),
        ({"keep_newest": "20"}, 20),
        ({"burn_filenames": False}, False),
        ({"burn_filenames": "off"}, False),
        ({"name_prefixes": ["acme-", "Tools."]}, ["acme-", "tools-"]),
        ({"name_prefixes": "acme- acme."}, ["acme-"]),
        ({"name_prefixes": []}, []),
        ({"long_summary": "warn"}, "warn"),
    ],
)
def test_a_setting_is_changed_and_shown(desk: Desk, given: dict[str, object], kept: object) -> None:
    [name] = given

    answer = change(desk, BASE, given).json

    assert answer["settings"][name]["value"] == kept
    assert value_of(desk, BASE, name) == kept


@pytest.mark.parametrize("default", [None, ""])
def test_null_puts_a_setting_back_to_its_default(desk: Desk, default: object) -> None:
    change(desk, BASE, {"keep_newest": 20, "max_file_mb": 5})

    change(desk, BASE, {"keep_newest": default})

    assert value_of(desk, BASE, "keep_newest") == 0
    assert value_of(desk, BASE, "max_file_mb") == 5


@pytest.mark.parametrize("path", [BASE, TEAM])
def test_a_change_is_recorded_with_what_was_before(desks: Desk, path: str) -> None:
    kind, owner = ("registry.changed", "registry") if path == BASE else ("team.changed", "team")
    for value in (5, 7, 7):
        change(desks, path, {"max_total_mb": value, "max_file_mb": 1})

    with desks.site.database.transaction() as session:
        name = desks.workspace if owner == "team" else "main"
        events = [
            event.data
            for event in session.execute(select(Event).order_by(Event.id)).scalars()
            if event.kind == kind and desks.workspace in event.data.values()
        ]
    assert [event["name"] for event in events] == [name, name]
    assert [event["before"] for event in events] == [
        {"max_file_mb": None, "max_total_mb": None},
        {"max_total_mb": "5"},
    ]
    assert events[1]["after"] == {"max_total_mb": "7"}


def test_use_is_shown_against_the_quota(desks: Desk) -> None:
    for path in (BASE, TEAM):
        change(desks, path, {"max_total_mb": 3})

        shown = desks.read(path, desks.site.create_key("reader", f"team:{desks.workspace}"))

        assert shown["usage"] == {
            "packages": 1,
            "files": 3,
            "size": SIZE,
            "max_size": 3 * 1024 * 1024,
        }


def test_a_package_is_shown_against_the_lower_quota(desk: Desk) -> None:
    found = []

    for path, limit in ((BASE, 5), (TEAM, 3), (BASE, 2)):
        found.append(desk.read(PACKAGE)["max_size"])
        change(desk, path, {"max_package_mb": limit})

    assert found == [None, 5 * 1024 * 1024, 3 * 1024 * 1024]
    assert desk.read(PACKAGE)["max_size"] == 2 * 1024 * 1024


@pytest.mark.parametrize("path", [BASE, TEAM])
def test_every_error_is_told_and_nothing_is_changed(desks: Desk, path: str) -> None:
    wrong: dict[str, object] = {"max_file_mb": -1, "nonsense": 1, "max_total_mb": 5}

    problem = change(desks, path, wrong, status=400).json

    assert "nonsense is not a setting" in problem["detail"]
    assert "max_file_mb = -1: must be at least 0" in problem["detail"]
    assert value_of(desks, path, "max_total_mb") == 0


def test_a_stored_value_that_became_invalid_stands_in_nobodys_way(desks: Desk) -> None:
    with desks.site.database.transaction() as session:
        registry = session.get_one(Registry, desks.registry_id)
        registry.settings = {"keep_newest": "many", "long_summary": "perhaps", "gone": "1"}

    answer = change(desks, BASE, {"max_file_mb": 5}).json

    values = {name: setting["value"] for name, setting in answer["settings"].items()}
    assert (values["max_file_mb"], values["keep_newest"], values["long_summary"]) == (
        5,
        0,
        RegistryPolicy().long_summary,
    )
    change(desks, BASE, {"keep_newest": "many"}, 400)
    change(desks, BASE, {"keep_newest": None})


def test_a_team_without_workspaces_has_settings(desks: Desk) -> None:
    with desks.site.database.transaction() as session:
        any_team = session.execute(select(Team).limit(1)).scalar_one()
        name = f"idle-{desks.workspace}"
        session.add(Team(name=name, created_at=any_team.created_at, settings={}))
    server = desks.site.create_key("admin", "*")
    # It was written past the services, so nobody has told the directory.
    change(desks, TEAM, {"max_file_mb": 1})

    desks.call("PATCH", f"/v1/teams/{name}", {"settings": {"max_file_mb": 2}}, key=server)

    assert value_of(desks, f"/v1/teams/{name}", "max_file_mb") == 2


@pytest.mark.parametrize("kind", [RegistryPolicy, TeamPolicy])
def test_every_default_can_be_sent_back(kind: Any) -> None:
    defaults = {entry.name: entry.default for entry in declared(kind)}
    sent = {
        name: list(value) if isinstance(value, tuple) else value for name, value in defaults.items()
    }

    changes = SettingsPatch(settings=sent).changes()  # type: ignore[arg-type]

    assert {name: value or "" for name, value in changes.items()} == {
        entry.name: entry.default_text for entry in declared(kind)
    }
