"""`stockroom serve`: the embedded instance, an ini file, and their ends."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from stockroom.security import keys
from tests.archives import make_wheel
from tests.support.cli import CommandLine, stockroom_command
from tests.support.server import BIN, free_port
from tests.support.serving import Serving, receive_all, receive_until, serve_embedded
from tests.support.site import bearer, form_fields
from tests.support.waiting import wait_until

KEY = re.compile(r"stk_[0-9A-Za-z]+")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Start embedded instances; all are gone after the test."""
    started: list[Serving] = []

    def begin(*arguments: str) -> Serving:
        started.append(serve_embedded(tmp_path, *arguments))
        return started[-1]

    yield begin
    for serving in started:
        serving.kill()


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of loopback on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        yield port


def test_first_start_prints_all_that_clients_need_and_the_second_no_key(
    start: Callable[..., Serving],
) -> None:
    first = start()
    greeting = first.output
    key = KEY.findall(greeting)[0]
    upload, index = f"{first.base}/v1/upload/local/main", f"{first.base}/simple/local/main/"
    filename, content = make_wheel("demo-pkg", "1.0")
    published = requests.post(
        upload,
        data=form_fields(filename, content),
        files={"content": (filename, content)},
        auth=("__token__", key),
        timeout=20,
    )
    [link] = re.findall(rf"  {first.base}(/join/sti_[0-9A-Za-z]+)\n", greeting)
    joining = requests.get(first.base + link, headers={"Accept": "text/html,*/*"}, timeout=20)
    first.stop()

    second = start()

    page = requests.get(f"{second.base}/simple/local/main/demo-pkg/", auth=(key, ""), timeout=20)
    index_with_key = index.replace("://", f"://__token__:{key}@")
    for line in (
        f"Stockroom is ready at {first.base}",
        f"  {key}",
        f"  uv publish --publish-url {upload} --token {key} dist/*",
        f"  twine upload --repository-url {upload} -u __token__ -p {key} dist/*",
        f"  uv pip install --default-index {index_with_key} NAME",
        f"  pip install --index-url {index_with_key} NAME",
        f"  repository = {upload}",
        "  username = __token__",
        f"  password = {key}",
    ):
        assert f"{line}\n" in greeting
    assert keys.is_well_formed(key)
    assert published.status_code == 200
    assert filename in page.text
    assert "ready at" in second.output
    assert "Become an owner of this server" in joining.text
    assert "stk_" not in second.output
    assert "/join/" not in second.output
    assert "key create --scope local --role writer" in second.output


def test_s70_connection_is_kept_after_a_304(start: Callable[..., Serving], tmp_path: Path) -> None:
    serving = start()
    place = ("--data-dir", tmp_path / "data")
    stockroom_command(*place, "workspace", "create", "acme", "--visibility", "public")
    connection = http.client.HTTPConnection("127.0.0.1", int(serving.base.rpartition(":")[2]))
    connection.request("GET", "/simple/acme/main/")
    first = connection.getresponse()
    first.read()
    before = connection.sock

    connection.request(
        "GET", "/simple/acme/main/", headers={"If-None-Match": first.headers["ETag"]}
    )
    second = connection.getresponse()
    second.read()

    assert second.status == 304
    assert before is not None
    assert connection.sock is before
    connection.close()


def test_data_folder_is_closed_to_other_users(
    start: Callable[..., Serving], tmp_path: Path
) -> None:
    start()

    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_commands_reach_a_running_instance(start: Callable[..., Serving], tmp_path: Path) -> None:
    serving = start()
    place = ("--data-dir", tmp_path / "data")

    stockroom_command(*place, "workspace", "create", "acme", "--visibility", "public")

    assert requests.get(f"{serving.base}/simple/acme/main/", timeout=20).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_quietly_with_status_0(
    start: Callable[..., Serving], number: signal.Signals
) -> None:
    serving = start()
    before = serving.output

    serving.send(number)

    assert serving.wait() == 0
    assert serving.output == before


