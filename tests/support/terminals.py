"""A pseudo-terminal, to see what people see."""

from __future__ import annotations

import os


def terminal_environment() -> dict[str, str]:
    """The environment of a program at a terminal."""
    return {**os.environ, "TERM": "xterm", "COLUMNS": "80"}


def read_all(descriptor: int) -> bytes:
    """Read a pseudo-terminal to its end, which Linux reports as an error."""
    found = b""
    try:
        while data := os.read(descriptor, 65536):
            found += data
    except OSError:
        pass
    finally:
        os.close(descriptor)
    return found
