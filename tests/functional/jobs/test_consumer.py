"""The consumer: due jobs run in threads, which end with the application."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from threading import Event
from threading import enumerate as threads
from typing import Any

import pytest

from stockroom.insight.service import Facts
from stockroom.jobs import Job, Jobs, Run, Runs, consumer
from tests.conftest import MakeSite, StartServer
from tests.support.distributions import SitePackages
from tests.support.facts import opened
from tests.support.server import BIN
from tests.support.waiting import wait_until

SOURCE = """\
    from threading import Event
    from stockroom.hookspecs import hookimpl
    from stockroom.spi import FactDocument

    told = Event()

    class Source:
        name = "sample"
        title = "A sample"
        refresh_seconds = 3600
        tells_advisories = False

        def refresh(self, run):
            yield FactDocument("demo", {"n": 1})
            told.set()

    @hookimpl
    def stockroom_fact_sources(settings):
        return [Source()]
"""


def job_threads() -> list[str]:
    return [thread.name for thread in threads() if thread.name.startswith("stockroom-jobs")]


@pytest.fixture
def sample(site_packages: SitePackages) -> None:
    site_packages.install("acme-sample", plugin="sample", code=SOURCE)


def test_a_server_refreshes_what_its_plugins_offer(
    make_site: MakeSite, sqlite_url: str, sample: None
) -> None:
    site = make_site(sqlite_url, **{"stockroom.plugins": "sample"})

    assert sys.modules["acme_sample"].told.wait(30)
    site.close()

    [status] = site.service(Facts).statuses()
    assert status.packages == 1
    assert job_threads() == []


def test_no_thread_runs_where_jobs_are_separate_or_there_are_none(
    make_site: MakeSite, make_sqlite: Any, sample: None
) -> None:
    make_site(make_sqlite())
    separate = {"stockroom.plugins": "sample", "stockroom.jobs": "separate"}
    make_site(make_sqlite(), **separate)

    assert job_threads() == []


def test_one_of_many_consumers_runs_a_job(sqlite_url: str) -> None:
    begun: list[str] = []
    both_looked = Event()

    def work(run: Run) -> None:
        begun.append(run.job.name)
        both_looked.wait(1.5)

    with opened(sqlite_url) as database:
        job = Job("sweep", 3600, work, lambda session: None)
        nodes = [Jobs(Runs(database), [job]) for _ in range(3)]
        for node in nodes:
            node.start()
        wait_until(lambda: begun == ["sweep"] and not Runs(database).is_due("sweep"))
        both_looked.set()
        for node in nodes:
            node.close()

    assert begun == ["sweep"]


def test_the_end_leaves_a_run_that_hangs_to_others(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "CLOSE_SECONDS", 0.1)
    begun, go_on = Event(), Event()

    def hang(run: Run) -> None:
        begun.set()
        go_on.wait(30)

    with opened(sqlite_url) as database:
        jobs = Jobs(Runs(database), [Job("hang", 3600, hang, lambda session: None)])
        jobs.start()
        assert begun.wait(30)

        jobs.close()

        assert Runs(database).is_due("hang")
        go_on.set()
        wait_until(lambda: not job_threads())


def test_a_database_that_is_away_is_asked_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    monkeypatch.setattr(consumer._Scheduler, "periodic_task_seconds", 0.1)
    done = Event()
    answers = iter([OperationalError("select", {}, Exception("away"))])

    class Away(Runs):
        def is_due(self, name: str) -> bool:
            error = next(answers, None)
            if error is not None:
                raise error
            return super().is_due(name)

    with opened(sqlite_url) as database:
        job = Job("sweep", 3600, lambda run: done.set(), lambda session: None)
        jobs = Jobs(Away(database), [job])
        jobs.start()

        assert done.wait(30)
        jobs.close()


def test_jobs_run_in_a_process_of_their_own_until_it_is_told_to_end(
    start_server: StartServer, sqlite_url: str, tmp_path: Path
) -> None:
    """The figures are read by `stockroom jobs`, not by the server beside it."""
    figures = tmp_path / "figures.csv"
    figures.write_text("package,last_7_days,last_30_days\n")
    settings = {
        "stockroom.plugins": "downloads",
        "stockroom.jobs": "separate",
        "plugin.downloads.csv": str(figures),
    }
    server = start_server(sqlite_url, **settings)
    command = [str(BIN / "stockroom"), "-c", str(server.ini), "jobs"]
    with opened(sqlite_url) as database:
        assert Runs(database).is_due("facts.downloads")

        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wait_until(lambda: not Runs(database).is_due("facts.downloads"))
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert output == b"Stockroom runs background jobs\n"
