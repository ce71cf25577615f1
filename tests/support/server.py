"""A real server process on a free port of the loopback interface."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

BIN = Path(sys.executable).parent
START_SECONDS = 20


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class ServerProcess:
    """pserve with an ini file in ``folder``; stopped by :meth:`stop` or killed by :meth:`kill`."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        files: Path | None = None,
        environment: dict[str, str] | None = None,
        **settings: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.ini = folder / "server.ini"
        self.log = folder / "server.log"
        self._environment = environment or {}
        lines = [
            "[app:main]",
            "use = egg:stockroom",
            f"sqlalchemy.url = {database_url.replace('%', '%%')}",
            f"stockroom.storage = file://{files or folder / 'files'}",
            *(f"{name} = {value}" for name, value in settings.items()),
            "[server:main]",
            "use = egg:waitress#main",
            f"listen = 127.0.0.1:{self.port}",
        ]
        self.ini.write_text("\n".join(lines) + "\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> ServerProcess:
        """Start the process and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [BIN / "pserve", self.ini],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self._environment},
            )
        wait_until_ready(self.base, self.process, self.log)
        return self

    def stockroom(self, *arguments: str) -> str:
        """Run the `stockroom` command on this server's ini file."""
        command = [str(BIN / "stockroom"), "-c", str(self.ini), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def create_key(self, scope: str = "acme", role: str = "writer") -> str:
        """Make an API key by the command line."""
        return self.stockroom("key", "create", "--scope", scope, "--role", role, "--quiet")

    def stop(self) -> None:
        """End the process politely."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)


def wait_until_ready(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the first 200 of /healthz."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{base}/healthz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError(f"the server did not answer within {START_SECONDS} s:\n{log.read_text()}")
