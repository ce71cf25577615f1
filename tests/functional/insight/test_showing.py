"""What administrators see of fact sources: the API, the command line, the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stockroom.insight.service import Facts
from tests.conftest import MakeSite
from tests.support.cli import CommandLine
from tests.support.distributions import SitePackages
from tests.support.people import signed_in
from tests.support.site import TestSite, bearer

SOURCE = """\
    from stockroom.hookspecs import hookimpl
    from stockroom.spi import FactDocument

    class Source:
        name = "sample"
        title = "A sample"
        refresh_seconds = 3600
        tells_advisories = False

        def refresh(self, run):
            run.progress(1, 2)
            run.note("b.json is no JSON.")
            yield FactDocument("demo", {"n": 1})
            if run.packages:
                raise ValueError("it is a failure.")

    @hookimpl
    def stockroom_fact_sources(settings):
        return [Source()]
"""


@pytest.fixture
def site(make_site: MakeSite, sqlite_url: str, site_packages: SitePackages) -> TestSite:
    """A site whose source is asked only when a test does."""
    site_packages.install("acme-sample", plugin="sample", code=SOURCE)
    separate = {"stockroom.plugins": "sample", "stockroom.jobs": "separate"}
    made = make_site(sqlite_url, **separate)
    made.create_workspace()
    return made


@pytest.fixture
def cli(site: TestSite, tmp_path: Path) -> CommandLine:
    named = {name.replace(".", "__"): value for name, value in site.values.items()}
    return CommandLine(tmp_path / "cli", **named)


def facts(site: TestSite, key: str) -> Any:
    [source] = site.get("/v1/facts", key).json["sources"]
    return source


def test_the_api_tells_how_a_source_is_and_has_it_asked(site: TestSite) -> None:
    key = site.create_key("admin", "*")
    site.service(Facts).refresh_now("sample", lambda run: None)

    before = facts(site, key)
    answer = site.app.post("/v1/facts/sample/refresh", headers=bearer(key), status=202).json

    assert (before["title"], before["packages"], before["running"]) == ("A sample", 1, False)
    assert (before["done"], before["total"], before["error"]) == (1, 2, None)
    assert before["notes"] == ["b.json is no JSON."]
    assert answer["due_at"] < before["due_at"]
    assert answer == facts(site, key)
    [event] = site.get("/v1/events?kind=facts.asked", key).json["events"]
    assert event["data"] == {"source": "sample"}
    assert event["actor"].startswith("robot:")


def test_a_source_that_is_none_is_not_asked(site: TestSite) -> None:
    key = site.create_key("admin", "*")

    answer = site.app.post("/v1/facts/other/refresh", headers=bearer(key), status=404)

    assert answer.json["detail"] == "there is no fact source other, only: sample"


def test_facts_are_for_administrators_of_the_server(site: TestSite) -> None:
    key = site.create_key("admin", "acme")

    site.get("/v1/facts", key, status=404)
    site.app.post("/v1/facts/sample/refresh", headers=bearer(key), status=404)


def test_commands_refresh_and_show(cli: CommandLine) -> None:
    assert cli.json("facts", "list")[0]["succeeded_at"] is None

    done = cli.call("facts", "refresh", "sample")

    assert done.stdout == "sample knows something of 1 packages\n"
    assert done.stderr == "note: b.json is no JSON.\n"
    assert cli.json("facts", "list")[0]["succeeded_at"] is not None
    assert "A sample" in cli.run("facts", "list")
    assert cli.json("facts", "show", "Demo") == {"sample": {"n": 1}}
    assert cli.run("facts", "show", "Demo") == 'sample: {"n": 1}\n'
    assert cli.run("facts", "show", "none") == "no source knows anything of none\n"


def test_a_refresh_that_fails_says_why(site: TestSite, cli: CommandLine) -> None:
    from tests.support.facts import hold

    hold(site.database, "demo")

    assert cli.refuse("facts", "refresh", "sample").endswith(
        "error: sample was not refreshed: it is a failure.\n"
    )
    assert cli.refuse("facts", "refresh", "other") == (
        "error: there is no fact source other, only: sample\n"
    )


def test_without_plugins_there_are_no_jobs_to_run(sqlite_url: str, tmp_path: Path) -> None:
    cli = CommandLine(tmp_path, sqlalchemy__url=sqlite_url)

    assert "no enabled plugin has background jobs" in cli.refuse("jobs")


def test_the_page_shows_sources_and_has_them_asked(site: TestSite) -> None:
    browser = signed_in(site, role="admin", scope="*")
    assert "/server/facts" in browser.get("/").text
    site.service(Facts).refresh_now("sample", lambda run: None)

    shown = browser.get("/server/facts")
    after = browser.submit(shown, "/server/facts/sample").follow()

    assert "A sample" in shown.text
    assert "b.json is no JSON." in shown.text
    assert "The source is asked within seconds." in after.text


def test_the_page_is_for_administrators_of_the_server(site: TestSite) -> None:
    browser = signed_in(site, role="owner")

    assert "/server/facts" not in browser.get("/").text
    browser.get("/server/facts", status=404)
