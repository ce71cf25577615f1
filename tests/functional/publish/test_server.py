"""Uploads as a server process receives them from the network (U-06, U-07, U-20)."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.archives import make_wheel
from tests.support.server import ServerProcess
from tests.support.site import TestSite, bearer
from tests.support.uploads import (
    FORM,
    UPLOAD,
    encode,
    inventory,
    parts_of,
    send,
    send_upload,
    stored_files,
)

SECONDS = 30


def head(server: ServerProcess, key: str, *more: str) -> bytes:
    """The head of an upload's request; ``more`` are further header lines."""
    lines = [
        f"POST {UPLOAD} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: Bearer {key}",
        f"Content-Type: {FORM}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(server: ServerProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS)


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def in_pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def is_listed(site: TestSite, key: str, package: str) -> bool:
    answer = site.get(f"/simple/acme/main/{package}/", key, status="*")
    return answer.status_int == 200


@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_u07_a_chunked_body_is_taken(
    lasting_server: ServerProcess, lasting_key: str, lasting_site: TestSite, size: int
) -> None:
    body = encode(parts_of(*make_wheel(f"chunked-{size}", "1.0")))

    answer = send(lasting_server, in_pieces(body, size), lasting_key)

    assert answer.line == "200 OK"
    assert is_listed(lasting_site, lasting_key, f"chunked-{size}")


def test_u07_expect_100_continue_is_answered_before_the_body_is_sent(
    lasting_server: ServerProcess, lasting_key: str, lasting_site: TestSite
) -> None:
    body = encode(parts_of(*make_wheel("expected", "1.0")))
    expecting = head(
        lasting_server, lasting_key, f"Content-Length: {len(body)}", "Expect: 100-continue"
    )

    with closing(connect(lasting_server)) as connection:
        connection.sendall(expecting)
        interim = connection.recv(65536)
        connection.sendall(body)
        final = connection.recv(65536)

    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert final.startswith(b"HTTP/1.1 200 OK\r\n")
    assert is_listed(lasting_site, lasting_key, "expected")


def test_u07_several_uploads_travel_on_one_connection(
    lasting_server: ServerProcess, lasting_key: str
) -> None:
    good = encode(parts_of(*make_wheel("kept-alive", "1.0")))
    bodies = [good, b"broken", good, good[:-9], good]
    connection = http.client.HTTPConnection("127.0.0.1", lasting_server.port, timeout=SECONDS)

    statuses = []
    for body in bodies:
        headers = {"Content-Type": FORM, **bearer(lasting_key)}
        connection.request("POST", UPLOAD, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()

    assert statuses == [200, 400, 200, 400, 200]


def test_u07_a_content_length_that_is_too_small_is_400(
    lasting_server: ServerProcess, lasting_key: str, lasting_site: TestSite
) -> None:
    body = encode(parts_of(*make_wheel("too-small", "1.0")))
    before = inventory(lasting_site)

    with closing(connect(lasting_server)) as connection:
        connection.sendall(
            head(lasting_server, lasting_key, f"Content-Length: {len(body) - 100}") + body
        )
        connection.shutdown(socket.SHUT_WR)
        received = read_to_end(connection)

    assert received.startswith(b"HTTP/1.1 400 ")
    assert inventory(lasting_site) == before


@pytest.mark.parametrize("sent", ["nothing", "half", "all but one byte", "everything"])
def test_u07_a_body_that_stops_leaves_no_trace(
    lasting_server: ServerProcess, lasting_key: str, lasting_site: TestSite, sent: str
) -> None:
    """The client promises more than it sends, and closes the connection."""
    body = encode(parts_of(*make_wheel("stopped", "1.0", files={"big.bin": bytes(100_000)})))
    length = {
        "nothing": 0,
        "half": len(body) // 2,
        "all but one byte": len(body) - 1,
        "everything": len(body),
    }[sent]
    promised = len(body) + (100 if sent == "everything" else 0)
    before = inventory(lasting_site)

    with closing(connect(lasting_server)) as connection:
        connection.sendall(head(lasting_server, lasting_key, f"Content-Length: {promised}"))
        connection.sendall(body[:length])
        connection.shutdown(socket.SHUT_WR)
        received = read_to_end(connection)

    assert not received.startswith(b"HTTP/1.1 200")
    assert inventory(lasting_site) == before


def test_u07_a_chunked_body_that_stops_leaves_no_trace(
    lasting_server: ServerProcess, lasting_key: str, lasting_site: TestSite
) -> None:
    body = encode(parts_of(*make_wheel("stopped", "1.0")))
    before = inventory(lasting_site)

    with closing(connect(lasting_server)) as connection:
        connection.sendall(head(lasting_server, lasting_key, "Transfer-Encoding: chunked"))
        connection.sendall(b"%x\r\n%b\r\n" % (len(body), body))
        connection.shutdown(socket.SHUT_WR)
        received = read_to_end(connection)

    assert not received.startswith(b"HTTP/1.1 200")
    assert inventory(lasting_site) == before


@pytest.mark.parametrize("length", ["-5", "12abc", "0x20", "1,2", "99999999999999999999"])
def test_u07_an_impossible_content_length_is_refused_at_once(
    lasting_server: ServerProcess, lasting_key: str, length: str
) -> None:
    with closing(connect(lasting_server)) as connection:
        connection.sendall(head(lasting_server, lasting_key, f"Content-Length: {length}"))
        received = connection.recv(65536)

    assert received.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))


@pytest.mark.parametrize("lines", [(), ("Content-Length: 0",)], ids=["no length", "length 0"])
def test_u07_a_request_without_a_body_is_400(
    lasting_server: ServerProcess, lasting_key: str, lines: tuple[str, ...]
) -> None:
    with closing(connect(lasting_server)) as connection:
        connection.sendall(head(lasting_server, lasting_key, *lines))
        received = connection.recv(65536)

    assert received.startswith(b"HTTP/1.1 400 the multipart body is broken or ends too early")


def test_u20_the_reason_phrase_arrives_in_latin_1(
    lasting_server: ServerProcess, lasting_key: str
) -> None:
    body = encode(parts_of(*make_wheel("demo", "1.0"), {"name": "caf\u00e9-\u540d"}))

    answer = send(lasting_server, body, lasting_key)

    assert answer.status == 400
    assert answer.reason.startswith("'caf\u00e9-?' is not a valid project name")


def test_u22_no_header_can_be_smuggled_into_an_answer(
    lasting_server: ServerProcess, lasting_key: str
) -> None:
    evil = "x\r\nSet-Cookie: stolen=1\r\n\r\n<html>"
    body = encode(parts_of(*make_wheel("demo", "1.0"), {"name": evil, "filetype": evil}))

    with closing(connect(lasting_server)) as connection:
        connection.sendall(
            head(lasting_server, lasting_key, f"Content-Length: {len(body)}", "Connection: close")
            + body
        )
        received = read_to_end(connection)

    headers = received.partition(b"\r\n\r\n")[0]
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nSet-Cookie" not in headers


def test_u23_a_duplicate_is_told_over_the_network(
    lasting_server: ServerProcess, lasting_key: str
) -> None:
    send_upload(lasting_server, *make_wheel("twice", "1.0"), lasting_key)
    other = make_wheel("twice", "1.0", files={"twice.py": ""})

    answer = send_upload(lasting_server, *other, lasting_key)

    assert answer.line.startswith("400 File already exists")
    assert answer.body.startswith(b"File already exists")


def test_nothing_stays_staged(lasting_site: TestSite) -> None:
    """After all that went wrong in this module."""
    assert not [path for path in stored_files(lasting_site.folder) if path.startswith("staging")]
