"""`GET /v1/why/...`: what a view shows of a package, and why the rest is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from stockroom.feed import emit
from stockroom.models import ViewMember
from tests.support.databases import MakeUrl
from tests.support.library import create_registry, set_status
from tests.support.site import TestSite, bearer
from tests.support.stock import Stocked, stock

NOW = datetime.now(UTC)
OLD, YOUNG = NOW - timedelta(days=30), NOW - timedelta(days=1)
PART = 'package.name == "plumb" and file.age_days >= 7'
COOL = "public/pypi[release.age_days >= 7]"


@dataclass(frozen=True)
class Town:
    """The workspaces acme (closed), public (for everybody) and other, stocked; keys for them."""

    site: TestSite
    reader: str
    stranger: str

    def why(self, path: str, key: str | None = None, status: int = 200) -> Any:
        """What is answered about ``path``, such as ``acme/all/plumb``."""
        answer = self.site.app.get(
            f"/v1/why/{path}", headers=bearer(key or self.reader), status=status
        )
        return answer.json

    def rehearse(self, view: str, body: object, key: str | None = None, status: int = 200) -> Any:
        """What a rehearsal is answered with."""
        workspace, name = view.split("/")
        url = f"/v1/views/{workspace}/{name}/rehearse"
        headers = bearer(key or self.reader)
        return self.site.app.post_json(url, body, headers=headers, status=status).json


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("town"))
    for name, visibility in (("acme", "team"), ("public", "public"), ("other", "team")):
        site.create_workspace(name, visibility)
    create_registry(site, "extra", "acme")
    create_registry(site, "pypi", "public")
    with site.database.transaction() as session:
        stock(
            session,
            "acme/main",
            {
                "plumb": [Stocked("0.1", OLD), Stocked("0.2", YOUNG)],
                "keel": [Stocked("1.0", OLD)],
                "held": [Stocked("1.0", OLD)],
                "bare": [],
                "gone": [Stocked("1.0", OLD)],
            },
        )
        stock(session, "acme/extra", {"keel": [Stocked("1.0", OLD), Stocked("2.0", OLD)]})
        stock(
            session,
            "public/pypi",
            {
                "plumb": [Stocked("98.0"), Stocked("99.0", OLD)],
                "gone": [Stocked("99.0", OLD)],
                "young": [
                    Stocked("1.0", OLD),
                    Stocked("2.0", YOUNG),
                    Stocked("2.0", YOUNG, sdist=True),
                ],
            },
        )
        stock(session, "other/main", {"secret": [Stocked("1.0", OLD)]})
    set_status(site, "quarantined", "sinks ships", package="held", workspace="acme")
    site.create_view("acme/all", "acme/main", COOL)
    site.create_view("acme/merged", "acme/main, acme/extra")
    site.create_view("acme/apart", "acme/main[package.name != 'plumb']", COOL)
    site.create_view("acme/part", f"acme/main[{PART}]")
    site.create_view("acme/lent", "acme/main", "other/main")
    yield Town(site, site.create_key("reader"), site.create_key("reader", "other"))
    site.close()


def test_s64_the_group_that_wins_is_named_and_the_one_that_does_not(town: Town) -> None:
    found = town.why("acme/all/Plumb")

    assert found["visible"] is True
    assert found["package"] == "plumb"
    assert found["conclusion"] == "acme/all shows plumb"
    assert [(group["number"], group["standing"]) for group in found["groups"]] == [
        (1, "wins"),
        (2, "outranked"),
    ]
    assert [group["registries"][0]["detail"] for group in found["groups"]] == [
        "has it",
        "has it, but group 1 comes first",
    ]
    assert [(file["version"], file["fate"]) for file in found["files"]] == [
        ("0.2", "shown"),
        ("0.1", "shown"),
    ]


def test_a_filter_that_hides_files_is_told_with_its_terms_and_the_instant(town: Town) -> None:
    found = town.why("acme/all/young/2.0")

    until = YOUNG + timedelta(days=7)
    assert found["visible"] is False
    assert [file["filename"] for file in found["files"]] == [
        "young-2.0-py3-none-any.whl",
        "young-2.0.tar.gz",
    ]
    [file, _] = found["files"]
    assert file["fate"] == "filtered"
    assert file["filter"] == "release.age_days >= 7"
    assert datetime.fromisoformat(file["visible_at"]) == until
    [term] = file["terms"]
    assert (term["text"], term["value"]) == ("release.age_days >= 7", False)
    assert term["detail"] in file["detail"]
    assert found["conclusion"] == (
        f"acme/all does not show young 2.0: its 2 files are {file['detail']}"
    )
    assert datetime.fromisoformat(found["changes_at"]) == until


def test_a_file_is_asked_for_by_its_name(town: Town) -> None:
    found = town.why("acme/all/young/young-1.0-py3-none-any.whl")

    assert found["visible"] is True
    assert [file["version"] for file in found["files"]] == ["1.0"]


@pytest.mark.parametrize("view", ["acme/all", "acme/apart"])
def test_what_nobody_has_is_an_answer(town: Town, view: str) -> None:
    found = town.why(f"{view}/absent")

    assert found["visible"] is False
    assert found["files"] == []
    assert found["conclusion"] == (
        f"{view} shows no absent: none of its registries has a package of that name"
    )
    assert {group["standing"] for group in found["groups"]} == {"has-not"}


def test_s64_a_name_that_a_filter_excludes_comes_from_the_next_group(town: Town) -> None:
    found = town.why("acme/apart/plumb")

    [[first], [second]] = [group["registries"] for group in found["groups"]]
    assert (first["has"], first["status"]) == (False, "active")
    assert first["detail"] == "has it, but its filter excludes it by its name"
    assert second["has"] is True
    assert [file["version"] for file in found["files"]] == ["99.0", "98.0"]


def test_s64_a_deleted_package_leaves_its_name_to_the_next_group(town: Town) -> None:
    before = town.why("acme/all/gone")
    path = "/v1/workspaces/acme/registries/main/packages/gone"
    headers = bearer(town.site.create_key("owner"))
    town.site.app.delete_json(path, {"confirm": "gone"}, headers=headers)

    after = town.why("acme/all/gone")

    assert [file["registry"] for file in before["files"]] == ["acme/main"]
    assert [file["registry"] for file in after["files"]] == ["public/pypi"]


def test_s64_before_a_package_was_there_its_name_is_left_to_the_next_group(town: Town) -> None:
    found = town.why("acme/all@2021-01-01/plumb")

    assert [group["standing"] for group in found["groups"]] == ["has-not", "wins"]


def test_a_version_that_only_a_later_group_has_is_told(town: Town) -> None:
    found = town.why("acme/all/plumb/99")

    assert found["visible"] is False
    assert found["conclusion"] == (
        "acme/all shows no plumb 99: plumb comes from acme/main, without a file for 99; "
        "public/pypi would have it, but group 1 comes first"
    )


def test_s65_a_shadowed_file_is_told_with_what_shadows_it(town: Town) -> None:
    found = town.why("acme/merged/keel/1.0")

    assert [(file["registry"], file["fate"], file["shadowed_by"]) for file in found["files"]] == [
        ("acme/main", "shown", None),
        ("acme/extra", "shadowed", "acme/main"),
    ]


def test_s60_a_quarantine_is_told_with_its_reason(town: Town) -> None:
    found = town.why("acme/all/held")

    assert found["visible"] is False
    assert found["conclusion"] == (
        "acme/all does not show held: it is quarantined in acme/main: sinks ships"
    )


def test_a_package_without_files_is_told(town: Town) -> None:
    found = town.why("acme/all/bare")

    assert found["conclusion"] == (
        "acme/all shows no bare: bare comes from acme/main, without a file of it"
    )


def test_a_view_is_looked_at_as_of_an_instant(town: Town) -> None:
    day = (NOW - timedelta(days=10)).date().isoformat()

    by_query = town.why(f"acme/all/plumb?at={day}")
    by_name = town.why(f"acme/all@{day}/plumb")

    assert by_query == by_name
    assert by_query["at"] == f"{day}T00:00:00Z"
    assert [(file["version"], file["fate"]) for file in by_query["files"]] == [
        ("0.2", "too-late"),
        ("0.1", "shown"),
    ]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("acme/all/plumb?at=yesterday", 400, "at must be a date"),
        ("acme/all@2026-01-01/plumb?at=2026-01-01", 400, "has an instant already"),
        ("acme/all@2026-13-01/plumb", 404, "no such instant"),
        ("acme/all/plumb?when=now", 400, "no parameter when"),
        ("acme/all/-plumb", 404, "-plumb"),
        ("acme/none/plumb", 404, "acme/none"),
    ],
)
def test_what_cannot_be_asked_is_refused(town: Town, path: str, status: int, said: str) -> None:
    assert said in town.why(path, status=status)["detail"]


@pytest.mark.parametrize(
    "part", ["x", "1..2", "%00", "%C3%A9.whl", "%2E%2E", "a" * 500], ids=range(6)
)
def test_a_part_that_nothing_has_is_an_answer(town: Town, part: str) -> None:
    assert town.why(f"acme/all/plumb/{part}")["visible"] is False


def test_s61_who_may_not_read_a_view_learns_nothing(town: Town) -> None:
    town.site.get("/v1/why/acme/all/plumb", status=401)

    missing = town.why("acme/none/plumb", town.stranger, 404)["detail"]
    assert town.why("acme/all/plumb", town.stranger, 404)["detail"] == missing.replace(
        "none", "all"
    )


def test_nothing_is_told_where_a_registry_of_the_view_may_not_be_read(town: Town) -> None:
    there = town.why("acme/lent/secret", status=403)
    missing = town.why("acme/lent/absent", status=403)

    assert there == missing


def test_s61_a_role_on_the_view_alone_tells_no_more_than_the_view_shows(town: Town) -> None:
    key = town.site.create_key("reader", "acme/part")

    for name in ("keel", "absent"):
        found = town.why(f"acme/part/{name}", key)
        assert found["groups"][0]["registries"] == [
            {
                "registry": "acme/main",
                "filter": PART,
                "has": False,
                "status": None,
                "status_reason": None,
                "detail": "what it has beyond the view is told to who may read it",
            }
        ]
        assert found["conclusion"] == (
            f"acme/part shows no {name}: none of its registries has a package of that name"
        )
    assert [file["version"] for file in town.why("acme/part/plumb", key)["files"]] == ["0.1"]
    young = town.why("acme/part/plumb/0.2", key)
    assert young["files"] == []
    assert young["conclusion"] == (
        "acme/part shows no plumb 0.2: plumb comes from acme/main, without a file for 0.2"
    )
    lock = {"text": "keel==1.0\nplumb==0.2", "kind": "requirements"}
    pins = town.rehearse("acme/part", {"lock": lock}, key)["pins"]
    assert [pin["missing"][0]["reason"] for pin in pins] == ["no-package", "no-version"]


def test_a_role_on_the_view_alone_is_enough_for_what_anybody_may_read(town: Town) -> None:
    key = town.site.create_key("reader", "acme/all")

    found = town.why("acme/all/young/2.0", key)

    assert {file["fate"] for file in found["files"]} == {"filtered"}


def test_who_may_read_one_package_may_ask_about_that_one(town: Town) -> None:
    key = town.site.create_key("reader", "acme/main/plumb")

    assert town.why("acme/main/plumb", key)["visible"] is True
    town.why("acme/main/keel", key, 404)
    town.why("acme/all/plumb", key, 404)


def test_anybody_may_ask_about_a_public_view(town: Town) -> None:
    found = town.site.get("/v1/why/public/pypi/young").json

    assert found["visible"] is True


LOCK = """\
plumb==0.1
plumb==99.0
keel==1.0
held==1.0
young==1.0
young==2.0
absent==1.0
young==3.0
-e .
"""


def test_every_pin_is_available_or_has_vanished_with_the_reason(town: Town) -> None:
    found = town.rehearse("acme/all", {"lock": {"text": LOCK, "name": "requirements.txt"}})

    assert found["draft"] is False
    assert found["counts"] == {
        "available": 3,
        "reduced": 0,
        "vanished": 5,
        "vanish_by_draft": 0,
        "return_by_draft": 0,
    }
    assert [
        (pin["name"], pin["version"], pin["missing"][0]["reason"])
        for pin in found["pins"]
        if pin["missing"]
    ] == [
        ("plumb", "99.0", "outranked"),
        ("held", "1.0", "quarantined"),
        ("young", "2.0", "filtered"),
        ("absent", "1.0", "no-package"),
        ("young", "3.0", "no-version"),
    ]
    assert found["unchecked"] == [
        {"entry": "-e .", "line": 9, "reason": "options are not followed"}
    ]


def test_a_draft_is_compared_with_the_present_definition(town: Town) -> None:
    draft = [[{"registry": "public/pypi", "filter": "release.age_days < 7"}]]

    found = town.rehearse(
        "acme/all", {"lock": {"text": LOCK, "kind": "requirements"}, "groups": draft}
    )

    changes = {
        (pin["name"], pin["version"]): (pin["present"], pin["outcome"]) for pin in found["pins"]
    }
    assert changes["plumb", "0.1"] == ("available", "vanished")
    assert changes["keel", "1.0"] == ("available", "vanished")
    assert changes["young", "1.0"] == ("available", "vanished")
    assert changes["young", "2.0"] == ("vanished", "available")
    assert found["counts"]["vanish_by_draft"] == 3
    assert found["counts"]["return_by_draft"] == 1


def test_files_are_compared_by_name_and_digest(town: Town) -> None:
    wheel, sdist = Stocked("1.0", OLD), Stocked("2.0", YOUNG, sdist=True)
    good, other = wheel.sha256("young", "public/pypi"), sdist.sha256("young", "public/pypi")

    def pin(version: str, *files: tuple[str, str]) -> str:
        wheels = ", ".join(
            f'{{ url = "https://x/{name}", hash = "sha256:{digest}" }}' for name, digest in files
        )
        return (
            f'[[package]]\nname = "young"\nversion = "{version}"\n'
            f'source = {{ registry = "https://x" }}\nwheels = [{wheels}]\n'
        )

    text = "version = 1\n" + "".join(
        [
            pin("1.0", (wheel.filename("young"), good)),
            pin("1.0", (wheel.filename("young"), other)),
            pin("1.0", (wheel.filename("young"), good), ("young-1.0.tar.gz", other)),
            pin("2.0", (sdist.filename("young"), other)),
        ]
    )
    found = town.rehearse("acme/all", {"lock": {"text": text, "name": "uv.lock"}})

    outcomes = {pin["line"]: pin for pin in found["pins"]}
    assert [outcomes[line]["outcome"] for line in (2, 7, 12, 17)] == [
        "available",
        "vanished",
        "reduced",
        "vanished",
    ]
    assert [outcomes[line]["missing"][0]["reason"] for line in (7, 12, 17)] == [
        "other-digest",
        "no-file",
        "filtered",
    ]


def test_a_rehearsal_is_done_as_of_an_instant(town: Town) -> None:
    day = (NOW - timedelta(days=10)).date().isoformat()
    lock = {"text": "plumb==0.2", "kind": "requirements"}

    [pin] = town.rehearse("acme/all", {"lock": lock, "at": day})["pins"]

    assert (pin["outcome"], pin["missing"][0]["reason"]) == ("vanished", "too-late")


def test_a_view_whose_filter_cannot_be_read_can_be_mended_by_a_draft(town: Town) -> None:
    town.site.create_view("acme/broken", "acme/main[release.version > '9']")
    with town.site.database.transaction() as session:
        mine = ViewMember.filter == "release.version > '9'"
        session.execute(update(ViewMember).where(mine).values(filter="release.gone > 9"))
        emit(session, "view.changed", "test")
    body = {"lock": {"text": "plumb==0.1", "kind": "requirements"}}

    town.why("acme/broken/plumb", status=503)
    town.rehearse("acme/broken", body, status=503)
    [pin] = town.rehearse("acme/broken", {**body, "groups": [[{"registry": "acme/main"}]]})["pins"]

    assert (pin["outcome"], pin["present"]) == ("available", None)


def test_many_pins_take_few_statements(town: Town) -> None:
    text = "".join(f"absent-{number}==1\n" for number in range(300))
    body = {"lock": {"text": text, "kind": "requirements"}, "groups": [[{"registry": "acme/main"}]]}

    with town.site.count_queries() as statements:
        found = town.rehearse("acme/all", body)

    assert found["counts"]["vanished"] == 300
    # Two batches, now and by the draft.
    assert sum("FROM packages" in statement for statement in statements) == 4


@pytest.mark.parametrize(
    ("body", "status", "slug", "said"),
    [
        ({}, 400, "invalid-body", "lock"),
        ({"lock": {"text": "", "name": "x.lock"}}, 400, "invalid-lock-file", "uv, pylock"),
        ({"lock": {"text": "a b", "kind": "requirements"}}, 400, "invalid-lock-file", "line 1: "),
        (
            {"lock": {"text": "", "kind": "requirements"}, "at": "soon"},
            400,
            "invalid-body",
            "at must be a date",
        ),
        (
            {
                "lock": {"text": "", "kind": "requirements"},
                "groups": [[{"registry": "acme/main", "filter": "release.versoin == 1"}]],
            },
            400,
            "invalid-definition",
            "release.version",
        ),
        (
            {
                "lock": {"text": "", "kind": "requirements"},
                "groups": [[{"registry": "other/main"}]],
            },
            400,
            "invalid-definition",
            "no registry other/main that you may read",
        ),
        (
            {"lock": {"text": "", "kind": "requirements"}, "groups": [[{"registry": "no/where"}]]},
            400,
            "invalid-definition",
            "no registry no/where that you may read",
        ),
        ({"lock": {"text": "x" * 11_000_000, "kind": "uv"}}, 413, "content-too-large", "11000"),
    ],
    ids=["nothing", "kind", "line", "at", "filter", "closed", "missing", "size"],
)
def test_what_cannot_be_rehearsed_is_refused(
    town: Town, body: object, status: int, slug: str, said: str
) -> None:
    refused = town.rehearse("acme/all", body, status=status)

    assert refused["type"].endswith(f":{slug}")
    assert said in refused["detail"]


def test_s61_who_may_only_install_cannot_rehearse(town: Town) -> None:
    body = {"lock": {"text": "", "kind": "requirements"}}

    town.rehearse("public/pypi", body, town.stranger, status=403)
    town.rehearse("acme/all", body, town.stranger, status=404)
    town.rehearse("acme/lent", body, status=403)
