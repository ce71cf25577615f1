"""Stockroom for the side-by-side benchmark of package index servers; see benchmarks/README.md."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from bench.adapters import register
from bench.adapters.base import Adapter
from bench.adapters.pyramid_fw import PGBIN
from bench.util import SERVER_CPU, VENVS, free_port, taskset, venv_versions

BIN = VENVS / "ours" / "bin"
WORKSPACE = "bench"
FILTER = 'release.age_days >= 0 and ".zip" not in file.name and package.name != "none"'
"""Hides nothing, and has to be asked about every file."""
VIEWS = {
    "filtered": ["bench/r1", f"bench/main[{FILTER}], bench/r2"],
    "ten": ["bench/r1, bench/main", *(f"bench/r{number}" for number in range(2, 10))],
}
"""The groups of two views: of three registries, and of ten."""

INI = """\
[app:main]
use = egg:stockroom
sqlalchemy.url = {database}
stockroom.storage = file://{folder}/files

[server:main]
use = egg:waitress#main
listen = 127.0.0.1:{port}
"""
WSGI = """\
from pyramid.paster import get_app

application = get_app({ini!r})
"""


@register
class Stockroom(Adapter):
    """The default: waitress with its default settings, SQLite, a folder, an API key."""

    name = "stockroom"
    settings = "waitress with default settings, SQLite, folder storage, readable with a key only"
    readers_key = "token"

    def versions(self):
        return venv_versions("ours", ["stockroom", "waitress", "granian", "pyramid", "sqlalchemy"])

    def simple_root(self):
        return f"/simple/{WORKSPACE}/main/"

    def upload_url(self):
        return f"{self.base}/v1/upload/{WORKSPACE}/main"

    def upload_auth(self):
        return "__token__", self.token

    def default_headers(self):
        return self.basic("__token__", self.token)

    def auth_variants(self):
        return {"bearer": {"Authorization": f"Bearer {self.token}"}}

    def index_url_for_clients(self):
        return self.simple_url().replace("http://", f"http://__token__:{self.token}@")

    def ready_path(self):
        return self.simple_root() if self.state_is_init() else "/healthz"

    def ready_headers(self):
        if not self.state_is_init():
            return {}
        self.login()
        return self.default_headers()

    def database_url(self):
        return f"sqlite:///{self.dir}/stockroom.db"

    def prepare(self):
        self.port = 0
        self._write_ini()
        self._stockroom("init")
        self._stockroom("workspace", "create", WORKSPACE)
        for number in range(1, 10):
            self._stockroom("registry", "create", f"{WORKSPACE}/r{number}")
        for name, groups in VIEWS.items():
            options = [word for group in groups for word in ("--group", group)]
            self._stockroom("view", "create", f"{WORKSPACE}/{name}", *options)

    def spawn(self):
        self.popen([BIN / "pserve", self._write_ini()])

    def create_index(self):
        key = self._stockroom("key", "create", "--scope", WORKSPACE, "--role", "writer", "--quiet")
        (self.dir / "token").write_text(key)

    def login(self):
        self.token = (self.dir / "token").read_text()

    def _write_ini(self):
        path = self.dir / "bench.ini"
        database = self.database_url()
        path.write_text(INI.format(database=database, folder=self.dir, port=self.port))
        return path

    def _stockroom(self, *arguments):
        command = [BIN / "stockroom", "-c", self.dir / "bench.ini", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@register
class StockroomGranian(Stockroom):
    """The same on granian with one worker."""

    name = "stockroom-granian"
    settings = "granian, 1 worker, 1 blocking thread, SQLite, folder storage"
    state_of = "stockroom"

    def spawn(self):
        (self.dir / "wsgi.py").write_text(WSGI.format(ini=str(self._write_ini())))
        options = ["--interface", "wsgi", "--workers", "1", "--blocking-threads", "1"]
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--no-ws"]
        self.popen([BIN / "granian", *options, *address, "wsgi:application"], cwd=self.dir)


@register
class StockroomFiltered(Stockroom):
    """The same files through a view of two groups and three registries with a filter."""

    name = "stockroom-filtered"
    settings = "as stockroom, through a view of 2 groups, 3 registries and a filter of 3 terms"
    state_of = "stockroom"

    def simple_root(self):
        return f"/simple/{WORKSPACE}/filtered/"


@register
class StockroomTen(Stockroom):
    """The same files through a view of ten registries."""

    name = "stockroom-ten"
    settings = "as stockroom, through a view of 10 registries in 9 groups"
    state_of = "stockroom"

    def simple_root(self):
        return f"/simple/{WORKSPACE}/ten/"


@register
class StockroomPostgresql(Stockroom):
    """The same on waitress with PostgreSQL, whose CPU time counts as the server's."""

    name = "stockroom-pg"
    server = None
    settings = "waitress with default settings, PostgreSQL on the same core, folder storage"

    def database_url(self):
        return f"postgresql://postgres@/stockroom?host={self.socket}&port={self.pg_port}"

    def prepare(self):
        data = self.dir / "pg"
        data.mkdir()
        subprocess.run(["chown", "postgres", data], check=True)
        options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
        self._as_postgres([PGBIN / "initdb", "-D", data, *options])
        server = self._start_postgresql()
        try:
            create = ["psql", "-h", self.socket, "-p", str(self.pg_port), "-U", "postgres"]
            subprocess.run([*create, "-c", "create database stockroom"], check=True)
            super().prepare()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)

    def spawn(self):
        self.server = self._start_postgresql()
        super().spawn()

    def stop(self):
        super().stop()
        if self.server is not None:
            # Politely, PostgreSQL would wait for ever for who is connected.
            self.server.send_signal(signal.SIGINT)
            self.server.wait(30)
            self.server = None

    def pids(self):
        return [*super().pids(), *([self.server.pid] if self.server else [])]

    def rss_pids(self):
        return super().pids()

    def _start_postgresql(self):
        self.socket = str(Path("/tmp"))
        self.pg_port = free_port()
        command = [
            *["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"],
            *[PGBIN / "postgres", "-D", self.dir / "pg", "-k", self.socket],
            *["-p", self.pg_port, "-c", "listen_addresses=", "-c", "shared_buffers=256MB"],
        ]
        with (self.dir / "postgresql.log").open("ab") as log:
            server = subprocess.Popen(
                taskset(self.cpus or SERVER_CPU, command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
            )
        ready = [PGBIN / "pg_isready", "-h", self.socket, "-p", str(self.pg_port), "-t", "1"]
        for _ in range(200):
            if subprocess.run(ready, capture_output=True, check=False).returncode == 0:
                return server
        raise RuntimeError("PostgreSQL did not start")

    @staticmethod
    def _as_postgres(command):
        switch = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        subprocess.run([*switch, *map(str, command)], check=True, cwd="/", capture_output=True)
