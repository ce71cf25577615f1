"""Deleting files, releases and packages, and what becomes of their names (U-75)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from stockroom.manage.deletions import Deletions
from stockroom.manage.lookups import lock_package
from stockroom.models import BurntFilename, File, Package, Release
from tests.archives import make_sdist
from tests.functional.manage.conftest import (
    BASE,
    LATER,
    PACKAGE,
    SDIST,
    SIZE,
    WHEEL,
    Desk,
)
from tests.support.pages import sha256
from tests.support.site import JSON
from tests.support.waiting import Worker

ALL = sorted((WHEEL[0], SDIST[0], LATER[0]))
FILE = f"{PACKAGE}/files/{WHEEL[0]}"
RELEASE = f"{PACKAGE}/releases/1.0"


def burnt(desk: Desk) -> list[str]:
    return [row["filename"] for row in desk.read(f"{BASE}/burnt-filenames")["burnt_filenames"]]


def rows_of(desk: Desk) -> tuple[int, ...]:
    """How many packages, releases and files the registry has."""
    mine = Package.registry_id == desk.registry_id
    with desk.site.database.read() as connection:
        return tuple(
            connection.execute(query.where(mine)).scalar_one()
            for query in (
                select(func.count(Package.id)),
                select(func.count(Release.id)).join(Package, Package.id == Release.package_id),
                select(func.count(File.id)).join(Package, Package.id == File.package_id),
            )
        )


def test_a_deleted_file_is_gone_from_page_and_door(desks: Desk) -> None:
    url = desks.file_url(WHEEL[0])
    desks.get(url)

    answer = desks.call("DELETE", f"{FILE}?confirm={WHEEL[0]}&reason=leaked")

    assert answer.json == {"deleted": {"files": [WHEEL[0]], "size": len(WHEEL[1]), "burnt": True}}
    assert set(desks.markers()) == {SDIST[0], LATER[0]}
    for path in (url, f"{url}.metadata"):
        desks.get(path, status=404)
    assert desks.package().size == SIZE - len(WHEEL[1])


def test_a_deletion_tells_who_what_and_why(desks: Desk) -> None:
    before = desks.package().serial

    with desks.site.database.transaction() as session:
        Deletions(session, "ann").delete_file(
            desks.workspace, "main", "demo-pkg", WHEEL[0], confirm=WHEEL[0], reason="leaked"
        )

    [event] = desks.events("file.deleted")
    assert (event.actor, event.package) == ("ann", "demo-pkg")
    assert event.data == {
        "version": "1.0",
        "before": [
            {"filename": WHEEL[0], "sha256": sha256(WHEEL[1]), "size": len(WHEEL[1])},
        ],
        "after": None,
        "reason": "leaked",
    }
    assert desks.package().serial == before + 1


def test_a_release_goes_with_its_last_file(desks: Desk) -> None:
    desks.call("DELETE", f"{PACKAGE}/files/{LATER[0]}?confirm={LATER[0]}")

    assert desks.page()["versions"] == ["1.0"]
    assert rows_of(desks) == (1, 1, 2)
    assert [event.data["version"] for event in desks.events("release.deleted")] == ["1.1"]


@pytest.mark.parametrize("confirm", ["1.0", "1.0.0", "v1.0"])
def test_a_release_is_deleted_by_any_spelling_of_its_version(desk: Desk, confirm: str) -> None:
    desk.call("DELETE", f"{RELEASE}.0?confirm={confirm}")

    assert set(desk.markers()) == {LATER[0]}
    assert desk.package().size == len(LATER[1])


def test_s05_a_package_without_files_stays_and_is_empty(desks: Desk) -> None:
    for version in ("1.0", "1.1"):
        desks.call("DELETE", f"{PACKAGE}/releases/{version}", {"confirm": version})

    page = desks.page()
    assert (page["versions"], page["files"]) == ([], [])
    assert desks.read(PACKAGE)["releases"] == []
    assert desks.package().size == 0


def test_a_deleted_package_is_gone_everywhere(desks: Desk) -> None:
    answer = desks.call("DELETE", PACKAGE, {"confirm": "Demo.Pkg", "reason": "renamed"})

    assert sorted(answer.json["deleted"]["files"]) == ALL
    desks.get(f"{desks.index}demo-pkg/", status=404)
    assert desks.get(desks.index, accept=JSON).json["projects"] == []
    desks.call("GET", PACKAGE, status=404)
    assert rows_of(desks) == (0, 0, 0)
    [event] = desks.events("package.deleted")
    assert event.data["reason"] == "renamed"
    assert (event.data["before"]["files"], event.data["before"]["size"]) == (3, SIZE)
    assert len(desks.events("release.deleted")) == 2


def test_u75_names_of_deleted_files_are_burnt_with_their_digest(desks: Desk) -> None:
    desks.call("DELETE", PACKAGE, {"confirm": "demo-pkg"})

    rows = desks.read(f"{BASE}/burnt-filenames")["burnt_filenames"]
    assert [row["filename"] for row in rows] == ALL
    assert {row["package"] for row in rows} == {"demo-pkg"}
    assert {row["sha256"] for row in rows} == {
        sha256(content) for _, content in (WHEEL, SDIST, LATER)
    }


def test_u75_burning_is_a_setting_of_the_registry(desks: Desk) -> None:
    desks.call("PATCH", BASE, {"settings": {"burn_filenames": False}})

    answer = desks.call("DELETE", PACKAGE, {"confirm": "demo-pkg"})

    assert answer.json["deleted"]["burnt"] is False
    assert burnt(desks) == []
    desks.publish(WHEEL)
    assert set(desks.markers()) == {WHEEL[0]}


def test_u75_an_admin_lifts_a_burnt_name(desks: Desk) -> None:
    desks.call("DELETE", RELEASE, {"confirm": "1.0"})

    desks.call("DELETE", f"{BASE}/burnt-filenames/{WHEEL[0]}")

    assert burnt(desks) == [SDIST[0]]
    [event] = desks.events("burnt-filename.lifted")
    assert event.data["before"]["filename"] == WHEEL[0]
    desks.call("DELETE", f"{BASE}/burnt-filenames/{WHEEL[0]}", status=404)


def test_u75_a_name_that_was_burnt_before_is_burnt_anew(desk: Desk) -> None:
    with desk.site.database.transaction() as session:
        mine = File.registry_id == desk.registry_id, File.filename == WHEEL[0]
        file = session.execute(select(File).where(*mine)).scalar_one()
        session.add(
            BurntFilename(
                registry_id=file.registry_id,
                filename=WHEEL[0],
                package="demo-pkg",
                sha256="0" * 64,
                deleted_at=file.uploaded_at,
                deleted_by="ann",
            )
        )

    desk.call("DELETE", FILE, {"confirm": WHEEL[0]})

    [row] = desk.read(f"{BASE}/burnt-filenames")["burnt_filenames"]
    assert row["sha256"] == sha256(WHEEL[1])
    assert row["deleted_by"].startswith("robot:")


def test_burnt_names_are_listed_in_pages_and_by_package(desk: Desk) -> None:
    desk.call("DELETE", PACKAGE, {"confirm": "demo-pkg"})

    first = desk.read(f"{BASE}/burnt-filenames?limit=2")
    rest = desk.read(f"{BASE}/burnt-filenames?limit=2&after={first['next']}")
    none = desk.read(f"{BASE}/burnt-filenames?package=other")

    rows = first["burnt_filenames"] + rest["burnt_filenames"]
    assert [row["filename"] for row in rows] == ALL
    assert rest["next"] is None
    assert none["burnt_filenames"] == []


@pytest.mark.parametrize(
    ("path", "name"), [(FILE, WHEEL[0]), (RELEASE, "1.0"), (PACKAGE, "demo-pkg")]
)
@pytest.mark.parametrize("confirm", [None, "", "other", "1.1", "*"])
def test_without_the_name_typed_again_nothing_is_deleted(
    desk: Desk, path: str, name: str, confirm: str | None
) -> None:
    query = "" if confirm is None else f"?confirm={confirm}"

    problem = desk.call("DELETE", path + query, status=400).json

    assert name in problem["detail"]
    assert problem["type"] == "urn:stockroom:problem:not-confirmed"
    assert rows_of(desk) == (1, 2, 3)


def test_a_confirmation_of_thousands_of_digits_is_only_wrong(desk: Desk) -> None:
    answer = desk.call("DELETE", RELEASE, {"confirm": "1" * 5000}, status=400)

    assert answer.json["type"] == "urn:stockroom:problem:not-confirmed"


def test_a_confirmation_in_two_places_is_refused(desk: Desk) -> None:
    desk.call("DELETE", f"{PACKAGE}?confirm=demo-pkg", {"confirm": "demo-pkg"}, status=400)

    assert rows_of(desk) == (1, 2, 3)


def test_the_bytes_are_left_to_the_sweeper(desk: Desk) -> None:
    stored = sorted(path for path in desk.site.folder.rglob("*") if path.is_file())

    desk.call("DELETE", PACKAGE, {"confirm": "demo-pkg"})

    assert sorted(path for path in desk.site.folder.rglob("*") if path.is_file()) == stored


def test_an_upload_waits_for_a_deletion_and_comes_after_it(desks: Desk) -> None:
    """It finds no package then, and makes a new one: never a file of a package that is gone."""
    fresh = make_sdist("Demo.Pkg", "1.1")
    results: list[Any] = []

    with desks.site.database.transaction() as session:
        Deletions(session, "ann").delete_package(
            desks.workspace, "main", "demo-pkg", confirm="demo-pkg"
        )
        session.flush()
        upload = Worker(lambda: desks.publish(fresh))
        upload.join(0.2)
        results.append(upload.is_alive())
    upload.result()

    assert results == [True]
    assert set(desks.markers()) == {fresh[0]}
    assert desks.package() == (1, len(fresh[1]))


def test_a_deletion_waits_for_who_has_locked_the_package(desks: Desk) -> None:
    with desks.site.database.transaction() as session:
        package = lock_package(session, desks.workspace, "main", "demo-pkg")
        deletion = Worker(lambda: desks.call("DELETE", PACKAGE, {"confirm": "demo-pkg"}))
        deletion.join(0.2)
        is_waiting = deletion.is_alive()
        package.serial += 1
    deletion.result()

    assert is_waiting
    assert rows_of(desks) == (0, 0, 0)
