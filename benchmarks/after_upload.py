"""The first request for a page of 3,000 files after an upload to it: wall and CPU time.

Run beside the harness, as `python after_upload.py SERVER [ROUNDS]`; see README.md.
"""

from __future__ import annotations

import statistics
import sys
import time

from bench import corpus
from bench.adapters import load_all
from bench.upload import upload_many
from bench.util import JSON_TYPE, cpu_s, get

PACKAGE = "nightly-big"
VERSION = "3.0.0.dev{number}"


def new_files(rounds: int) -> list[dict[str, object]]:
    """One more wheel of the big package for each round."""
    import hashlib

    items = []
    for number in range(rounds):
        version = VERSION.format(number=number)
        filename, data, _ = corpus.wheel(PACKAGE, version, b"x" * 2000)
        path = corpus.DATA / "tmp" / filename
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        items.append(
            {
                "project": PACKAGE,
                "version": version,
                "filename": filename,
                "path": str(path),
                "size": len(data),
                "filetype": "bdist_wheel",
                "pyversion": "py3",
                "requires_python": ">=3.8",
                "requires_dist": [],
                "sha256": hashlib.sha256(data).hexdigest(),
                "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
                "blake2": hashlib.blake2b(data, digest_size=32).hexdigest(),
            }
        )
    return items


def main() -> None:
    """Upload, ask, and print the medians."""
    name = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    server = load_all()[name]()
    server.start("S", scratch=True)
    try:
        headers = {"Accept": JSON_TYPE, "Accept-Encoding": "gzip", **server.default_headers()}
        wall, cpu = [], []
        for item in new_files(rounds):
            uploaded = upload_many(server, [item])
            if uploaded["failed"]:
                raise RuntimeError(uploaded["failed"])
            before, start = cpu_s(server.pids()), time.perf_counter()
            status, _, _ = get(server.simple_url(PACKAGE), headers)
            wall.append((time.perf_counter() - start) * 1e3)
            cpu.append((cpu_s(server.pids()) - before) * 1e3)
            if status != 200:
                raise RuntimeError(f"the page answered {status}")
        print(f"{name}: {statistics.median(wall):.0f} ms wall (at most {max(wall):.0f})", end=", ")
        print(f"{statistics.median(cpu):.0f} ms CPU, {rounds} rounds")
    finally:
        server.stop()


main()
