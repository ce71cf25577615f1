"""Where the tokens of a login are kept: in the machine's real keyring, or in a file of 0600."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from keyring.backend import KeyringBackend, get_all_keyring
from keyring.backends.chainer import ChainerBackend

from stockroom_keyring.locks import locked
from stockroom_keyring.server import Pair

VARIABLE = "STOCKROOM_KEYRING_DIR"
USER = "__token__"
RECOMMENDED = 1
"""From this priority on a backend keeps secrets well."""


class Store:
    """One small file for each server; it holds the tokens only where there is no real keyring."""

    def __init__(self, folder: Path | None = None, others: KeyringBackend | None = None) -> None:
        self._folder = folder or default_folder()
        self._others = others

    def has(self, origin: str) -> bool:
        """Whether somebody has logged in to a server."""
        return self._file(origin).exists()

    def origins(self) -> Iterator[str]:
        """Every server to which somebody has logged in."""
        for path in sorted(self._folder.glob("*.json")):
            origin = _read(path).get("origin")
            if isinstance(origin, str):
                yield origin

    def read(self, origin: str) -> Pair | None:
        """The tokens for a server; None if there are none, or the keyring does not give them."""
        kept = _read(self._file(origin))
        if kept.get("origin") != origin:
            return None
        if kept.get("in_keyring"):
            others = self._real()
            text = others.get_password(_service(origin), USER) if others else None
            kept = _object(text or "")
        match kept:
            case {"access_token": str() as access_token, "refresh_token": str() as refresh_token}:
                return Pair(access_token, refresh_token)
        return None

    def write(self, origin: str, pair: Pair) -> None:
        """Keep the tokens for a server in place of those from before."""
        secrets = {"access_token": pair.access_token, "refresh_token": pair.refresh_token}
        others = self._real()
        if others is None:
            self._replace(origin, {"origin": origin, **secrets})
            return
        others.set_password(_service(origin), USER, json.dumps(secrets))
        self._replace(origin, {"origin": origin, "in_keyring": True})

    def forget(self, origin: str) -> None:
        """Keep nothing about a server."""
        others = self._real()
        if others and _read(self._file(origin)).get("in_keyring"):
            others.delete_password(_service(origin), USER)
        self._file(origin).unlink(missing_ok=True)

    def lock(self, origin: str) -> AbstractContextManager[None]:
        """Only one process at a time gets new tokens for a server."""
        self._make_folder()
        return locked(self._file(origin).with_suffix(".lock"))

    def _real(self) -> KeyringBackend | None:
        """The best of the machine's other backends."""
        if self._others is not None:
            return self._others
        real = [
            backend
            for backend in get_all_keyring()
            if not isinstance(backend, ChainerBackend)
            and not type(backend).__module__.startswith("stockroom_keyring.")
            and backend.priority >= RECOMMENDED
        ]
        return max(real, key=lambda backend: float(backend.priority), default=None)

    def _file(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _replace(self, origin: str, value: dict[str, Any]) -> None:
        """Write a file that only its owner can read, as a whole or not at all."""
        self._make_folder()
        descriptor, name = tempfile.mkstemp(dir=self._folder)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(value, file)
            Path(name).replace(self._file(origin))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def default_folder() -> Path:
    """Where programs of this user keep their data."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "stockroom-keyring"


def _service(origin: str) -> str:
    return f"stockroom-keyring {origin}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return _object(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
