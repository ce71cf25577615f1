"""The fixtures of the project that these tests use."""

from tests.clients.conftest import machine
from tests.conftest import make_site, make_sqlite, sqlite_url, start_server

__all__ = ["machine", "make_site", "make_sqlite", "sqlite_url", "start_server"]
