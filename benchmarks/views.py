"""CPU time of pages and lists through filtered and grouped views, beside those of one registry.

Run from the checkout, as `.venv/bin/python -m benchmarks.views [ROUNDS]`; see README.md. The
application is called in this process, as a web server calls it, and what is compared takes turns:
so whatever else the machine does is shared by all. Medians of all rounds.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

from benchmarks.credentials import environ_of
from stockroom.feed import Feed, emit
from stockroom.resources import Directory
from tests.support.databases import sqlite_databases
from tests.support.library import create_registry
from tests.support.site import TestSite
from tests.support.stock import Stocked, define_view, stock

REQUESTS = 300
"""In one turn of a warm page."""
FILTER = 'release.age_days >= 7 and package.name != "evil" and "nightly" not in file.name'
"""Three terms, which depend on the package, the release and the file."""
OLD = datetime.now(UTC) - timedelta(days=400)
WARM = {
    "one registry": "/simple/acme/main/demo/",
    "one registry, filtered": "/simple/acme/filtered/demo/",
    "2 groups, 3 registries, filtered": "/simple/acme/prod/demo/",
    "10 registries": "/simple/acme/ten/demo/",
}
BIG = {
    "3,000 files": "/simple/acme/main/big/",
    "3,000 files, filtered": "/simple/acme/filtered/big/",
    "3,000 files, 3 registries, filtered": "/simple/acme/prod/big/",
}
LISTS = {
    "list of 3 x 1,000 packages": "/simple/acme/plain/",
    "list of 3 x 1,000 packages, filtered": "/simple/acme/prod/",
    "list of 3 x 1,000 packages, versions": "/simple/acme/versions/",
}
GOALS = {
    "2 groups, 3 registries, filtered": "at most 1.2 times one registry",
    "10 registries": "not slower than one",
    "3,000 files, filtered": "at most 150 ms",
}


def furnish(site):
    """Ten registries with 1,000 packages each in three of them, and the views."""
    site.create_workspace(visibility="public")
    names = ["main", *(f"r{number}" for number in range(1, 10))]
    for name in names[1:]:
        create_registry(site, name)
    small = [Stocked(f"1.{number}", OLD) for number in range(10)]
    big = [
        Stocked(f"{number // 2}.0", OLD + timedelta(hours=number), sdist=number % 2 == 1)
        for number in range(3000)
    ]
    for at, name in enumerate(names[:3]):
        packages = {f"pkg-{at}-{number}": small for number in range(1000)}
        if name == "main":
            packages |= {"demo": small, "big": big}
        with site.database.transaction() as session:
            stock(session, f"acme/{name}", packages)
    main, first, second = (f"acme/{name}" for name in names[:3])
    versions = 'release.version >= "1.5"'
    with site.database.transaction() as session:
        define_view(session, "acme/filtered", [(main, FILTER)])
        define_view(session, "acme/prod", [(main, FILTER), (first, FILTER)], [(second, FILTER)])
        define_view(session, "acme/plain", [(main, None), (first, None)], [(second, None)])
        define_view(session, "acme/ten", [(f"acme/{name}", None) for name in names])
        define_view(
            session, "acme/versions", [(main, versions), (first, versions)], [(second, versions)]
        )


def turn(site, path, requests=REQUESTS):
    """CPU time of one request in milliseconds."""
    environ = environ_of({}) | {"PATH_INFO": path}
    statuses = set()

    def start(status, _headers, _error=None):
        statuses.add(status)

    begin = time.process_time()
    for _ in range(requests):
        for _chunk in site.application(dict(environ), start):
            pass
    spent = time.process_time() - begin
    if statuses != {"200 OK"}:
        raise RuntimeError(f"{path} answered {statuses}")
    return spent / requests * 1e3


def cold_turn(site, path):
    """The same for the first request after a change."""
    package = path.split("/")[4] or "demo"
    with site.database.transaction() as session:
        snapshot = site.service(Directory).snapshot()
        registry = snapshot.workspaces["acme"].registries["main"]
        emit(session, "package.changed", "bench", registry_id=registry.id, package=package)
    site.service(Feed).check()
    return turn(site, path, 1)


def measure(site, paths, rounds, take):
    """The median for each path."""
    times = {name: [] for name in paths}
    for path in paths.values():
        take(site, path)
    # As a server does it at its start.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, path in paths.items():
            times[name].append(take(site, path))
    return {name: statistics.median(found) for name, found in times.items()}


def main():
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with sqlite_databases() as make, tempfile.TemporaryDirectory() as folder:
        site = TestSite(make(), folder)
        furnish(site)
        tables = [
            ("warm page of 10 files", WARM, turn),
            ("first page", BIG, cold_turn),
            ("first list", LISTS, cold_turn),
        ]
        for title, paths, take in tables:
            found = measure(site, paths, rounds, take)
            base = next(iter(found.values()))
            for name, spent in found.items():
                goal = f"  goal: {GOALS[name]}" if name in GOALS else ""
                print(f"{title:22} {name:38} {spent:9.3f} ms  {spent / base:5.2f}{goal}")
        site.close()


if __name__ == "__main__":
    main()