def test_request_that_has_begun_is_answered_after_the_signal(start: Callable[..., Serving]) -> None:
    serving = start()
    key = KEY.findall(serving.output)[0]
    request = prepared_upload(serving, key)

    with serving.connect() as connection, serving.connect() as idle:
        connection.sendall(request[:-100])
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        receive_until(idle, b"\r\n\r\nok\n")
        serving.send(signal.SIGTERM)
        # The listening socket is closed first, the idle connection next.
        assert idle.recv(1) == b""
        connection.sendall(request[-100:])
        answer = receive_all(connection)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert serving.wait() == 0


def test_no_new_connection_is_taken_after_the_signal(start: Callable[..., Serving]) -> None:
    serving = start()
    request = prepared_upload(serving, KEY.findall(serving.output)[0])

    with serving.connect() as connection:
        connection.sendall(request[:-1])
        serving.send(signal.SIGTERM)

        wait_until(lambda: is_refused(serving.port))

        connection.sendall(request[-1:])
        assert receive_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")
    assert serving.wait() == 0


def test_second_signal_does_not_wait(start: Callable[..., Serving]) -> None:
    serving = start()

    with serving.connect() as connection:
        connection.sendall(b"POST /v1/upload/local/main HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
        serving.send(signal.SIGINT)
        wait_until(lambda: is_refused(serving.port))
        serving.send(signal.SIGINT)

        assert serving.wait() == 0


def test_download_that_has_begun_is_finished_after_the_signal(
    start: Callable[..., Serving],
) -> None:
    serving = start()
    key = KEY.findall(serving.output)[0]
    # More than fits into the buffers of both ends.
    filename, content = make_wheel("big", "1.0", files={"big.py": "#" * 30_000_000}, compress=False)
    upload(serving, key, filename, content)
    url = requests.get(
        f"{serving.base}/simple/local/main/big/",
        headers={"Accept": "application/vnd.pypi.simple.v1+json"},
        auth=("__token__", key),
        timeout=20,
    ).json()["files"][0]["url"]
    path = f"/simple/local/main/{url.removeprefix('../')}"

    with serving.connect() as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
        connection.sendall(head.encode())
        begun = receive_until(connection, b"\r\n\r\n")
        serving.send(signal.SIGTERM)
        wait_until(lambda: is_refused(serving.port))
        answer = begun + receive_all(connection)

    assert answer.endswith(content)
    assert serving.wait() == 0


def test_ini_file_is_served_like_by_pserve(cli: CommandLine) -> None:
    port = free_port()
    ini = cli.ini.read_text("utf-8").replace("127.0.0.1:0", f"127.0.0.1:{port}")
    cli.ini.write_text(ini, "utf-8")

    serving = Serving(cli.folder / "serve.log", port, "serve", cli.ini)
    try:
        answer = requests.get(f"{serving.base}/healthz", timeout=20)
    finally:
        status = serving.stop()

    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert serving.output == f"Stockroom is ready at {serving.base}\n"
    assert status == 0


def test_ini_file_may_name_several_addresses(cli: CommandLine) -> None:
    ports = [free_port(), free_port()]
    addresses = " ".join(f"127.0.0.1:{port}" for port in ports)
    cli.ini.write_text(cli.ini.read_text("utf-8").replace("127.0.0.1:0", addresses), "utf-8")

    serving = Serving(cli.folder / "serve.log", ports[0], "serve", cli.ini)
    try:
        answers = [
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=20).text for port in ports
        ]
    finally:
        status = serving.stop()

    assert answers == ["ok\n", "ok\n"]
    assert serving.output.count("Stockroom is ready at http://127.0.0.1:") == 2
    assert status == 0


def test_ini_file_may_name_a_unix_socket(cli: CommandLine) -> None:
    place = cli.folder / "stockroom.sock"
    text = cli.ini.read_text("utf-8").replace("listen = 127.0.0.1:0", f"unix_socket = {place}")
    cli.ini.write_text(text, "utf-8")
    with (cli.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([BIN / "stockroom", "serve", cli.ini], stdout=log, stderr=log)

    try:
        wait_until(lambda: b"ready" in (cli.folder / "serve.log").read_bytes())
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(place))
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            answer = receive_all(connection)
    finally:
        process.terminate()

    assert answer.endswith(b"\r\n\r\nok\n")
    assert process.wait(20) == 0
    assert (cli.folder / "serve.log").read_text() == f"Stockroom is ready at unix:{place}\n"


