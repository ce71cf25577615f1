"""Making, changing and deleting views below /v1/, and who may (design section 5, S-61, S-64)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from stockroom.models import ApiKey, Event, Grant, View, ViewDefinition, ViewMember, Workspace
from tests.functional.manage.people import People
from tests.support.databases import MakeUrl
from tests.support.site import TestSite
from tests.support.waiting import Worker

NUMBERS = count(1)
ROUNDS = 3
WHEELS = '".whl" in file.name'


@pytest.fixture(scope="module")
def shared(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("files"))
    site.create_workspace("public", "public")
    yield site
    site.close()


class Bench(People):
    """A workspace of a team of its own with the registries main and side; ann owns the team."""

    def __init__(self, site: TestSite) -> None:
        super().__init__(site)
        self.name = f"acme-{next(NUMBERS)}"
        site.create_workspace(self.name)
        self.views = f"workspaces/{self.name}/views"
        self.keys["ann"] = self.add(f"ann-{self.name}", **{self.name: "owner"})
        registries = f"workspaces/{self.name}/registries"
        self.call("ann", "POST", registries, {"name": "side"}, status=201)

    def members(self, *groups: str | list[str]) -> list[list[dict[str, Any]]]:
        """Groups without filters; names without a workspace are of this one."""
        lists = [[group] if isinstance(group, str) else group for group in groups]
        return [
            [{"registry": name if "/" in name else f"{self.name}/{name}"} for name in group]
            for group in lists
        ]

    def make(self, name: str, *groups: str | list[str], status: int = 201, who: str = "ann") -> Any:
        """Make a view."""
        body = {"name": name, "groups": self.members(*groups)}
        return self.call(who, "POST", self.views, body, status=status)

    def number_of(self, view: str) -> int:
        """The id of a view."""
        query = select(View.id).join(Workspace).where(Workspace.name == self.name)
        with self.site.database.read() as connection:
            return connection.execute(query.where(View.name == view)).scalar_one()

    def trail(self, kind: str) -> list[Event]:
        """The events of this workspace of a kind."""
        return [event for event in self.events(kind) if event.data.get("workspace") == self.name]


@pytest.fixture
def bench(shared: TestSite) -> Bench:
    return Bench(shared)


def test_a_view_is_made_shown_changed_and_deleted(bench: Bench) -> None:
    groups = [
        [{"registry": f"{bench.name}/main", "filter": None}],
        [{"registry": "public/main", "filter": 'package.name == "demo"'}],
    ]
    path = f"{bench.views}/all"

    body = {"name": "all", "groups": groups, "reason": "together"}
    made = bench.call("ann", "POST", bench.views, body, status=201)
    shown = bench.call("ann", "GET", path)
    less = {"groups": groups[:1], "reason": "less"}
    changed = bench.call("ann", "PUT", path, less, if_match=shown.headers["ETag"])
    stale = bench.call("ann", "PUT", path, less, if_match=shown.headers["ETag"], status=412)
    same = bench.call("ann", "PUT", path, less)
    bench.call("ann", "DELETE", f"{path}?reason=done", status=204, if_match=same.headers["ETag"])

    assert made.json == shown.json
    assert made.headers["ETag"] == shown.headers["ETag"] != changed.headers["ETag"]
    assert (made.json["groups"], made.json["revision"], made.json["reason"]) == (
        groups,
        1,
        "together",
    )
    assert made.json["index"] == f"/simple/{bench.name}/all/"
    assert (made.json["actor"], made.json["actor_name"]) == (
        bench.subject(f"ann-{bench.name}"),
        f"ann-{bench.name}",
    )
    assert (changed.json["groups"], changed.json["revision"]) == (groups[:1], 2)
    assert same.json == changed.json
    assert stale.json["type"] == "urn:stockroom:problem:precondition-failed"
    bench.get("ann", path, 404)
    [created], [after], [deleted] = (
        bench.trail(f"view.{verb}") for verb in ("created", "changed", "deleted")
    )
    assert (created.data["before"], created.data["after"]) == (None, {"groups": groups})
    assert (after.data["before"], after.data["after"]) == ({"groups": groups}, less_of(groups))
    assert (deleted.data["before"], deleted.data["after"]) == (less_of(groups), None)
    assert [event.data["reason"] for event in (created, after, deleted)] == [
        "together",
        "less",
        "done",
    ]
    team = bench.get("ann", f"teams/{bench.name}/events?kind=view")["events"]
    assert [event["kind"] for event in team] == ["view.deleted", "view.changed", "view.created"]


def less_of(groups: list[Any]) -> dict[str, Any]:
    return {"groups": groups[:1]}


def test_the_history_has_every_definition_the_newest_first(bench: Bench) -> None:
    bench.make("all", "main")
    path = f"{bench.views}/all"
    for groups in (["main", "side"], [["side", "main"]]):
        bench.call("ann", "PUT", path, {"groups": bench.members(*groups)})

    first = bench.get("ann", f"{path}/history?limit=2")
    second = bench.get("ann", f"{path}/history?limit=2&after={first['next']}")

    found = first["revisions"] + second["revisions"]
    assert second["next"] is None
    assert [entry["revision"] for entry in found] == [3, 2, 1]
    names = [
        [[member["registry"] for member in group] for group in entry["groups"]] for entry in found
    ]
    main, side = f"{bench.name}/main", f"{bench.name}/side"
    assert names == [[[side, main]], [[main], [side]], [[main]]]


def test_the_list_of_views_has_their_groups(bench: Bench) -> None:
    bench.site.create_view(
        f"{bench.name}/all", 'public/main[package.name != "x"]', f"{bench.name}/main"
    )

    [view] = bench.get("ann", f"{bench.views}?limit=1")["views"]

    assert view == {
        "name": "all",
        "registries": [["public/main"], ["main"]],
        "groups": ['public/main[package.name != "x"]', f"{bench.name}/main"],
        "revision": 1,
        "default": False,
        "index": f"/simple/{bench.name}/all/",
    }


def test_every_mistake_of_a_definition_is_told_with_its_place(bench: Bench) -> None:
    twice = {"registry": f"{bench.name}/main", "filter": None}
    groups = [[twice, twice], [{"registry": "nobody/has"}, {"registry": "main", "filter": " "}], []]

    refused = bench.call("ann", "POST", bench.views, {"name": "all", "groups": groups}, status=400)
    fewer = bench.call(
        "ann", "POST", bench.views, {"name": "all", "groups": groups[:2]}, status=400
    )

    assert refused.json["type"] == "urn:stockroom:problem:invalid-definition"
    assert [mistake["group"] for mistake in refused.json["mistakes"]] == [3]
    assert [
        (mistake["group"], mistake["registry"], mistake["line"], mistake["column"])
        for mistake in fewer.json["mistakes"]
    ] == [
        (1, f"{bench.name}/main", None, None),
        (2, "nobody/has", None, None),
        (2, "main", None, None),
        (2, "main", 1, 1),
    ]
    assert (
        "group 2, nobody/has: there is no registry nobody/has that you may read"
        in fewer.json["detail"]
    )


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [[{"registry": "public/main"}]] * 51,
        [[{"registry": f"public/r{n}"} for n in range(101)]],
        [[{"registry": "public/main", "filter": "x" * 4001}]],
        [[{"registry": "public/main", "filter": "\ud800"}]],
        [[{"registry": "a/b/c"}]],
        [[{"registry": ""}]],
    ],
    ids=["none", "groups", "members", "long", "half", "steps", "nameless"],
)
def test_a_definition_has_limits(bench: Bench, groups: list[Any]) -> None:
    answer = bench.call("ann", "POST", bench.views, {"name": "all", "groups": groups}, status=400)

    assert answer.json["type"] in {
        "urn:stockroom:problem:invalid-definition",
        "urn:stockroom:problem:invalid-body",
    }


def test_mistakes_in_filters_are_told_with_line_column_and_what_to_write(bench: Bench) -> None:
    lines = 'package.name == "demo" and\n  release.versoin == "1.0" and file.nmae == "x"'
    groups = [
        [{"registry": "public/main"}],
        [
            {"registry": "public/main", "filter": lines},
            {"registry": f"{bench.name}/main", "filter": "package.age_days >="},
        ],
    ]

    refused = bench.call("ann", "POST", bench.views, {"name": "all", "groups": groups}, status=400)

    first, second, third = refused.json["mistakes"]
    assert (first["group"], first["registry"]) == (2, "public/main")
    assert [(mistake["line"], mistake["column"]) for mistake in (first, second)] == [
        (2, 3),
        (2, 32),
    ]
    assert "release.version" in first["message"]
    assert third["registry"] == f"{bench.name}/main"
    assert "group 2, public/main, line 2, column 3: " in refused.json["detail"]
    bench.get("ann", f"{bench.views}/all", 404)


def test_names_of_views_and_registries_are_one_space(bench: Bench) -> None:
    bench.make("all", "main")

    taken = [bench.make(name, "main", status=409) for name in ("all", "main")]
    registries = f"workspaces/{bench.name}/registries"
    taken.append(bench.call("ann", "POST", registries, {"name": "all"}, status=409))
    wrong = bench.make("Not A Name", "main", status=400)

    assert {answer.json["type"] for answer in taken} == {"urn:stockroom:problem:name-taken"}
    assert wrong.json["type"] == "urn:stockroom:problem:invalid-name"


def test_the_view_of_a_registry_is_left_alone(bench: Bench) -> None:
    path = f"{bench.views}/main"

    refused = [
        bench.call("ann", "PUT", path, {"groups": bench.members("side")}, status=409),
        bench.call("ann", "DELETE", path, status=409),
    ]

    assert {answer.json["type"] for answer in refused} == {"urn:stockroom:problem:default-view"}
    assert bench.get("ann", path)["default"] is True
    [begun] = bench.get("ann", f"{path}/history")["revisions"]
    assert begun["groups"] == [[{"registry": f"{bench.name}/main", "filter": None}]]


def test_what_one_may_not_read_cannot_be_shown_by_a_view(bench: Bench) -> None:
    """S-61: neither of a foreign workspace, nor with a role on the view alone."""
    other = Bench(bench.site)
    bench.make("all", "main")
    bob = f"bob-{bench.name}"
    bench.add(bob)
    bench.grant(bob, "admin", f"{bench.name}/all")
    limited = bench.key(f"ann-{bench.name}", places=[f"{bench.name}/all"])
    path = f"{bench.views}/all"

    foreign = bench.make("far", f"{other.name}/main", status=400)
    missing = bench.make("far", f"{other.name}/nothing", status=400)
    secret = bench.call(bob, "PUT", path, {"groups": bench.members("side")}, status=400)
    by_key = bench.call(limited, "PUT", path, {"groups": bench.members("side")}, status=400)

    assert foreign.json["detail"].replace("main", "nothing") == missing.json["detail"]
    for refused in (secret, by_key):
        assert f"no registry {bench.name}/side that you may read" in refused.json["detail"]


def test_readers_see_what_a_view_is_made_of_and_installers_do_not(bench: Bench) -> None:
    bench.make("all", "main")
    reader, bob = f"ray-{bench.name}", f"bob-{bench.name}"
    bench.add(reader)
    bench.add(bob)
    bench.grant(reader, "reader", f"{bench.name}/all")
    bench.call("ann", "PATCH", f"workspaces/{bench.name}", {"visibility": "public"})
    path = f"{bench.views}/all"

    seen = bench.get(reader, path)

    assert seen["name"] == "all"
    assert bench.get(bob, path, 403)["type"] == "urn:stockroom:problem:forbidden"
    bench.get(bob, f"{path}/history", 403)
    bench.call(reader, "DELETE", path, status=403)
    bench.call(reader, "PUT", path, {"groups": bench.members("main")}, status=403)


def test_the_admin_of_a_registry_does_not_decide_what_others_make_of_it(bench: Bench) -> None:
    """Else who may not weaken a view's filter could make it show what they like."""
    bob, views = f"bob-{bench.name}", bench.views
    bench.site.create_view(f"{bench.name}/curated", f"{bench.name}/main[release.age_days >= 7]")
    bench.add(bob)
    bench.grant(bob, "admin", f"{bench.name}/main")

    bench.call(bob, "PUT", f"{views}/curated", {"groups": bench.members("public/main")}, status=403)
    bench.call(bob, "DELETE", f"{views}/curated", status=403)
    bench.get(bob, f"{views}/curated/grants", 403)
    limited = bench.key(bob, places=[f"{bench.name}/curated"])
    bench.call(limited, "DELETE", f"{views}/curated", status=403)

    assert bench.get(bob, f"{views}/curated")["revision"] == 1
    assert bench.site.get(f"/simple/{bench.name}/curated/", bench.keys[bob]).status_int == 200
    assert bench.get(bob, f"{views}/main/grants")["grants"] is not None


