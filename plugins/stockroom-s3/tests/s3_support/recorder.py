"""A proxy before a store that records what passes, and meddles with it if it is told to."""

from __future__ import annotations

import http.client
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "expect"}


@dataclass
class Exchange:
    """A request, and the answer to it once there is one; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""

    def refuse(self, status: int, code: str) -> None:
        """Answer with an error of S3 instead of asking the store."""
        self.status = status
        self.answer = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        self.answer_headers = {"content-type": "application/xml"}


class Recorder(ThreadingHTTPServer):
    """Forwards to ``target``; the Host header stays as it came, since it is signed."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target).netloc
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.exchanges: list[Exchange] = []
        self.cuts_short = False
        """Whether answers lack their last byte."""
        self.announces_length = True
        self.on_request: Callable[[Exchange], None] = lambda _: None
        self.on_answer: Callable[[Exchange], None] = lambda _: None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of an asker that hangs up; it may have died, or seen enough."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def seen(self, method: str, word: str = "") -> list[Exchange]:
        """The exchanges with this method, and this word in their path."""
        return [each for each in self.exchanges if each.method == method and word in each.path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def _pass_on(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        exchange = Exchange(self.command, self.path, headers, body)
        self.server.exchanges.append(exchange)
        self.server.on_request(exchange)
        if not exchange.status:
            self._ask(exchange)
        self.server.on_answer(exchange)
        self._answer(exchange)

    def _ask(self, exchange: Exchange) -> None:
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {
            name: value for name, value in exchange.headers.items() if name not in HOP_BY_HOP
        }
        connection.request(exchange.method, exchange.path, exchange.body or None, headers)
        answer = connection.getresponse()
        exchange.status = answer.status
        exchange.answer = answer.read()
        exchange.answer_headers = {name.lower(): value for name, value in answer.getheaders()}
        connection.close()

    def _answer(self, exchange: Exchange) -> None:
        headers = exchange.answer_headers
        self.send_response(exchange.status)
        for name, value in headers.items():
            if name not in HOP_BY_HOP | {"date", "server", "content-length"}:
                self.send_header(name, value)
        length = headers.get("content-length", "0") if exchange.method == "HEAD" else None
        if self.server.announces_length:
            self.send_header("Content-Length", length or str(len(exchange.answer)))
        else:
            self.close_connection = True
        self.end_headers()
        if exchange.method == "HEAD":
            return
        if self.server.cuts_short:
            self.wfile.write(exchange.answer[:-1])
            self.close_connection = True
        else:
            self.wfile.write(exchange.answer)

    # Names that http.server asks for.
    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815 - named by http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def recording(target: str) -> Iterator[Recorder]:
    """Run a recorder before the store at ``target``."""
    with Recorder(target) as recorder:
        thread = threading.Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield recorder
        finally:
            recorder.shutdown()
            thread.join()
