"""Plugins hear of every change that is committed, and can harm nobody (stockroom_event)."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import Any, cast

import pytest

from stockroom.feed import telling
from stockroom.manage.places import Places
from stockroom.manage.problems import NoSuchPlace
from stockroom.plugins import Plugins
from stockroom.spi import AuditEvent
from tests.conftest import MakeSite
from tests.support.distributions import SitePackages
from tests.support.site import TestSite

HEARING = """\
    from stockroom.hookspecs import hookimpl

    heard = []

    @hookimpl
    def stockroom_event(event):
        heard.append(event)
"""
RAISING = """\
    from stockroom.hookspecs import hookimpl

    @hookimpl
    def stockroom_event(event, settings):
        raise RuntimeError(f"no {event.kind}")
"""
HANGING = """\
    from threading import Event
    from stockroom.hookspecs import hookimpl

    go_on = Event()
    heard = []

    @hookimpl
    def stockroom_event(event):
        go_on.wait(60)
        heard.append(event)
"""


@pytest.fixture
def open_site(make_site: MakeSite, sqlite_url: str, site_packages: SitePackages) -> Any:
    """Make a site with plugins given as name and code."""

    def make(**plugins: str) -> TestSite:
        for name, code in plugins.items():
            site_packages.install(f"acme-{name}", plugin=name, code=code)
        return make_site(sqlite_url, **{"stockroom.plugins": " ".join(plugins)})

    return make


def heard(name: str) -> list[AuditEvent]:
    """What a plugin has heard of."""
    return cast(list[AuditEvent], sys.modules[f"acme_{name}"].heard)


def begin_and_fail(site: TestSite) -> None:
    """A transaction that is undone after it has made a team."""
    with site.database.transaction() as session:
        places = Places(session, "test")
        places.create_team("never")
        places.set_visibility("none", "public")


def test_a_plugin_hears_of_what_is_committed_in_order(open_site: Any) -> None:
    site: TestSite = open_site(hearing=HEARING)
    site.create_workspace()
    with pytest.raises(NoSuchPlace):
        begin_and_fail(site)
    site.close()

    found = heard("hearing")
    assert [event.kind for event in found] == [
        "team.created",
        "workspace.created",
        "registry.created",
    ]
    assert [event.id for event in found] == sorted(event.id for event in found)
    assert found[1].data == {"name": "acme", "before": None, "after": {"visibility": "team"}}
    assert (found[1].actor, found[1].at.tzinfo, found[1].team_id) == ("test", UTC, 1)


def test_what_one_plugin_raises_keeps_no_other_from_hearing(
    open_site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    site: TestSite = open_site(raising=RAISING, hearing=HEARING, again=RAISING)

    site.create_workspace()
    site.close()

    assert len(heard("hearing")) == 3
    assert caplog.text.count("plugin raising fails") == 3


def test_a_plugin_that_hangs_delays_nobody(
    open_site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    site: TestSite = open_site(hanging=HANGING)
    few = telling.Telling(site.database, site.service(Plugins), capacity=4)

    for number in range(3):
        site.create_workspace(f"acme-{number}")

    assert site.get("/healthz").status_int == 200
    assert "plugins are behind" in caplog.text
    sys.modules["acme_hanging"].go_on.set()
    few.close()
    site.close()
    assert len(heard("hanging")) >= 9 + 4


def test_without_such_a_plugin_there_is_no_thread(open_site: Any) -> None:
    site: TestSite = open_site()

    assert site.database.written == []