def test_a_registry_that_views_show_is_not_deleted(bench: Bench) -> None:
    other = Bench(bench.site)
    side = f"workspaces/{bench.name}/registries/side"
    bench.site.create_view(f"{bench.name}/all", f"{bench.name}/side")
    bench.site.create_view(f"{bench.name}/both", f"{bench.name}/side, {bench.name}/main")
    bench.site.create_view(f"{other.name}/far", f"{bench.name}/side")

    refused = bench.call("ann", "DELETE", side, status=409)
    whole = bench.call("ann", "DELETE", f"workspaces/{bench.name}", status=409)
    other.call("ann", "DELETE", f"{other.views}/far", status=204)
    bench.call("ann", "DELETE", f"{bench.views}/both", status=204)
    bench.call("ann", "DELETE", side, status=409)
    bench.call("ann", "DELETE", f"{bench.views}/all", status=204)
    bench.call("ann", "DELETE", side, status=204)

    shown = f"{bench.name}/all, {bench.name}/both, 1 of other workspaces"
    assert f"{bench.name}/side is shown by other views ({shown})" in refused.json["detail"]
    assert "is shown by other views (1 of other workspaces)" in whole.json["detail"]
    assert other.name not in refused.json["detail"] + whole.json["detail"]


def test_a_workspace_goes_with_its_views_and_what_they_show_stays(bench: Bench) -> None:
    bench.site.create_view(f"{bench.name}/all", f"{bench.name}/side", "public/main")

    bench.call("ann", "DELETE", f"workspaces/{bench.name}", status=204)

    [deleted] = bench.trail("view.deleted")
    assert deleted.data["name"] == "all"
    assert bench.site.get("/simple/public/main/").status_int == 200


