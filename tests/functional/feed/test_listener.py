"""PostgreSQL: a node whose listener is cut off asks for itself; it never serves what is old."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from stockroom.feed.feed import PROOF_SECONDS
from stockroom.manage.packages import Packages
from tests.archives import make_wheel
from tests.support.library import INDEX, revoke
from tests.support.nodes import Nodes, cut_listeners, database_of, is_informed
from tests.support.waiting import wait_until

PAGE = f"{INDEX}demo-pkg/"


@pytest.fixture
def nodes(postgresql_nodes: Nodes) -> Nodes:
    """Both informed without asking, as in everyday life."""
    for node in (postgresql_nodes.one, postgresql_nodes.other):
        wait_until(lambda node=node: is_informed(node))  # type: ignore[misc]
    return postgresql_nodes


@pytest.fixture
def administrator(nodes: Nodes) -> Iterator[psycopg.Connection[Any]]:
    """A connection to another database of the same server."""
    parameters = psycopg.conninfo.conninfo_to_dict(nodes.url)
    with psycopg.connect(**{**parameters, "dbname": "postgres"}, autocommit=True) as connection:  # type: ignore[arg-type]
        yield connection


@pytest.fixture
def cut_off(nodes: Nodes, administrator: psycopg.Connection[Any]) -> Iterator[None]:
    """No listener has a connection, and none can be made until the test is over."""
    database = database_of(nodes.url)
    administrator.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    assert cut_listeners(administrator, database) >= 2
    for node in (nodes.one, nodes.other):
        wait_until(lambda node=node: not is_informed(node))  # type: ignore[misc]
    yield
    administrator.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")


def upload_version(nodes: Nodes, version: str) -> None:
    nodes.upload(make_wheel("demo-pkg", version))


@pytest.mark.usefixtures("cut_off")
def test_without_a_listener_every_request_knows_of_every_change(nodes: Nodes) -> None:
    for number in range(2, 5):
        upload_version(nodes, f"{number}.0")

        assert len(nodes.files()) == number


@pytest.mark.usefixtures("cut_off")
def test_s61_without_a_listener_a_revoked_key_is_refused_at_once(nodes: Nodes) -> None:
    key = nodes.one.create_key("reader")
    assert nodes.status(PAGE, key) == 200

    revoke(nodes.one, key)

    assert nodes.status(PAGE, key) == 401


@pytest.mark.usefixtures("cut_off")
def test_without_a_listener_a_request_costs_one_query_more(nodes: Nodes) -> None:
    nodes.files()

    with nodes.other.count_queries() as statements:
        nodes.files()

    assert len(statements) == 1


def test_right_after_the_cut_pages_are_right(
    nodes: Nodes, administrator: psycopg.Connection[Any]
) -> None:
    database = database_of(nodes.url)

    for number in range(2, 5):
        wait_until(lambda: is_informed(nodes.other))
        assert cut_listeners(administrator, database) >= 1
        upload_version(nodes, f"{number}.0")

        nodes.soon(lambda number=number: len(nodes.files()) == number)  # type: ignore[misc]


def test_a_listener_comes_back_by_itself(
    nodes: Nodes, administrator: psycopg.Connection[Any]
) -> None:
    cut_listeners(administrator, database_of(nodes.url))
    wait_until(lambda: not is_informed(nodes.other))

    wait_until(lambda: is_informed(nodes.other))
    upload_version(nodes, "2.0")

    nodes.soon(lambda: len(nodes.files()) == 2)


def test_what_happened_while_the_listener_was_away_is_known_when_it_is_back(
    nodes: Nodes, administrator: psycopg.Connection[Any]
) -> None:
    cut_listeners(administrator, database_of(nodes.url))
    wait_until(lambda: not is_informed(nodes.other))
    upload_version(nodes, "2.0")

    wait_until(lambda: is_informed(nodes.other))

    assert len(nodes.files()) == 2


def test_a_commit_that_nobody_announced_is_seen_within_a_second(nodes: Nodes) -> None:
    """The process died between its commit and the announcement."""
    assert len(nodes.files()) == 1
    with Session(nodes.one.database.engine) as session:
        Packages(session, "test").set_status("acme", "main", "demo-pkg", "archived", None)
        session.commit()

    def is_archived() -> bool:
        return bool(nodes.page()["project-status"]["status"] == "archived")

    wait_until(is_archived, PROOF_SECONDS)
