"""CPU time of a warm page of 10 files, for each kind of credential beside no credential at all.

Run from the checkout, as `.venv/bin/python -m benchmarks.credentials [ROUNDS]`; see README.md.
The application is called in this process, as a web server calls it: what is compared is small
beside what a server does for each request. The kinds take turns, so that whatever else the machine
does is shared by all of them; the least of all rounds is what counts.
"""

from __future__ import annotations

import gc
import io
import statistics
import sys
import tempfile
import time
from pathlib import Path

from stockroom.security.permissions import Access, Role
from stockroom.security.tokens import AccessTokens
from tests.archives import make_wheel
from tests.support.callers import Callers
from tests.support.databases import sqlite_databases
from tests.support.library import set_visibility
from tests.support.site import JSON, TestSite

REQUESTS = 400
"""In one turn of one kind."""
FILES = 10
PATH = "/simple/acme/main/demo-pkg/"
TARGETS = {"API key": 20, "access token of a key": 40, "access token of a login": 40}
"""Microseconds more than without a credential, at most."""


def furnish(site):
    """A public workspace with the page, and the headers of every kind of caller."""
    site.create_workspace()
    key = site.create_key()
    for number in range(FILES):
        site.upload(*make_wheel("demo-pkg", f"1.{number}"), key)
    set_visibility(site, "public")
    site.service(AccessTokens).prepare()
    with site.database.transaction() as session:
        made = Callers(site, session)
        ann = made.user("ann", (Role.READER, "acme"))
        key = made.key(ann)
        return {
            "no credential": {},
            "API key": key.headers,
            "API key with places": made.key(ann, Access.READ, ["acme/main"]).headers,
            "access token of a key": made.token(ann, key).headers,
            "access token of a login": made.token(ann).headers,
            "session cookie": made.browser(ann).headers,
        }


def environ_of(headers):
    """What a web server hands over."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": JSON,
        "HTTP_ACCEPT_ENCODING": "gzip",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }


def turn(application, environ, requests=REQUESTS):
    """CPU time of one request in microseconds."""
    statuses = set()

    def start(status, _headers, _error=None):
        statuses.add(status)

    begin = time.process_time()
    for _ in range(requests):
        for _chunk in application(dict(environ), start):
            pass
    spent = time.process_time() - begin
    if statuses != {"200 OK"}:
        raise RuntimeError(f"the page answered {statuses}")
    return spent / requests * 1e6


def measure(site, callers, rounds):
    """The times of every kind in every round."""
    environs = {name: environ_of(headers) for name, headers in callers.items()}
    times = {name: [] for name in callers}
    for environ in environs.values():
        turn(site.application, environ)
    with site.count_queries() as statements:
        for environ in environs.values():
            turn(site.application, environ, 1)
    if statements:
        raise RuntimeError(f"a warm page asked the database: {statements}")
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, environ in environs.items():
            times[name].append(turn(site.application, environ))
    return times


def main():
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with sqlite_databases() as make, tempfile.TemporaryDirectory() as folder:
        site = TestSite(make(), Path(folder))
        try:
            times = measure(site, furnish(site), rounds)
        finally:
            site.close()
    least = min(times["no credential"])
    middle = statistics.median(times["no credential"])
    print(f"CPU us of a warm page of {FILES} files; {rounds} rounds of {REQUESTS} requests")
    print(f"{'':26}{'least':>7}{'more':>7}{'median':>8}{'more':>7}{'target':>8}")
    for name, found in times.items():
        low, half = min(found), statistics.median(found)
        target = TARGETS.get(name, "")
        print(f"{name:26}{low:7.1f}{low - least:7.1f}{half:8.1f}{half - middle:7.1f}{target:>8}")


if __name__ == "__main__":
    main()
