"""Retention over the API: the plan, its application, and what makes it stale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from stockroom.manage.problems import PlanStale
from stockroom.manage.retirement import Retirement
from stockroom.models import File
from tests.archives import make_wheel
from tests.functional.manage.conftest import BASE, LATER, PACKAGE, SDIST, WHEEL, Desk

PLAN = f"{BASE}/retention"


def keep(desk: Desk, **rules: int) -> None:
    desk.call("PATCH", BASE, {"settings": rules})


def test_without_rules_nothing_would_go(desks: Desk) -> None:
    plan = desks.read(PLAN)

    assert (plan["releases"], plan["files"], plan["size"]) == ([], 0, 0)


def test_a_plan_says_what_would_go_and_changes_nothing(desks: Desk) -> None:
    keep(desks, keep_newest=1)

    plan = desks.read(PLAN)

    [row] = plan["releases"]
    assert (row["package"], row["version"], row["rule"]) == ("demo-pkg", "1.0", "keep_newest")
    assert (plan["files"], plan["size"]) == (2, len(WHEEL[1]) + len(SDIST[1]))
    assert len(desks.markers()) == 3


def test_the_plan_that_was_seen_is_applied(desks: Desk) -> None:
    keep(desks, keep_newest=1)
    plan = desks.read(PLAN)

    done = desks.call("POST", PLAN, {"digest": plan["digest"]}).json

    assert done == plan
    assert set(desks.markers()) == {LATER[0]}
    assert desks.package().size == len(LATER[1])
    [event] = desks.events("release.deleted")
    assert event.data["reason"] == "retention, keep_newest: it is not among the newest 1"
    burnt = desks.read(f"{BASE}/burnt-filenames")["burnt_filenames"]
    assert sorted(row["filename"] for row in burnt) == sorted([WHEEL[0], SDIST[0]])


def test_a_stale_plan_is_refused_with_the_new_one(desks: Desk) -> None:
    keep(desks, keep_newest=1)
    stale = desks.read(PLAN)["digest"]
    desks.publish(make_wheel("Demo.Pkg", "1.2"))

    problem = desks.call("POST", PLAN, {"digest": stale}, status=409).json

    assert problem["type"] == "urn:stockroom:problem:plan-stale"
    assert problem["digest"] == desks.read(PLAN)["digest"] != stale
    assert len(desks.markers()) == 4


def test_what_changes_between_the_look_and_the_locks_is_seen(
    desks: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(desks, keep_newest=1)
    lock = Retirement._lock

    def late(self: Retirement, *arguments: Any) -> Any:
        if desks.site.database.is_sqlite:
            # Nobody else can write now, so that it has to be this transaction itself.
            mine = update(File).where(File.registry_id == desks.registry_id)
            self._session.execute(mine.values(yanked=True))
        else:
            desks.publish(make_wheel("Demo.Pkg", "0.9"))
        return lock(self, *arguments)

    monkeypatch.setattr(Retirement, "_lock", late)
    with pytest.raises(PlanStale), desks.site.database.transaction() as session:
        Retirement(session, "ann").apply(desks.workspace, "main")

    assert set(desks.markers()) >= {WHEEL[0], SDIST[0], LATER[0]}


def test_a_download_protects_a_release(desks: Desk) -> None:
    keep(desks, keep_newest=1, drop_only_idle_days=30)
    today = datetime.now(UTC)
    with desks.site.database.transaction() as session:
        mine = update(File).where(File.registry_id == desks.registry_id)
        session.execute(mine.values(uploaded_at=today - timedelta(days=100)))
        one = mine.where(File.filename == SDIST[0])
        session.execute(one.values(downloaded_at=today - timedelta(days=40)))
    before = desks.read(PLAN)

    with desks.site.database.transaction() as session:
        session.execute(one.values(downloaded_at=today - timedelta(days=2)))

    assert [row["version"] for row in before["releases"]] == ["1.0"]
    assert desks.read(PLAN)["releases"] == []
    desks.call("POST", PLAN, {"digest": before["digest"]}, status=409)


def test_an_empty_package_stays(desks: Desk) -> None:
    desks.call("DELETE", PACKAGE, {"confirm": "demo-pkg"})
    desks.publish(make_wheel("Demo.Pkg", "1.0rc1"))
    keep(desks, drop_prereleases_after_days=1)
    with desks.site.database.transaction() as session:
        old = datetime.now(UTC) - timedelta(days=2)
        session.execute(
            update(File).where(File.registry_id == desks.registry_id).values(uploaded_at=old)
        )

    desks.call("POST", PLAN, {"digest": desks.read(PLAN)["digest"]})

    assert desks.page()["files"] == []