def test_a_deleted_view_takes_its_roles_along_and_its_number_never_comes_again(
    bench: Bench,
) -> None:
    """What is kept of its pages by its number must never be shown as another one's."""
    bob = f"bob-{bench.name}"
    bench.add(bob)
    numbers = []
    for name in ("one", "two"):
        bench.make(name, "main")
        bench.grant(bob, "reader", f"{bench.name}/{name}")
        bench.key(f"ann-{bench.name}", places=[f"{bench.name}/{name}", bench.name])
        numbers.append(bench.number_of(name))
        bench.call("ann", "DELETE", f"{bench.views}/{name}", status=204)
    registries = f"workspaces/{bench.name}/registries"
    bench.call("ann", "POST", registries, {"name": "fresh"}, status=201)

    assert len({*numbers, bench.number_of("fresh")}) == 3
    with bench.site.database.transaction() as session:
        held = session.execute(select(Grant).where(Grant.subject == bench.subject(bob))).all()
        limits = session.execute(
            select(ApiKey.places).where(ApiKey.subject == bench.subject(f"ann-{bench.name}"))
        ).scalars()
        kept = [place[0] for places in limits for place in places or ()]
    assert (held, kept) == ([], ["workspace", "workspace"])


def test_views_are_written_on_both_databases(both: TestSite) -> None:
    both.create_workspace("public", "public")
    admin = both.create_key("admin", "acme")
    people = People(both)
    views = "workspaces/acme/views"
    groups = [[{"registry": "acme/main"}], [{"registry": "public/main", "filter": WHEELS}]]

    made = people.call(admin, "POST", views, {"name": "all", "groups": groups}, status=201)
    tag = made.headers["ETag"]
    people.call(admin, "PUT", f"{views}/all", {"groups": groups[1:]}, if_match=tag)
    people.call(admin, "PUT", f"{views}/all", {"groups": groups}, if_match=tag, status=412)

    with both.database.read() as connection:
        rows = connection.execute(
            select(ViewMember.priority, ViewMember.filter, View.revision, ViewDefinition.groups)
            .join(View, View.id == ViewMember.view_id)
            .join(ViewDefinition, ViewDefinition.view_id == View.id)
            .where(View.name == "all")
            .order_by(ViewDefinition.revision)
        ).all()
    assert [tuple(row) for row in rows] == [
        (0, WHEELS, 2, [[["acme/main", None]], [["public/main", WHEELS]]]),
        (0, WHEELS, 2, [[["public/main", WHEELS]]]),
    ]


