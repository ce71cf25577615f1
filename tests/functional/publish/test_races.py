"""Many clients that upload at once, to two server processes on one database (U-93)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest
from sqlalchemy import func, select

from stockroom.models import Event, File, Package, Release
from tests.archives import make_wheel
from tests.functional.publish.conftest import server_for
from tests.support.databases import MakeUrl
from tests.support.server import ServerProcess
from tests.support.site import TestSite
from tests.support.uploads import Answer, send_upload, stored_files

CLIENTS = 12


@dataclass(frozen=True)
class Field:
    """Where the races are run."""

    site: TestSite
    key: str
    servers: tuple[ServerProcess, ServerProcess]

    def race(self, upload: Callable[[ServerProcess, int], Answer]) -> list[Answer]:
        """Let all clients begin at once, every other one at the other server."""
        barrier = Barrier(CLIENTS)

        def run(number: int) -> Answer:
            barrier.wait()
            return upload(self.servers[number % 2], number)

        with ThreadPoolExecutor(CLIENTS) as clients:
            return list(clients.map(run, range(CLIENTS)))

    def files(self, package: str) -> list[str]:
        return [file["filename"] for file in self.site.page(package, self.key)["files"]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def field(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Field]:
    make: MakeUrl = request.getfixturevalue(f"make_{request.param}")
    site = TestSite(make(), tmp_path_factory.mktemp("files"))
    site.create_workspace()
    one = server_for(site, tmp_path_factory.mktemp("one"))
    two = server_for(site, tmp_path_factory.mktemp("two"))
    try:
        yield Field(site, site.create_key(), (one.start(), two.start()))
    finally:
        one.stop()
        two.stop()
        site.close()


def rows(site: TestSite, package: str) -> dict[str, int]:
    """How many rows there are of a package."""
    with site.database.read() as connection:

        def count(query: object) -> int:
            found: int = connection.execute(query).scalar_one()  # type: ignore[call-overload]
            return found

        id_ = connection.execute(select(Package.id).where(Package.name == package)).scalar_one()
        return {
            "releases": count(select(func.count()).where(Release.package_id == id_)),
            "files": count(select(func.count()).where(File.package_id == id_)),
            "created": count(
                select(func.count()).where(
                    Event.package == package, Event.kind == "package.created"
                )
            ),
            "published": count(
                select(func.count()).where(Event.package == package, Event.kind == "file.published")
            ),
            "serial": count(select(Package.serial).where(Package.id == id_)),
        }


def lines(answers: list[Answer]) -> list[str]:
    return sorted(answer.line for answer in answers)


@pytest.mark.parametrize("earlier", [0, 1], ids=["new package", "known package"])
def test_u93_of_different_contents_under_one_name_exactly_one_wins(
    field: Field, earlier: int
) -> None:
    package = f"contested-{earlier}"
    wheels = [
        make_wheel(package, "1.0", files={"contested.py": f"WRITER = {number}\n"})
        for number in range(CLIENTS)
    ]
    for number in range(earlier):
        field.site.upload(*make_wheel(package, f"0.{number}"), field.key)

    answers = field.race(lambda server, number: send_upload(server, *wheels[number], field.key))

    winners = [number for number, answer in enumerate(answers) if answer.status == 200]
    losers = [answer for answer in answers if answer.status != 200]
    assert len(winners) == 1
    assert all(answer.line.startswith("400 File already exists") for answer in losers)
    url = field.site.file_url(package, wheels[0][0], field.key)
    assert field.site.get(url, field.key).body == wheels[winners[0]][1]
    assert rows(field.site, package) == {
        "releases": 1 + earlier,
        "files": 1 + earlier,
        "created": 1,
        "published": 1 + earlier,
        "serial": 1 + earlier,
    }


@pytest.mark.parametrize("earlier", [0, 1], ids=["new package", "known package"])
def test_u93_of_the_same_contents_under_one_name_all_win(field: Field, earlier: int) -> None:
    package = f"agreed-{earlier}"
    wheel = make_wheel(package, "1.0")
    for number in range(earlier):
        field.site.upload(*make_wheel(package, f"0.{number}"), field.key)

    answers = field.race(lambda server, _number: send_upload(server, *wheel, field.key))

    assert lines(answers) == ["200 OK"] * CLIENTS
    assert wheel[0] in field.files(package)
    assert rows(field.site, package) == {
        "releases": 1 + earlier,
        "files": 1 + earlier,
        "created": 1,
        "published": 1 + earlier,
        "serial": 1 + earlier,
    }


def test_u93_different_files_of_a_new_package_are_all_published(field: Field) -> None:
    wheels = [make_wheel("growing", f"1.{number % 4}", build=str(number)) for number in range(12)]

    answers = field.race(lambda server, number: send_upload(server, *wheels[number], field.key))

    assert lines(answers) == ["200 OK"] * CLIENTS
    assert sorted(field.files("growing")) == sorted(filename for filename, _ in wheels)
    assert rows(field.site, "growing") == {
        "releases": 4,
        "files": CLIENTS,
        "created": 1,
        "published": CLIENTS,
        "serial": CLIENTS,
    }


def test_u93_different_packages_are_all_published(field: Field) -> None:
    wheels = [make_wheel(f"parallel-{number}", "1.0") for number in range(CLIENTS)]

    answers = field.race(lambda server, number: send_upload(server, *wheels[number], field.key))

    assert lines(answers) == ["200 OK"] * CLIENTS
    for number in range(CLIENTS):
        assert field.files(f"parallel-{number}") == [wheels[number][0]]


def test_u93_the_same_bytes_under_different_names_share_their_blobs(field: Field) -> None:
    """All want the same two blobs: none may wait for another for ever."""
    _, content = make_wheel("shared", "1.0")
    names = [f"shared-1.0-{number}-py3-none-any.whl" for number in range(CLIENTS)]

    answers = field.race(
        lambda server, number: send_upload(server, names[number], content, field.key)
    )

    assert lines(answers) == ["200 OK"] * CLIENTS
    assert sorted(field.files("shared")) == sorted(names)


def test_u93_races_leave_nothing_staged(field: Field) -> None:
    """After all races before this one."""
    stored = list(stored_files(field.site.folder))

    assert not [path for path in stored if path.startswith("staging")]
