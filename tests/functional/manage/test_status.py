"""What each status of a package stops (S-44, S-60, U-95), and notes, which stop nothing."""

from __future__ import annotations

import pytest

from tests.archives import make_wheel
from tests.functional.manage.conftest import BASE, PACKAGE, WHEEL, Desk
from tests.support.site import JSON

FRESH = make_wheel("Demo.Pkg", "2.0")
RELEASE = f"{PACKAGE}/releases/1.0"

# Upload, in the project list, files on the page, download.
STOPS: dict[str, tuple[int, bool, bool, int]] = {
    "active": (200, True, True, 200),
    "deprecated": (200, True, True, 200),
    "archived": (403, True, True, 200),
    "quarantined": (403, False, False, 403),
}


@pytest.mark.parametrize("status", STOPS)
def test_s60_u95_what_a_status_stops(desks: Desk, status: str) -> None:
    url = desks.file_url(WHEEL[0])

    shown = desks.call("PATCH", PACKAGE, {"status": status, "status_reason": "because"}).json

    upload, listed, files, download = STOPS[status]
    page = desks.page()
    names = [project["name"] for project in desks.get(desks.index, accept=JSON).json["projects"]]
    assert (shown["status"], shown["status_reason"]) == (status, "because")
    assert page["project-status"] == {"status": status, "reason": "because"}
    assert bool(page["files"]) is files
    assert ("Demo.Pkg" in names) is listed
    for path in (url, f"{url}.metadata"):
        desks.get(path, status=download)
    desks.publish(FRESH, status=upload)


def test_s60_a_quarantine_ends(desk: Desk) -> None:
    for status in ("quarantined", "active"):
        desk.call("PATCH", PACKAGE, {"status": status})

    desk.get(desk.file_url(WHEEL[0]))
    desk.publish(FRESH)


def test_a_status_tells_who_what_and_why(desks: Desk) -> None:
    before = desks.package().serial

    for _ in range(2):
        desks.call("PATCH", PACKAGE, {"status": "deprecated", "status_reason": "old"})

    [event] = desks.events("package.status-changed")
    assert event.data == {
        "before": "active",
        "after": "deprecated",
        "reason_before": None,
        "reason": "old",
    }
    assert desks.package().serial == before + 1


def test_s44_a_reason_goes_with_its_status(desk: Desk) -> None:
    desk.call("PATCH", PACKAGE, {"status": "deprecated", "status_reason": "old"})

    desk.call("PATCH", PACKAGE, {"status": "active"})

    assert desk.page()["project-status"] == {"status": "active"}


@pytest.mark.parametrize("path", [PACKAGE, RELEASE])
def test_notes_are_kept_for_people_and_change_no_page(desks: Desk, path: str) -> None:
    etag = desks.get(f"{desks.index}demo-pkg/").headers["ETag"]

    desks.call("PATCH", path, {"notes": "# Ask Ann\n\nü\n"})

    assert desks.read(path)["notes"] == "# Ask Ann\n\nü"
    desks.get(f"{desks.index}demo-pkg/", if_none_match=etag, status=304)
    [event] = desks.events(f"{'release' if path == RELEASE else 'package'}.notes-changed")
    assert (event.data["before"], event.data["after"]) == (None, "# Ask Ann\n\nü")


@pytest.mark.parametrize("empty", [None, "", "\n"])
def test_notes_are_removed(desk: Desk, empty: str | None) -> None:
    desk.call("PATCH", PACKAGE, {"notes": "x"})

    desk.call("PATCH", PACKAGE, {"notes": empty})

    assert desk.read(PACKAGE)["notes"] is None


@pytest.mark.parametrize("letter", ["x", "ü", "\t"])
def test_notes_have_at_most_64_kib(desk: Desk, letter: str) -> None:
    most = letter * (64 * 1024 // len(letter.encode()) - 1) + "."
    desk.call("PATCH", PACKAGE, {"notes": most})

    problem = desk.call("PATCH", PACKAGE, {"notes": f"{most}{letter}."}, status=400).json

    assert "at most 65536" in problem["detail"]
    assert desk.read(PACKAGE)["notes"] == most


@pytest.mark.parametrize(
    ("path", "patch"),
    [
        (PACKAGE, {"notes": "a\0b"}),
        (PACKAGE, {"status": "archived", "status_reason": "a\0b"}),
        (PACKAGE, {"status": "archived", "status_reason": "x" * 1001}),
        (RELEASE, {"yanked": True, "yanked_reason": "a\0b"}),
        (RELEASE, {"notes": "a\0b"}),
        (BASE, {"settings": {}, "reason": "a\0b"}),
        (BASE, {"settings": {"name_prefixes": "a\0b"}}),
    ],
)
def test_text_that_cannot_be_kept_is_refused(
    desks: Desk, path: str, patch: dict[str, object]
) -> None:
    before = desks.package()

    desks.call("PATCH", path, patch, status=400)

    assert desks.package() == before
