"""What is done through one node is seen by the next read of another, on both databases."""

from __future__ import annotations

import pytest

from stockroom.feed import Feed
from stockroom.manage.deletions import Deletions
from stockroom.manage.packages import Packages
from stockroom.manage.places import Places
from stockroom.manage.policies import Policies
from stockroom.resources import Directory
from tests.archives import make_sdist, make_wheel
from tests.conftest import MakeSite
from tests.support.library import (
    create_registry,
    revoke,
    set_status,
    set_visibility,
    set_yanked,
)
from tests.support.nodes import Nodes, stopped_at
from tests.support.site import JSON, PYX_MSGPACK, TestSite
from tests.support.waiting import Worker

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "1.0")


def test_a_file_is_on_the_page(nodes: Nodes) -> None:
    nodes.upload(SDIST)

    nodes.soon(lambda: nodes.files() == [WHEEL[0], SDIST[0]])


@pytest.mark.parametrize("accept", [JSON, PYX_MSGPACK, "text/html"])
def test_an_etag_from_before_the_change_gets_the_new_page(nodes: Nodes, accept: str) -> None:
    page = f"{nodes.index}demo-pkg/"
    etag = nodes.other.get(page, nodes.key, accept=accept).headers["ETag"]
    assert nodes.status(page, accept=accept, if_none_match=etag) == 304

    nodes.upload(SDIST)

    nodes.soon(lambda: nodes.status(page, accept=accept, if_none_match=etag) == 200)


def test_a_package_that_was_missing_appears_on_its_page_and_in_the_list(nodes: Nodes) -> None:
    assert nodes.status(f"{nodes.index}fresh/") == 404
    assert b"fresh" not in nodes.other.get(nodes.index, nodes.key).body

    nodes.upload(make_wheel("fresh", "1.0"))

    nodes.soon(lambda: nodes.status(f"{nodes.index}fresh/") == 200)
    assert b"fresh" in nodes.other.get(nodes.index, nodes.key).body


def test_the_bytes_are_served(nodes: Nodes) -> None:
    nodes.upload(SDIST)
    nodes.soon(lambda: SDIST[0] in nodes.files())

    path = nodes.file_url(SDIST[0])
    assert nodes.other.get(path, nodes.key).body == SDIST[1]


def test_a_status_is_told(nodes: Nodes) -> None:
    set_status(nodes.one, "deprecated", "old", workspace=nodes.workspace)

    told = {"status": "deprecated", "reason": "old"}
    nodes.soon(lambda: nodes.page()["project-status"] == told)


@pytest.mark.parametrize("suffix", ["", ".metadata"])
def test_s60_a_quarantine_stops_the_files(nodes: Nodes, suffix: str) -> None:
    path = nodes.file_url(WHEEL[0]) + suffix
    assert nodes.status(path) == 200

    set_status(nodes.one, "quarantined", workspace=nodes.workspace)

    nodes.soon(lambda: nodes.status(path) == 403)
    assert nodes.files() == []


def test_a_yank_is_told(nodes: Nodes) -> None:
    set_yanked(nodes.one, yanked=True, reason="broken", workspace=nodes.workspace)

    nodes.soon(lambda: nodes.page()["files"][0]["yanked"] == "broken")


def test_a_deleted_file_is_gone(nodes: Nodes) -> None:
    path = nodes.file_url(WHEEL[0])
    assert nodes.status(path) == 200

    with nodes.one.database.transaction() as session:
        Deletions(session, "test").delete_file(
            nodes.workspace, "main", "demo-pkg", WHEEL[0], confirm=WHEEL[0]
        )

    nodes.soon(lambda: nodes.status(path) == 404)
    assert nodes.files() == []


def test_a_deleted_package_is_gone_from_its_page_and_the_list(nodes: Nodes) -> None:
    assert b"demo-pkg" in nodes.other.get(nodes.index, nodes.key).body

    with nodes.one.database.transaction() as session:
        Deletions(session, "test").delete_package(
            nodes.workspace, "main", "demo-pkg", confirm="demo-pkg"
        )

    nodes.soon(lambda: nodes.status(f"{nodes.index}demo-pkg/") == 404)
    nodes.soon(lambda: b"demo-pkg" not in nodes.other.get(nodes.index, nodes.key).body)


@pytest.mark.parametrize("kind", ["registry", "team"])
def test_a_setting_is_known(nodes: Nodes, kind: str) -> None:
    def known() -> int:
        snapshot = nodes.other.service(Directory).snapshot()
        registry = snapshot.workspaces[nodes.workspace].registries["main"]
        policy = registry.policy if kind == "registry" else registry.team.policy
        return policy.max_file_mb

    def heard() -> bool:
        nodes.status()
        return known() == 7

    assert known() == 0

    with nodes.one.database.transaction() as session:
        policies = Policies(session, "test")
        if kind == "registry":
            policies.change_registry(nodes.workspace, "main", {"max_file_mb": "7"})
        else:
            policies.change_team(nodes.workspace, {"max_file_mb": "7"})

    nodes.soon(heard)


def test_s61_a_revoked_key_is_refused(nodes: Nodes) -> None:
    key = nodes.one.create_key("reader", nodes.workspace)
    nodes.soon(lambda: nodes.status(key=key) == 200)

    revoke(nodes.one, key)

    nodes.soon(lambda: nodes.status(key=key) == 401)


