"""A server's memory does not grow with the size of the files that pass through it (U-06)."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archives import make_metadata, make_record, make_wheel, make_wheel_file
from tests.support.server import ServerProcess
from tests.support.site import TestSite, bearer
from tests.support.uploads import StreamedUpload, send, send_upload

MIB = 1 << 20
SIZE = 300 * MIB
GROWTH = 60 * MIB


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A wheel of 300 MiB, written piece by piece."""
    path = tmp_path_factory.mktemp("large") / "large-1.0-py3-none-any.whl"
    directory = "large-1.0.dist-info"
    members: dict[str, str | bytes] = {
        f"{directory}/METADATA": make_metadata("large", "1.0"),
        f"{directory}/WHEEL": make_wheel_file(),
    }
    digest = hashlib.sha256()
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("large.bin", "w") as member:
            for number in range(SIZE // MIB):
                piece = hashlib.sha256(b"%d" % number).digest() * (MIB // 32)
                digest.update(piece)
                member.write(piece)
        encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        row = f"large.bin,sha256={encoded},{SIZE}\n".encode()
        members[f"{directory}/RECORD"] = row + make_record(members, directory)
        for name, content in members.items():
            archive.writestr(name, content)
    yield path
    path.unlink()


def peak(server: ServerProcess) -> int:
    """The most memory that the process has ever held, in bytes."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def fetch(server: ServerProcess, path: str, key: str) -> tuple[int, str]:
    """Download a file; returns its size and its SHA-256."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", path, headers=bearer(key))
    answer = connection.getresponse()
    size, digest = 0, hashlib.sha256()
    while piece := answer.read(MIB):
        size += len(piece)
        digest.update(piece)
    connection.close()
    return size, digest.hexdigest()


def test_u06_300_mb_up_and_down_cost_less_than_60_mb_of_memory(
    lasting_server: ServerProcess, lasting_site: TestSite, lasting_key: str, large: Path
) -> None:
    small = make_wheel("small", "1.0")
    send_upload(lasting_server, *small, lasting_key)
    url = lasting_site.file_url("small", small[0], lasting_key)
    fetch(lasting_server, url, lasting_key)
    before = peak(lasting_server)
    upload = StreamedUpload(large)

    answer = send(
        lasting_server, upload, lasting_key, headers={"Content-Length": str(upload.length)}
    )
    url = lasting_site.file_url("large", large.name, lasting_key)
    size, digest = fetch(lasting_server, url, lasting_key)

    assert answer.line == "200 OK"
    assert (size, digest in url) == (large.stat().st_size, True)
    assert peak(lasting_server) - before < GROWTH
