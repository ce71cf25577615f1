"""Logging in and out, and access tokens that are good for a while yet."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from uuid import uuid4

from keyring.errors import KeyringError

from stockroom_keyring.origins import BadAddress, origin_of
from stockroom_keyring.server import Server, ServerError, ends_at
from stockroom_keyring.store import Store

KEY, URL = "STOCKROOM_API_KEY", "STOCKROOM_URL"
"""Variables for machines on which nobody can log in: an API key, and the server it is for."""
LEFT_SECONDS = 300.0
"""What an access token must have left to be given out: an installation takes its time."""
POLL_SECONDS = 1.0
WAIT_SECONDS = 300.0
"""How long to wait for somebody to approve a login, which is how long an approval is good."""
PATIENT = (404, 408, 429)
"""Answers after which it is worth to ask again, as it is after every 5xx."""


class LoginFailed(Exception):
    """A login was not approved, or the server did not answer."""


class Logins:
    """The logins of this user on this machine."""

    def __init__(
        self,
        store: Store,
        *,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._environment = environment
        self._clock = clock
        self._sleep = sleep
        self._exchanged: dict[str, str] = {}

    def login(self, origin: str, show: Callable[[str], None]) -> None:
        """Log in to a server: ``show`` shows the user the page on which they approve it.

        :raises LoginFailed: they did not, or the server did not answer.
        """
        server, code = Server(origin), str(uuid4())
        show(server.login_page(code))
        deadline = self._clock() + WAIT_SECONDS
        while self._clock() < deadline:
            try:
                pair = server.collect(code)
            except ServerError as error:
                if error.status not in PATIENT and error.status < 500:
                    raise LoginFailed(str(error)) from error
                self._sleep(POLL_SECONDS)
                continue
            with self._store.lock(origin):
                self._store.write(origin, pair)
            return
        raise LoginFailed("nobody has approved the login")

    def logout(self, origin: str) -> bool:
        """Log out, on the server and here; False if nobody was logged in.

        :raises LoginFailed: the server does not answer; everything stays as it was.
        """
        if not self._store.has(origin):
            return False
        with self._store.lock(origin):
            pair = self._store.read(origin)
            if pair is not None:
                try:
                    Server(origin).logout(pair.access_token)
                except ServerError as error:
                    if error.status != 401:
                        raise LoginFailed(str(error)) from error
            self._store.forget(origin)
        return True

    def token_for(self, url: str) -> str | None:
        """An access token for a URL; None for every server that this user did not log in to."""
        try:
            origin = origin_of(url)
        except BadAddress:
            return None
        try:
            if self._environment.get(KEY) and self._is_named(origin):
                return self._exchange(origin, self._environment[KEY])
            return self._refreshed(origin) if self._store.has(origin) else None
        except (ServerError, KeyringError, OSError) as error:
            # Whoever asked goes on without: it may have other means.
            _tell(str(error))
            return None

    def _is_named(self, origin: str) -> bool:
        try:
            return origin_of(self._environment.get(URL, "")) == origin
        except BadAddress:
            return False

    def _exchange(self, origin: str, api_key: str) -> str:
        kept = self._exchanged.get(origin, "")
        if not self._lasts(kept):
            kept = self._exchanged[origin] = Server(origin).exchange(api_key)
        return kept

    def _refreshed(self, origin: str) -> str | None:
        pair = self._store.read(origin)
        if pair is not None and self._lasts(pair.access_token):
            return pair.access_token
        with self._store.lock(origin):
            # Another process may have been here meanwhile.
            pair = self._store.read(origin)
            if pair is not None and not self._lasts(pair.access_token):
                try:
                    pair = Server(origin).refresh(pair.refresh_token)
                except ServerError as error:
                    if error.status == 401:
                        self._store.forget(origin)
                        _tell(f"the login has ended: run `stockroom-keyring login {origin}`")
                        return None
                    if ends_at(pair.access_token) > self._clock():
                        return pair.access_token
                    raise
                self._store.write(origin, pair)
        if pair is None:
            _tell(f"the keyring has no login: run `stockroom-keyring login {origin}`")
            return None
        return pair.access_token

    def _lasts(self, token: str) -> bool:
        return ends_at(token) - self._clock() >= LEFT_SECONDS


def _tell(message: str) -> None:
    sys.stderr.write(f"stockroom-keyring: {message}\n")