def test_s61_a_new_key_is_accepted_by_its_first_request(nodes: Nodes) -> None:
    key = nodes.one.create_key("reader", nodes.workspace)

    assert nodes.status(key=key) == 200


@pytest.mark.parametrize(("visibility", "expected"), [("public", 200), ("team", 401)])
def test_s61_a_visibility_holds(nodes: Nodes, visibility: str, expected: int) -> None:
    opposite = {"public": "team", "team": "public"}[visibility]
    set_visibility(nodes.other, opposite, nodes.workspace)

    set_visibility(nodes.one, visibility, nodes.workspace)

    nodes.soon(lambda: nodes.public_status() == expected)


def test_a_new_workspace_and_registry_exist(nodes: Nodes) -> None:
    key = nodes.one.create_key("writer", "*")
    registry = f"/simple/{nodes.workspace}/fresh/"
    assert nodes.status("/simple/fresh/main/", key) == 404
    assert nodes.status(registry, key) == 404

    nodes.one.create_workspace("fresh")
    create_registry(nodes.one, "fresh", nodes.workspace)

    nodes.soon(lambda: nodes.status(registry, key) == 200)
    assert nodes.status("/simple/fresh/main/", key) == 200


def test_many_changes_of_one_transaction_are_all_seen(nodes: Nodes) -> None:
    names = [f"pkg-{number}" for number in range(8)]
    for name in names:
        nodes.upload(make_wheel(name, "1.0"))
    nodes.soon(lambda: nodes.status(f"{nodes.index}{names[-1]}/") == 200)
    for name in names:
        nodes.page(name)

    with nodes.one.database.transaction() as session:
        packages = Packages(session, "test")
        for name in names:
            packages.set_status(nodes.workspace, "main", name, "archived", None)

    def statuses() -> set[str]:
        return {nodes.page(name)["project-status"]["status"] for name in names}

    nodes.soon(lambda: statuses() == {"archived"})


def test_what_was_rolled_back_is_not_seen_and_disturbs_nothing(nodes: Nodes) -> None:
    before = nodes.files()

    def fail() -> None:
        with nodes.one.database.transaction() as session:
            Packages(session, "test").set_status(
                nodes.workspace, "main", "demo-pkg", "archived", None
            )
            Places(session, "test").create_workspace("never")
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    nodes.upload(SDIST)
    nodes.soon(lambda: nodes.files() == [*before, SDIST[0]])
    assert nodes.page()["project-status"] == {"status": "active"}


def test_both_nodes_write_and_both_see_everything(nodes: Nodes) -> None:
    writers = [nodes.one, nodes.other] * 3

    for number, node in enumerate(writers, start=2):
        nodes.upload(make_wheel("demo-pkg", f"{number}.0"), through=node)

    count = len(writers) + 1
    nodes.soon(lambda: len(nodes.files()) == count)
    nodes.soon(
        lambda: (
            len(nodes.one.page("demo-pkg", nodes.key, index=f"{nodes.workspace}/main")["files"])
            == count
        )
    )


def test_a_page_that_was_being_loaded_when_it_changed_is_not_kept(nodes: Nodes) -> None:
    nodes.upload(make_wheel("slow", "1.0"))

    with stopped_at(nodes.other, "packages") as gate:
        reader = Worker(lambda: nodes.files("slow"))
        gate.wait()
        nodes.upload(make_wheel("slow", "2.0"))
        hear(nodes.other)
        gate.open()

        # It asked before the change, and may be told what was true then.
        assert len(reader.result()) in (1, 2)
    assert len(nodes.files("slow")) == 2


def test_who_asks_after_the_change_does_not_get_what_was_loaded_before(nodes: Nodes) -> None:
    nodes.upload(make_wheel("slow", "1.0"))

    with stopped_at(nodes.other, "packages") as gate:
        reader = Worker(lambda: nodes.files("slow"))
        gate.wait()
        nodes.upload(make_wheel("slow", "2.0"))
        hear(nodes.other)

        assert len(nodes.files("slow")) == 2
        gate.open()
        reader.result()


def test_s61_a_key_that_was_being_looked_up_when_it_was_revoked_is_refused(nodes: Nodes) -> None:
    key = nodes.one.create_key("reader", nodes.workspace)

    with stopped_at(nodes.other, "api_keys") as gate:
        reader = Worker(lambda: nodes.status(key=key))
        gate.wait()
        revoke(nodes.one, key)
        hear(nodes.other)
        gate.open()

        assert reader.result() in (200, 401)
    assert nodes.status(key=key) == 401


def test_s61_a_workspace_that_was_closed_while_the_directory_was_read_is_closed(
    make_site: MakeSite, nodes: Nodes
) -> None:
    set_visibility(nodes.one, "public", nodes.workspace)
    cold = make_site(nodes.url, folder="cold")

    with stopped_at(cold, "teams") as gate:
        reader = Worker(lambda: cold.get(nodes.index, status="*"))
        gate.wait()
        set_visibility(nodes.one, "team", nodes.workspace)
        hear(cold)
        gate.open()

        assert reader.result().status_int in (200, 401)
    assert cold.get(nodes.index, status="*").status_int == 401


def hear(site: TestSite) -> None:
    """Let a node learn now what was committed."""
    site.service(Feed).pull()
