"""The fixtures of the project that these tests use."""

from tests.conftest import make_site, make_sqlite, sqlite_url

__all__ = ["make_site", "make_sqlite", "sqlite_url"]
