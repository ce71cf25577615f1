"""What pip, uv and twine ask, through keyring."""

from __future__ import annotations

from keyring.backend import KeyringBackend
from keyring.credentials import Credential, SimpleCredential

from stockroom_keyring.logins import Logins
from stockroom_keyring.store import USER, Store


class StockroomKeyring(KeyringBackend):
    """Knows the servers to which this user has logged in, and nothing else.

    It is asked before the backends that keep passwords (those have 5 at most), and leaves
    everything that is no business of its own to them.
    """

    priority = 9

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._logins = Logins(Store())

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        """The user ``__token__`` with an access token; None for other servers and users."""
        if username not in (None, "", USER):
            return None
        token = self._logins.token_for(service)
        return None if token is None else SimpleCredential(USER, token)

    def get_password(self, service: str, username: str) -> str | None:
        """An access token for the user ``__token__``; None for other servers and users."""
        return self._logins.token_for(service) if username == USER else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Nothing is stored here; keyring goes on to the next backend."""
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        """Nothing is stored here; keyring goes on to the next backend."""
        raise NotImplementedError
