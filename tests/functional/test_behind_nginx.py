"""Behind a real nginx with the very configuration of docs/operating.md (S-77)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.archives import make_wheel
from tests.support.server import ServerProcess, free_port, wait_until_ready
from tests.support.site import JSON, bearer, form_fields

PROJECT = Path(__file__).parents[2]
# The last one is where tests/setup-nginx puts it on machines that have none.
FOLDERS = [os.environ.get("PATH", ""), "/usr/sbin", str(PROJECT / ".nginx" / "usr" / "sbin")]
NGINX = shutil.which("nginx", path=os.pathsep.join(FOLDERS))
DOCUMENT = PROJECT / "docs" / "operating.md"
BLOCK = re.compile(r"^<!-- nginx -->\n\n```nginx\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAIN = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/client-body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""
FILENAME, CONTENT = make_wheel("demo-pkg", "1.0")


class Site:
    """nginx in front of a server with one published file."""

    def __init__(self, base: str, server: ServerProcess) -> None:
        self.base = base
        self.server = server
        self.key = server.create_key()
        self.publish(FILENAME, CONTENT).raise_for_status()
        page = self.get("/simple/acme/main/demo-pkg/", accept=JSON).json()
        self.path = f"/simple/acme/main/{page['files'][0]['url'].removeprefix('../')}"

    def get(self, path: str, *, key: str | None = "", **headers: str) -> requests.Response:
        """GET with the site's key, with another one, or (None) with none."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        credential = bearer(self.key if key == "" else key)
        return requests.get(f"{self.base}{path}", headers={**credential, **named}, timeout=20)

    def file(self, **headers: str) -> requests.Response:
        """GET the published file."""
        return self.get(self.path, **headers)

    def publish(self, filename: str, content: bytes, **fields: str) -> requests.Response:
        """Upload a file."""
        return requests.post(
            f"{self.base}/v1/upload/acme/main",
            data={**form_fields(filename, content), **fields},
            files={"content": (filename, content)},
            headers=bearer(self.key),
            timeout=20,
        )


@pytest.fixture(scope="module")
def start_nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Start nginx before a server; it is ended after the module."""
    started: list[subprocess.Popen[bytes]] = []

    def start(server: ServerProcess) -> str:
        assert NGINX is not None, "there is no nginx: `make nginx` gets one"
        folder, port = tmp_path_factory.mktemp("nginx"), free_port()
        [block] = BLOCK.findall(DOCUMENT.read_text("utf-8"))
        site = block.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
        site = site.replace("/srv/stockroom/files/", f"{server.folder}/files/")
        # The workers of a root's nginx belong to nobody, who cannot enter the folders of tests.
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = folder / "nginx.conf"
        configuration.write_text(MAIN.format(folder=folder, site=site, user=user), "utf-8")
        log = folder / "nginx.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [NGINX, "-e", "stderr", "-c", configuration],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started.append(process)
        base = f"http://127.0.0.1:{port}"
        wait_until_ready(base, process, log)
        return base

    yield start
    for process in started:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def site(
    start_nginx: Callable[..., str],
    make_sqlite: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    settings: Any = {
        "stockroom.trusted_proxies": "127.0.0.1",
        "stockroom.x_accel_redirect": "/protected-files",
    }
    server = ServerProcess(tmp_path_factory.mktemp("server"), make_sqlite(), **settings)
    with server.ini.open("a", encoding="utf-8") as ini:
        ini.write("clear_untrusted_proxy_headers = no\n")
    server.stockroom("workspace", "create", "acme")
    server.start()
    yield Site(start_nginx(server), server)
    server.stop()


def test_whole_file_is_sent_by_nginx(site: Site) -> None:
    answer = site.file()

    direct = requests.get(f"{site.server.base}{site.path}", headers=bearer(site.key), timeout=20)
    assert direct.headers["X-Accel-Redirect"].startswith("/protected-files/")
    assert direct.content == b""
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["ETag"] == direct.headers["ETag"]
    assert answer.headers["Last-Modified"] == direct.headers["Last-Modified"]
    assert answer.headers["Cache-Control"] == direct.headers["Cache-Control"]
    assert answer.headers["Vary"] == "Authorization"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "X-Accel-Redirect" not in answer.headers


def test_head_has_the_length_and_no_body(site: Site) -> None:
    answer = requests.head(f"{site.base}{site.path}", headers=bearer(site.key), timeout=20)

    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.content == b""


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("bytes=0-9", CONTENT[:10]), ("bytes=-5", CONTENT[-5:]), ("bytes=7-", CONTENT[7:])],
)
def test_range(site: Site, wanted: str, part: bytes) -> None:
    answer = site.file(Range=wanted)

    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["ETag"] == site.file().headers["ETag"]


def test_several_ranges(site: Site) -> None:
    answer = site.file(Range="bytes=0-1,4-5")

    assert answer.status_code == 206
    assert answer.headers["Content-Type"].startswith("multipart/byteranges")


def test_range_behind_the_end_is_416(site: Site) -> None:
    assert site.file(Range=f"bytes={len(CONTENT)}-").status_code == 416


def test_if_range_with_the_right_tag_or_date_gives_the_part(site: Site) -> None:
    known = site.file().headers

    for condition in (known["ETag"], known["Last-Modified"]):
        assert site.file(Range="bytes=0-9", If_Range=condition).status_code == 206


def test_if_range_with_another_tag_gives_the_whole(site: Site) -> None:
    answer = site.file(Range="bytes=0-9", If_Range='"other"')

    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_known_file_is_304(site: Site) -> None:
    known = site.file().headers

    assert site.file(If_None_Match=known["ETag"]).status_code == 304
    assert site.file(If_Modified_Since=known["Last-Modified"]).status_code == 304


def test_if_match_decides(site: Site) -> None:
    etag = site.file().headers["ETag"]

    assert site.file(If_Match=etag).content == CONTENT
    assert site.file(If_Match='"other"').status_code == 412


@pytest.mark.parametrize("key", [None, "stk_wrong"])
def test_file_without_a_valid_key_is_401_s61(site: Site, key: str | None) -> None:
    assert site.get(site.path, key=key).status_code == 401


def test_internal_location_is_not_there_for_clients(site: Site) -> None:
    digest = site.path.split("/")[-2]

    answer = site.get(f"/protected-files/{digest[:2]}/{digest[2:4]}/{digest}")

    assert answer.status_code == 404


def test_reason_phrase_of_a_refusal_reaches_the_client_u20(site: Site) -> None:
    answer = site.publish(FILENAME, CONTENT, version="9.9")

    assert answer.status_code == 400
    assert "9.9" in answer.reason


def test_page_is_compressed_and_keeps_its_tag(site: Site) -> None:
    page = site.get("/simple/acme/main/demo-pkg/", Accept_Encoding="gzip")
    again = site.get(
        "/simple/acme/main/demo-pkg/", Accept_Encoding="gzip", If_None_Match=page.headers["ETag"]
    )

    assert page.headers["Content-Encoding"] == "gzip"
    assert FILENAME in page.text
    assert again.status_code == 304
