"""The fixtures of the project that these tests use."""

from tests.clients.conftest import (
    builder,
    fathom,
    machine,
    make_workspace,
    pip,
    server,
    twine,
    uv,
    workspace,
)
from tests.conftest import make_sqlite

__all__ = [
    "builder",
    "fathom",
    "machine",
    "make_sqlite",
    "make_workspace",
    "pip",
    "server",
    "twine",
    "uv",
    "workspace",
]