def test_of_two_who_define_a_view_as_they_saw_it_one_wins(both: TestSite) -> None:
    both.create_view("acme/all", "acme/main")
    admin, people = both.create_key("admin", "acme"), People(both)
    path = "workspaces/acme/views/all"

    for _ in range(ROUNDS):
        tag = people.call(admin, "GET", path).headers["ETag"]
        barrier = Barrier(2)

        def define(number: int, barrier: Barrier = barrier, tag: str = tag) -> int:
            filter_ = f'package.name != "{number}-{tag[1:9]}"'
            body = {"groups": [[{"registry": "acme/main", "filter": filter_}]]}
            barrier.wait(10)
            answer = people.call(admin, "PUT", path, body, if_match=tag, status="*")
            return int(answer.status_int)

        workers = [Worker(partial(define, number)) for number in range(2)]

        assert sorted(worker.result() for worker in workers) == [200, 412]
    history = people.get(admin, f"{path}/history")["revisions"]
    assert [entry["revision"] for entry in history] == list(range(ROUNDS + 1, 0, -1))


def test_a_registry_goes_before_a_view_shows_it_or_not_at_all(both: TestSite) -> None:
    """No order of the two makes the server err, or leaves a view of nothing."""
    owner, people = both.create_key("owner", "acme"), People(both)
    for number in range(ROUNDS):
        registries = "workspaces/acme/registries"
        people.call(owner, "POST", registries, {"name": f"side-{number}"}, status=201)
        groups = [[{"registry": f"acme/side-{number}"}]]
        body = {"name": f"all-{number}", "groups": groups}
        barrier = Barrier(2)

        def ask(method: str, path: str, body: object = None, barrier: Barrier = barrier) -> int:
            barrier.wait(10)
            return int(people.call(owner, method, path, body, status="*").status_int)

        deleting = Worker(partial(ask, "DELETE", f"{registries}/side-{number}"))
        making = Worker(partial(ask, "POST", "workspaces/acme/views", body))

        assert (deleting.result(), making.result()) in {(204, 400), (204, 409), (409, 201)}
