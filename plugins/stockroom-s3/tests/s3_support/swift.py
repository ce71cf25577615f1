"""OpenStack Swift with its S3 door: four servers that check signatures, dates and checksums."""

from __future__ import annotations

import getpass
import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s3_support.store import Processes, Store, free_port

ROOT = Path(__file__).parents[4]
STORES = Path(os.environ.get("STOCKROOM_STORES") or ROOT / ".stores").absolute()
BIN = STORES / "swift" / "bin"
KINDS = ("account", "container", "object")

RINGS = """
import json, sys
from swift.common.ring import RingBuilder

folder, ports = sys.argv[1], json.loads(sys.argv[2])
for kind, port in ports.items():
    builder = RingBuilder(2, 1, 0)
    here = dict(ip="127.0.0.1", port=port, replication_ip="127.0.0.1", replication_port=port)
    builder.add_dev(dict(id=0, region=1, zone=1, device="d1", weight=1.0, meta="", **here))
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")
"""

CONSTANTS = """
[swift-hash]
swift_hash_path_prefix = stockroom
swift_hash_path_suffix = stockroom
[storage-policy:0]
name = gold
default = yes
"""

BACKEND = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {etc}
devices = {devices}
mount_check = false
workers = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
swift_dir = {etc}
workers = 0
[pipeline:main]
pipeline = catch_errors listing_formats s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
"""


@contextmanager
def running_swift(folder: Path) -> Iterator[Store]:
    """Run Swift, with its configuration in ``folder`` and its data where that is possible."""
    if not (BIN / "swift-proxy-server").is_file():
        raise RuntimeError(f"there is no Swift in {STORES}: run `make stores`")
    etc, devices = folder / "etc", _with_attributes(folder / "data", STORES / f"data-{os.getpid()}")
    etc.mkdir(parents=True)
    (devices / "d1").mkdir()
    ports = {kind: free_port() for kind in (*KINDS, "proxy")}
    (etc / "swift.conf").write_text(CONSTANTS)
    user = getpass.getuser()
    for kind, port in ports.items():
        text = PROXY if kind == "proxy" else BACKEND
        text = text.format(kind=kind, port=port, user=user, etc=etc, devices=devices)
        (etc / f"{kind}.conf").write_text(text)
    rings = json.dumps({kind: ports[kind] for kind in KINDS})
    subprocess.run([BIN / "python", "-c", RINGS, etc, rings], check=True)
    processes = Processes(folder)
    try:
        for kind in ports:
            # Relative paths of the rings are looked up where this variable says.
            processes.start(
                kind,
                *(BIN / f"swift-{kind}-server", etc / f"{kind}.conf"),
                environment={"SWIFT_DIR": str(etc)},
            )
        processes.wait_for(lambda: all(map(_answers, ports.values())))
        yield Store(f"http://127.0.0.1:{ports['proxy']}", "test:tester", "testing")
    finally:
        processes.stop()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthcheck")
        return bool(connection.getresponse().status)
    except OSError:
        return False
    finally:
        connection.close()


def _with_attributes(*folders: Path) -> Path:
    """The first of ``folders`` on a file system that keeps extended attributes; it is made."""
    for folder in folders:
        folder.mkdir(parents=True)
        try:
            os.setxattr(folder, "user.stockroom", b"yes")
        except OSError:
            folder.rmdir()
        else:
            return folder
    places = " nor ".join(str(folder.parent) for folder in folders)
    raise RuntimeError(
        "Swift needs a file system with extended attributes, which is neither that of "
        f"{places}: give pytest another --basetemp, or set STOCKROOM_STORES"
    )
