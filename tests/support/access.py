"""A record of the requests that a server process answers, kept inside of the process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import waitress

from tests.support.server import ServerProcess

ROOT = Path(__file__).parents[2]
VARIABLE = "STOCKROOM_TEST_ACCESS_RECORD"
WAITRESS = "use = egg:waitress#main"
RECORDING = "paste.server_runner = tests.support.access:serve"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Access(NamedTuple):
    """One answered request."""

    method: str
    path: str
    status: int
    scheme: str
    """How the client identified itself: "basic", "bearer", or "" for not at all."""


class RecordedServer(ServerProcess):
    """A server process that can tell which requests it has answered."""

    def __init__(self, folder: Path, database_url: str, **options: Any) -> None:
        self._record = folder / "access.tsv"
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = {VARIABLE: str(self._record), "PYTHONPATH": path}
        options["environment"] = {**options.get("environment", {}), **environment}
        super().__init__(folder, database_url, **options)
        self.database_url = database_url
        self.files = folder / "files"
        self.ini.write_text(self.ini.read_text("utf-8").replace(WAITRESS, RECORDING), "utf-8")
        self._record.touch()

    def accesses(self) -> list[Access]:
        """Every request until now, in the order of the answers."""
        rows = [line.split("\t") for line in self._record.read_text("utf-8").splitlines()]
        return [Access(method, path, int(status), scheme) for method, path, status, scheme in rows]


def serve(application: Application, _global_config: object, **options: Any) -> None:
    """PasteDeploy's entry point: run waitress as its own one does, and keep the record."""
    record = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def recorded(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, *rest: Any) -> Any:
            row = (
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"],
                status.partition(" ")[0],
                environ.get("HTTP_AUTHORIZATION", "").partition(" ")[0].lower(),
            )
            # Before the client can see the answer, and in one piece.
            os.write(record, ("\t".join(row) + "\n").encode())
            return start_response(status, *rest)

        return application(environ, start)

    waitress.serve(recorded, **options)
