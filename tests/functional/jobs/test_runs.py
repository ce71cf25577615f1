"""Claims: every job is run by one process at a time, and by another one if that dies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select

from stockroom.db import Database
from stockroom.jobs import Job, Run, RunLost, Runs, execute
from stockroom.jobs.runs import DEAD, MAX_NOTES, RETRY
from stockroom.models import JobRun
from tests.support.facts import opened

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    """The time, which a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def job(work: Any = lambda run: None, first: Any = lambda session: None) -> Job:
    return Job("sweep", HOUR.total_seconds(), work, first)


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with opened(request.getfixturevalue(f"{request.param}_url")) as made:
        yield made


on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runs(database: Database, clock: Clock) -> Runs:
    made = Runs(database, clock)
    made.declare([job()])
    return made


def begin(runs: Runs, what: Job | None = None) -> Run | None:
    return runs.begin(what or job(), Event())


def begun(runs: Runs, what: Job | None = None) -> Run:
    run = begin(runs, what)
    assert run is not None
    return run


def row_of(runs: Runs) -> JobRun:
    with runs.database.reading() as session:
        return session.scalars(select(JobRun)).one()


@on_both
def test_of_many_who_want_to_run_a_job_one_does(runs: Runs) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: begin(runs), range(16)))

    assert len([run for run in found if run is not None]) == 1


def test_a_new_job_is_due_at_once_and_then_after_its_interval(runs: Runs, clock: Clock) -> None:
    assert runs.is_due("sweep")
    assert execute(begun(runs)) is None
    assert not runs.is_due("sweep")
    assert begin(runs) is None

    clock.now += HOUR

    assert runs.is_due("sweep")


def test_a_shorter_interval_holds_at_once(runs: Runs, clock: Clock) -> None:
    execute(begun(runs))

    runs.declare([Job("sweep", 60, lambda run: None, lambda session: None)])
    clock.now += timedelta(minutes=1)

    assert runs.is_due("sweep")


@on_both
def test_who_does_not_beat_is_taken_for_dead_and_can_write_no_more(
    runs: Runs, clock: Clock
) -> None:
    dead = begun(runs)
    clock.now += DEAD
    assert begin(runs) is None

    clock.now += timedelta(seconds=1)
    assert runs.is_due("sweep")
    heir = begun(runs)

    with runs.database.transaction() as session, pytest.raises(RunLost):
        dead.hold(session)
    with pytest.raises(RunLost):
        dead.succeed()
    assert execute(heir) is None
    assert row_of(runs).succeeded_at == clock.now


def test_who_beats_keeps_the_run(runs: Runs, clock: Clock) -> None:
    run = begun(runs)

    clock.now += DEAD
    with runs.database.transaction() as session:
        run.hold(session)
    clock.now += DEAD

    assert begin(runs) is None


def test_a_run_shows_that_it_lives_while_it_waits(
    runs: Runs, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockroom.jobs.runs.BEAT", timedelta(milliseconds=1))
    beaten = Event()
    later = START + timedelta(minutes=1)

    def work(run: Run) -> None:
        run.done = 7
        clock.now = later
        while row_of(runs).beat_at != later:
            beaten.wait(0.005)
        assert row_of(runs).done == 7

    assert execute(begun(runs, job(work))) is None


def test_a_failure_is_told_in_a_sentence_and_tried_again_soon(runs: Runs, clock: Clock) -> None:
    def work(run: Run) -> None:
        run.note("a.json is no JSON.")
        raise ValueError("the feed does not answer.")

    assert execute(begun(runs, job(work))) == "the feed does not answer."

    row = row_of(runs)
    assert (row.error, row.notes) == ("the feed does not answer.", ["a.json is no JSON."])
    assert (row.succeeded_at, row.finished_at, row.claim) == (None, START, None)
    assert row.due_at == START + RETRY
    clock.now += RETRY
    assert execute(begun(runs)) is None
    assert (row_of(runs).error, row_of(runs).notes) == (None, [])


def test_what_nobody_wrote_for_people_is_told_with_its_kind(runs: Runs) -> None:
    def work(run: Run) -> None:
        raise KeyError("data")

    assert execute(begun(runs, job(work))) == "KeyError: 'data'"


def test_only_the_first_success_is_told_and_with_it(runs: Runs, clock: Clock) -> None:
    told: list[object] = []
    first = job(first=told.append)

    execute(begun(runs, first))
    clock.now += HOUR
    execute(begun(runs, first))

    assert len(told) == 1


@on_both
def test_a_success_leaves_something_for_the_next_run_and_a_failure_does_not(
    runs: Runs, clock: Clock
) -> None:
    def succeed(run: Run) -> None:
        run.left = {"seen": 1}

    def fail(run: Run) -> None:
        run.left = {"seen": 2}
        raise RuntimeError

    execute(begun(runs, job(succeed)))
    clock.now += HOUR
    execute(begun(runs, job(fail)))
    clock.now += HOUR

    assert begun(runs).state == {"seen": 1}


def test_what_is_asked_for_is_done_now_and_from_the_beginning(runs: Runs) -> None:
    def work(run: Run) -> None:
        run.left = {"seen": 1}

    execute(begun(runs, job(work)))

    with runs.database.transaction() as session:
        runs.make_due(session, "sweep")

    assert begun(runs).state == {}


def test_a_run_that_goes_on_is_not_disturbed_by_asking(runs: Runs) -> None:
    begun(runs)

    with runs.database.transaction() as session:
        runs.make_due(session, "sweep")

    assert begin(runs) is None


def test_the_end_of_the_process_leaves_the_run_to_others(runs: Runs) -> None:
    stopping = Event()
    run = runs.begin(job(lambda run: run.check()), stopping)
    assert run is not None
    stopping.set()

    execute(run)

    assert begin(runs) is not None


def test_an_interrupted_run_is_left_to_others(runs: Runs) -> None:
    def work(run: Run) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(begun(runs, job(work)))

    assert begin(runs) is not None


def test_notes_are_bounded(runs: Runs) -> None:
    def work(run: Run) -> None:
        for number in range(MAX_NOTES + 50):
            run.note(f"{number}" * 3000)

    execute(begun(runs, job(work)))

    notes = row_of(runs).notes
    assert len(notes) == MAX_NOTES
    assert max(map(len, notes)) < 2100


@on_both
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_words_that_no_database_keeps_do_not_keep_a_run_from_its_end(
    runs: Runs, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    # What is logged becomes a part of the test's report, which cannot be sent with half characters.
    caplog.set_level(logging.CRITICAL, "stockroom.jobs.runs")

    def work(run: Run) -> None:
        run.note(text)
        raise ValueError(text)

    assert execute(begun(runs, job(work))) == "ValueError: a?b"

    row = row_of(runs)
    assert (row.claim, row.error, row.notes) == (None, "ValueError: a?b", ["a?b"])
