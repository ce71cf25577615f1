"""Real `stockroom serve` processes, and what a client on a bare connection says to them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from tests.support.server import BIN, free_port, wait_until_ready
from tests.support.waiting import SECONDS


class Serving:
    """``program`` with ``arguments``, which must make it serve at ``port`` of loopback."""

    def __init__(
        self, log: Path, port: int, *arguments: str | Path, program: str = "stockroom"
    ) -> None:
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [BIN / program, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        wait_until_ready(self.base, self.process, log)

    @property
    def output(self) -> str:
        """What it has printed until now."""
        return self._log.read_text("utf-8")

    def connect(self) -> socket.socket:
        """A new connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for its end and return its status."""
        return self.process.wait(SECONDS)

    def stop(self) -> int:
        """End it as a supervisor does."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it whatever it does, so that no test leaves it behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(SECONDS)


def serve_embedded(folder: Path, *arguments: str) -> Serving:
    """`stockroom serve` on the data directory ``data`` below ``folder``."""
    port = free_port()
    place = ("--data-dir", str(folder / "data"), "--port", str(port))
    return Serving(folder / "serve.log", port, "serve", *place, *arguments)


def receive_all(connection: socket.socket) -> bytes:
    """Everything that the server sends until it closes the connection."""
    found = bytearray()
    while data := connection.recv(65536):
        found += data
    return bytes(found)


def receive_until(connection: socket.socket, mark: bytes) -> bytes:
    """What the server sends until ``mark`` is in it, and perhaps a little more."""
    found = bytearray()
    while mark not in found:
        data = connection.recv(65536)
        if not data:
            raise AssertionError(f"the connection ended after {bytes(found[-200:])!r}")
        found += data
    return bytes(found)
