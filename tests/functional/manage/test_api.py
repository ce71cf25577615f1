"""The API's manners: what it reads, how it refuses, pages, preconditions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.archives import make_wheel
from tests.functional.manage.conftest import BASE, LATER, PACKAGE, SIZE, WHEEL, Desk
from tests.support.site import bearer

RELEASE = f"{PACKAGE}/releases/1.0"
FILE = f"{PACKAGE}/files/{WHEEL[0]}"


def send(desk: Desk, body: bytes, content_type: str = "application/json", to: str = PACKAGE) -> Any:
    """PATCH with any body at all."""
    return desk.site.app.request(
        to.replace("WORKSPACE", desk.workspace),
        method="PATCH",
        body=body,
        headers={**bearer(desk.admin), "Content-Type": content_type},
        expect_errors=True,
    )


def test_a_package_is_shown_with_its_releases(desks: Desk) -> None:
    shown = desks.read(PACKAGE)

    assert (shown["name"], shown["display_name"], shown["size"]) == ("demo-pkg", "Demo.Pkg", SIZE)
    releases = [(row["version"], row["files"], row["yanked"]) for row in shown["releases"]]
    assert releases == [("1.0", 2, False), ("1.1", 1, False)]


def test_a_release_and_a_file_are_shown(desks: Desk) -> None:
    release = desks.read(f"{PACKAGE}/releases/1.0.0")
    file = desks.read(FILE)

    assert release["package"] == "demo-pkg"
    assert file in release["files"]
    assert (file["size"], file["downloaded_at"]) == (len(WHEEL[1]), None)
    assert file["uploaded_at"].endswith("Z")


def test_a_registry_shows_what_it_holds_and_every_setting(desks: Desk) -> None:
    shown = desks.read(BASE)

    assert shown["usage"] == {"packages": 1, "files": 3, "size": SIZE, "max_size": None}
    assert shown["settings"]["burn_filenames"]["value"] is True
    assert shown["settings"]["prohibited_names"]["default"] == []
    assert all(
        entry["help"].endswith(").") or entry["help"] for entry in shown["settings"].values()
    )


def test_packages_are_listed_in_pages_and_filtered(desks: Desk) -> None:
    for name in ("alpha", "beta_max", "gamma"):
        desks.publish(make_wheel(name, "1.0"))
    desks.call("PATCH", f"{BASE}/packages/gamma", {"status": "archived"})

    def names(query: str) -> list[str]:
        return [row["name"] for row in desks.read(f"{BASE}/packages?{query}")["packages"]]

    first = desks.read(f"{BASE}/packages?limit=3")
    assert [row["name"] for row in first["packages"]] == ["alpha", "beta-max", "demo-pkg"]
    assert first["next"] == "demo-pkg"
    assert names(f"limit=3&after={first['next']}") == ["gamma"]
    assert names("q=a_m") == ["beta-max"]
    assert names("q=%25") == []
    assert names("status=archived") == ["gamma"]
    assert desks.read(f"{BASE}/packages?limit=4")["next"] is None


def test_the_audit_trail_is_shown_newest_first_and_filtered(desks: Desk) -> None:
    desks.call("PATCH", PACKAGE, {"status": "archived", "status_reason": "moved"})
    desks.publish(make_wheel("alpha", "1.0"))

    def kinds(query: str) -> list[str]:
        return [row["kind"] for row in desks.read(f"{BASE}/events?{query}")["events"]]

    whole = desks.read(f"{BASE}/events")["events"]
    first = desks.read(f"{BASE}/events?limit=2")
    rest = desks.read(f"{BASE}/events?limit=500&after={first['next']}")
    assert [row["id"] for row in whole] == sorted((row["id"] for row in whole), reverse=True)
    assert first["events"] + rest["events"] == whole
    assert kinds("package=Demo.Pkg&kind=package") == ["package.status-changed", "package.created"]
    assert kinds("kind=package.status-changed") == ["package.status-changed"]
    assert kinds("kind=pack") == []
    [changed] = desks.read(f"{BASE}/events?kind=package.status-changed")["events"]
    assert changed["data"]["reason"] == "moved"
    assert changed["actor"].startswith("robot:")
    assert changed["credential"].startswith("key:")
    assert changed["address"] == "127.0.0.1"


@pytest.mark.parametrize("path", [PACKAGE, RELEASE, FILE])
def test_if_match_protects_from_overwriting_what_was_not_seen(desks: Desk, path: str) -> None:
    etag = desks.call("GET", path).headers["ETag"]
    patch = {"status": "archived"} if path == PACKAGE else {"yanked": True}

    changed = desks.call("PATCH", path, patch, headers={"If-Match": f'"x", {etag}'})
    for method, body in (("PATCH", patch), ("DELETE", {"confirm": path.rpartition("/")[2]})):
        desks.call(method, path, body, headers={"If-Match": etag}, status=412)

    assert changed.headers["ETag"] != etag
    assert desks.call("GET", path).headers["ETag"] == changed.headers["ETag"]
    desks.call("PATCH", path, patch, headers={"If-Match": "*"})


def test_one_etag_is_enough_for_a_patch_that_makes_two_changes(desk: Desk) -> None:
    etag = desk.call("GET", PACKAGE).headers["ETag"]
    patch = {"status": "archived", "notes": "x"}

    desk.call("PATCH", PACKAGE, patch, headers={"If-Match": etag})

    assert desk.read(PACKAGE)["notes"] == "x"


def test_a_package_made_anew_has_another_etag(desk: Desk) -> None:
    old = desk.read(PACKAGE)["serial"], desk.call("GET", PACKAGE).headers["ETag"]
    desk.call("DELETE", PACKAGE, {"confirm": "demo-pkg"})

    for file in (make_wheel("Demo.Pkg", version) for version in ("3", "4", "5")):
        desk.publish(file)

    assert desk.read(PACKAGE)["serial"] == old[0]
    assert desk.call("GET", PACKAGE).headers["ETag"] != old[1]


@pytest.mark.parametrize("path", [BASE, f"{BASE}/packages", PACKAGE, RELEASE, FILE])
def test_a_final_slash_makes_no_difference(desk: Desk, path: str) -> None:
    assert desk.read(f"{path}/") == desk.read(path)


@pytest.mark.parametrize("path", [BASE, f"{BASE}/packages", PACKAGE, RELEASE, FILE])
def test_head_answers_as_get_without_the_body(desk: Desk, path: str) -> None:
    head, get = desk.call("HEAD", path), desk.call("GET", path)

    assert head.body == b""
    assert head.headers == get.headers
    assert get.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        (BASE, "GET, HEAD, PATCH, DELETE"),
        (f"{BASE}/packages", "GET, HEAD"),
        (f"{BASE}/retention", "GET, HEAD, POST"),
        (PACKAGE, "GET, HEAD, PATCH, DELETE"),
        (f"{BASE}/burnt-filenames/x", "DELETE"),
        ("/v1/teams/acme", "GET, HEAD, PATCH, DELETE"),
    ],
)
def test_s74_other_methods_are_told_what_is_allowed(desk: Desk, path: str, allow: str) -> None:
    assert desk.call("PUT", path, status=405).headers["Allow"] == allow


BAD_BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not JSON"),
    "broken": (b'{"notes": ', "not JSON"),
    "not UTF-8": (b'{"notes": "\xff"}', "not JSON"),
    "a list": (b"[]", "expected `object`, got `array`"),
    "an unknown member": (b'{"note": "x"}', "unknown field `note`"),
    "a wrong type": (b'{"notes": 1}', "$.notes"),
    "an unknown status": (b'{"status": "lost"}', "$.status"),
    "a status of null": (b'{"status": null}', "$.status"),
    "a reason alone": (b'{"status_reason": "x"}', "needs the status"),
    "half a character": (b'{"notes": "\\ud800"}', "not JSON"),
    "deep": (b'{"notes": ' + b"[" * 100_000, ""),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_is_not_what_it_should_be_is_refused(desk: Desk, name: str) -> None:
    body, complaint = BAD_BODIES[name]
    before = desk.package()

    answer = send(desk, body)

    assert answer.status_int == 400
    assert answer.content_type == "application/problem+json"
    assert complaint in json.loads(answer.body)["detail"]
    assert desk.package() == before


def test_a_body_is_bounded(desk: Desk) -> None:
    answer = send(desk, b" " * (512 * 1024 + 1))

    assert answer.status_int == 413
    assert "at most 524288" in answer.json["detail"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "json"])
def test_a_body_of_another_type_is_refused(desk: Desk, kind: str) -> None:
    assert send(desk, b"{}", kind).status_int == 415


def test_a_type_with_parameters_is_read(desk: Desk) -> None:
    assert send(desk, b"{}", "Application/JSON; charset=utf-8").status_int == 200


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("limit=0", "limit must be a whole number from 1 to 500"),
        ("limit=501", "limit must be"),
        ("limit=ten", "limit must be"),
        ("limit=", "limit must be"),
        ("limit=-1", "limit must be"),
        ("limit=²", "limit must be"),
        ("limit=" + "9" * 30, "limit must be"),
        ("limit=1&limit=2", "limit stands more than once"),
        ("page=2", "there is no parameter page"),
        ("after=%00", "after has characters"),
        ("q=a%00b", "q has characters"),
        ("status=lost", "status must be one of active, archived, deprecated, quarantined"),
        ("&".join(f"a{number}=1" for number in range(30)), "more than 20 parameters"),
    ],
)
def test_a_query_that_cannot_be_is_refused(desk: Desk, query: str, complaint: str) -> None:
    problem = desk.call("GET", f"{BASE}/packages?{query}", status=400).json

    assert complaint in problem["detail"]


@pytest.mark.parametrize("after", ["x", "-1", "9" * 19, "1.5"])
def test_events_go_on_after_a_number(desks: Desk, after: str) -> None:
    desks.call("GET", f"{BASE}/events?after={after}", status=400)


MISSING = [
    f"{BASE}/packages/none",
    f"{BASE}/packages/-",
    f"{BASE}/packages/a%00b",
    f"{BASE}/packages/{'a' * 300}",
    f"{PACKAGE}/releases/9.9",
    f"{PACKAGE}/releases/latest",
    f"{PACKAGE}/releases/1.0%00",
    f"{PACKAGE}/releases/{'1' * 5000}",
    f"{PACKAGE}/files/{LATER[0]}x",
    f"{PACKAGE}/files/a%00b",
    f"{PACKAGE}/files/{'a' * 300}",
    f"{PACKAGE}/nothing",
    f"{BASE}/nothing",
    "/v1/nothing",
]
MISSING_PLACES = [
    BASE.replace("main", "none"),
    "/v1/workspaces/none/registries/main",
    "/v1/workspaces/none",
    "/v1/teams/none",
]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_does_not_exist_is_404(desks: Desk, method: str) -> None:
    for path in MISSING + (MISSING_PLACES if method == "GET" else []):
        patch = {"yanked": True} if "/releases/" in path or "/files/" in path else {"notes": "x"}
        body = {"GET": None, "PATCH": patch, "DELETE": {"confirm": "x"}}[method]

        answer = desks.call(method, path, body, status="*")

        assert answer.status_int == 404, (method, path, answer.body)