def test_port_in_use_is_told_and_makes_no_key(tmp_path: Path, listening: int) -> None:
    place = ("--data-dir", tmp_path / "data")

    result = stockroom_command("serve", *place, "--port", str(listening), status=2)

    assert result.stderr == (
        f"error: 127.0.0.1:{listening} is in use by another program; "
        "choose another port with --port\n"
    )
    assert stockroom_command(*place, "key", "list", "--json").stdout == "[]\n"


def test_port_in_use_is_told_for_an_ini_file(cli: CommandLine, listening: int) -> None:
    ini = cli.ini.read_text("utf-8").replace("127.0.0.1:0", f"127.0.0.1:{listening}")
    cli.ini.write_text(ini, "utf-8")

    result = stockroom_command("serve", cli.ini, status=2)

    assert f"the address in {cli.ini} is in use by another program" in result.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_address_of_another_machine_is_refused(tmp_path: Path, host: str) -> None:
    result = stockroom_command(
        "serve", "--data-dir", tmp_path / "data", "--host", host, "--port", "0", status=2
    )

    assert result.stderr.startswith(f"error: cannot listen at {host}:0: ")


@pytest.mark.parametrize(
    "option", ["--host=127.0.0.1", "--port=8000", "--threads=8", "--data-dir=x"]
)
def test_options_of_the_embedded_instance_do_not_go_with_an_ini_file(
    cli: CommandLine, option: str
) -> None:
    result = stockroom_command("serve", cli.ini, option, status=2)

    assert f"{option.partition('=')[0]} is for the embedded instance" in result.stderr


def test_lines_of_the_first_version_work_as_written(tmp_path: Path) -> None:
    port = free_port()
    ini = CommandLine(tmp_path).ini
    ini.write_text(ini.read_text("utf-8").replace("127.0.0.1:0", f"127.0.0.1:{port}"), "utf-8")

    def run(line: str) -> str:
        program, *arguments = line.split()
        done = subprocess.run(
            [BIN / program, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout

    initialised = run("stockroom -c server.ini init")
    run("stockroom -c server.ini workspace create acme")
    run("stockroom -c server.ini registry create acme/staging")
    key = run("stockroom -c server.ini key create --scope acme --role writer --quiet")
    serving = Serving(tmp_path / "serve.log", port, ini, program="pserve")
    try:
        upload(serving, key.strip(), *make_wheel("demo-pkg", "1.0"), to="acme/staging")
        checked = run("stockroom -c server.ini check")
    finally:
        serving.stop()

    assert "stk_" not in initialised
    assert keys.is_well_formed(key.removesuffix("\n"))
    assert checked == "checked 2 blobs: 0 damaged\n"


def upload(
    serving: Serving, key: str, filename: str, content: bytes, *, to: str = "local/main"
) -> None:
    answer = requests.post(
        f"{serving.base}/v1/upload/{to}",
        data=form_fields(filename, content),
        files={"content": (filename, content)},
        headers=bearer(key),
        timeout=20,
    )
    answer.raise_for_status()


def prepared_upload(serving: Serving, key: str) -> bytes:
    """The bytes of a request that publishes a wheel."""
    filename, content = make_wheel("demo-pkg", "1.0")
    request = requests.Request(
        "POST",
        f"{serving.base}/v1/upload/local/main",
        data=form_fields(filename, content),
        files={"content": (filename, content)},
        headers=bearer(key),
    ).prepare()
    assert isinstance(request.body, bytes)
    lines = [
        "POST /v1/upload/local/main HTTP/1.1",
        "Host: x",
        *(f"{name}: {value}" for name, value in request.headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


def is_refused(port: int) -> bool:
    """Whether nobody listens at this port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False
