"""Uploads per second: one writer against eight, each to a package of its own.

Run from the checkout, as `.venv/bin/python -m benchmarks.writers sqlite|postgresql`; see README.md.
The server is real, with its defaults, and so are fsync and the writers, which are processes of
their own and only send what was made before.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import multiprocessing
import os
import secrets
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from tests.archives import make_wheel
from tests.support.databases import postgresql_databases, sqlite_databases
from tests.support.server import ServerProcess
from tests.support.site import bearer
from tests.support.uploads import FORM, UPLOAD, encode, parts_of

WRITERS = 8
TICKS = os.sysconf("SC_CLK_TCK")


def body(package, number, size):
    """An upload of about `size` bytes."""
    files = {f"{package}.py": secrets.token_hex(size // 2) if size else ""}
    return encode(parts_of(*make_wheel(package, f"1.{number}", files=files)))


def write(port, key, bodies, barrier, results):
    """Send the bodies one after another, and tell how long each took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    barrier.wait()
    times = []
    for data in bodies:
        begin = time.perf_counter()
        connection.request("POST", UPLOAD, data, {"Content-Type": FORM, **bearer(key)})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.reason}")
        times.append(time.perf_counter() - begin)
    results.put(times)


def cpu_seconds(pids):
    """The time that processes have had of the processors, in seconds."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def measure(servers, key, options, round_, writers):
    """Uploads per second, server CPU in ms for each, and the median latency in ms."""
    # One writer needs as long for a third as eight do for all of theirs.
    uploads = options.uploads * (3 if writers == 1 else 1)
    barrier, results = multiprocessing.Barrier(writers + 1), multiprocessing.Queue()
    processes = []
    for number in range(writers):
        package = f"pkg-{writers}-{number}"
        bodies = [body(package, round_ * uploads + step, options.size) for step in range(uploads)]
        port = servers[number % len(servers)].port
        processes.append(
            multiprocessing.Process(target=write, args=(port, key, bodies, barrier, results))
        )
    for process in processes:
        process.start()
    barrier.wait()
    pids = [server.process.pid for server in servers]
    before, begin = cpu_seconds(pids), time.perf_counter()
    times = [taken for _ in processes for taken in results.get(timeout=300)]
    seconds, cpu = time.perf_counter() - begin, cpu_seconds(pids) - before
    for process in processes:
        process.join()
    count = writers * uploads
    return count / seconds, cpu / count * 1e3, statistics.median(times) * 1e3


@contextlib.contextmanager
def database(kind):
    """The URL of a fresh database that waits for the disk."""
    databases = sqlite_databases if kind == "sqlite" else postgresql_databases
    with databases() as make:
        url = make()
        if kind == "postgresql":
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = on")
                connection.execute("SELECT pg_reload_conf()")
        yield url


def main():
    """Measure, taking turns, and print the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database", choices=["sqlite", "postgresql"])
    parser.add_argument("--servers", type=int, default=1, help="server processes")
    parser.add_argument("--threads", type=int, help="of each server process")
    parser.add_argument("--uploads", type=int, default=40, help="of each writer in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=20_000, help="bytes of a wheel")
    options = parser.parse_args()
    with database(options.database) as url, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        servers = [
            ServerProcess(place / str(number), url, files=place / "files")
            for number in range(options.servers)
        ]
        for server in servers:
            if options.threads:
                with server.ini.open("a") as ini:
                    ini.write(f"threads = {options.threads}\n")
            server.start()
        try:
            servers[0].stockroom("workspace", "create", "acme")
            report(servers, servers[0].create_key(), options)
        finally:
            for server in servers:
                server.stop()


def report(servers, key, options):
    """Print what each round says, and the medians."""
    measure(servers, key, options, 0, WRITERS)  # so that all is warm
    rows = {1: [], WRITERS: []}
    for round_ in range(1, options.rounds + 1):
        for writers, found in rows.items():
            found.append(measure(servers, key, options, round_, writers))
    for writers, found in rows.items():
        rate, cpu, latency = (statistics.median(column) for column in zip(*found, strict=True))
        print(
            f"{writers} writer(s): {rate:.1f}/s, {cpu:.1f} ms server CPU each, "
            f"median latency {latency:.1f} ms"
        )
    ratios = [many[0] / one[0] for one, many in zip(rows[1], rows[WRITERS], strict=True)]
    print(f"ratio: median {statistics.median(ratios):.2f}, all {[round(r, 2) for r in ratios]}")


if __name__ == "__main__":
    main()
