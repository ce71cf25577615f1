"""Yanking and unyanking, by release and by file (S-48, S-63)."""

from __future__ import annotations

import pytest

from stockroom.manage.packages import Packages
from tests.archives import make_sdist
from tests.functional.manage.conftest import BASE, LATER, PACKAGE, SDIST, WHEEL, Desk

RELEASE = f"{PACKAGE}/releases/1.0"
FILE = f"{PACKAGE}/files/{WHEEL[0]}"


def test_s63_a_yanked_release_is_marked_and_still_served(desks: Desk) -> None:
    answer = desks.call("PATCH", RELEASE, {"yanked": True, "yanked_reason": "broken"})

    assert answer.json["yanked"] is True
    assert desks.markers() == {WHEEL[0]: "broken", SDIST[0]: "broken", LATER[0]: False}
    assert desks.get(desks.file_url(WHEEL[0])).body == WHEEL[1]


def test_s48_one_file_of_a_release_is_yanked_alone(desks: Desk) -> None:
    answer = desks.call("PATCH", FILE, {"yanked": True})

    assert (answer.json["yanked"], answer.json["yanked_reason"]) == (True, None)
    assert desks.markers() == {WHEEL[0]: True, SDIST[0]: False, LATER[0]: False}
    assert desks.read(RELEASE)["yanked"] is False


def test_unyanking_a_release_unyanks_its_files(desks: Desk) -> None:
    desks.call("PATCH", FILE, {"yanked": True, "yanked_reason": "broken"})

    desks.call("PATCH", RELEASE, {"yanked": False})

    assert set(desks.markers().values()) == {False}
    [event] = desks.events("release.unyanked")
    assert event.data["before"] == {WHEEL[0]: "broken"}
    assert event.data["after"] == {WHEEL[0]: False}


def test_yanking_raises_the_serial_and_tells_who_what_and_why(desks: Desk) -> None:
    before = desks.package().serial

    with desks.site.database.transaction() as session:
        count = Packages(session, "ann").set_yanked(
            desks.workspace, "main", "demo.pkg", "1.0.0", yanked=True, reason=" broken "
        )

    [event] = desks.events("release.yanked")
    assert count == 2
    assert desks.package().serial == before + 1
    assert (event.actor, event.package) == ("ann", "demo-pkg")
    assert event.data == {
        "version": "1.0",
        "before": {WHEEL[0]: False, SDIST[0]: False},
        "after": {WHEEL[0]: "broken", SDIST[0]: "broken"},
        "reason": "broken",
    }


@pytest.mark.parametrize("path", [RELEASE, FILE])
@pytest.mark.parametrize("patch", [{"yanked": True, "yanked_reason": "x"}, {"yanked": False}])
def test_doing_it_twice_changes_nothing(desk: Desk, path: str, patch: dict[str, object]) -> None:
    desk.call("PATCH", path, patch)
    before = desk.package(), desk.read(f"{BASE}/events")

    desk.call("PATCH", path, patch)

    assert (desk.package(), desk.read(f"{BASE}/events")) == before


def test_another_reason_is_a_change(desk: Desk) -> None:
    desk.call("PATCH", FILE, {"yanked": True, "yanked_reason": "broken"})

    desk.call("PATCH", FILE, {"yanked": True, "yanked_reason": "unsafe"})

    assert desk.markers()[WHEEL[0]] == "unsafe"
    assert [event.data["after"] for event in desk.events("file.yanked")] == [
        {WHEEL[0]: "broken"},
        {WHEEL[0]: "unsafe"},
    ]


def test_s48_a_blank_reason_is_none(desk: Desk) -> None:
    desk.call("PATCH", FILE, {"yanked": True, "yanked_reason": " \n"})

    assert desk.markers()[WHEEL[0]] is True


def test_a_file_published_after_the_yank_is_not_yanked(desk: Desk) -> None:
    fresh = make_sdist("Demo.Pkg", "1.1")
    desk.call("PATCH", f"{PACKAGE}/releases/1.1", {"yanked": True})

    desk.publish(fresh)

    assert desk.markers() == {WHEEL[0]: False, SDIST[0]: False, LATER[0]: True, fresh[0]: False}
