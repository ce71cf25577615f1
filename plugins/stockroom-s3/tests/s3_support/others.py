"""moto, which takes everything, and rclone, which can do as little as a store may."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s3_support.store import Processes, Store, free_port, listens

RCLONE = Path(sys.executable).with_name("rclone")
MOTO = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

application = DomainDispatcherApplication(create_backend_app)
run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
"""


@contextmanager
def running_moto(folder: Path) -> Iterator[Store]:
    """Run moto: no signatures, no checksums, no conditions."""
    port = free_port()
    processes = Processes(folder)
    try:
        # A process of its own, so that its memory is not taken for that of the storage.
        processes.start("moto", sys.executable, "-W", "ignore", "-c", MOTO, str(port))
        processes.wait_for(lambda: listens(port))
        yield Store(f"http://127.0.0.1:{port}", "anybody", "anything")
    finally:
        processes.stop()


@contextmanager
def running_rclone(folder: Path) -> Iterator[Store]:
    """Run rclone over a folder: no conditions, SHA-256 unknown, a clock that must be right."""
    port = free_port()
    (folder / "data").mkdir(parents=True)
    store = Store(f"http://127.0.0.1:{port}", "stockroom-of-the-tests", "a-secret-of-the-tests")
    processes = Processes(folder)
    try:
        processes.start(
            "rclone",
            *(RCLONE, "serve", "s3", "--config", "", "--addr", f"127.0.0.1:{port}"),
            *("--auth-key", f"{store.key},{store.secret}", folder / "data"),
        )
        processes.wait_for(lambda: listens(port))
        yield store
    finally:
        processes.stop()
