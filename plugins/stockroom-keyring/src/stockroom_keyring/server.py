"""What is asked of a Stockroom server, with the standard library alone."""

from __future__ import annotations

import base64
import json
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from stockroom_keyring import __version__
from stockroom_keyring.origins import is_loopback

TIMEOUT_SECONDS = 20.0
MAX_ANSWER = 65536
"""Bytes of an answer; tokens have some hundred."""


class ServerError(Exception):
    """A server does not answer as it should; ``status`` is 0 if it did not answer at all."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token, and the refresh token with which to get the next one."""

    access_token: str
    refresh_token: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Gives up instead: a secret is for the server to which it belongs."""

    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        """No redirect is followed."""


class Server:
    """A server by its origin; every call is one request, without redirects."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if is_loopback(urlsplit(origin).hostname or ""):
            # What goes to this machine must not take a detour over another one.
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def login_page(self, code: str) -> str:
        """The page on which a login is approved."""
        return f"{self.origin}/auth/cli/login/{code}"

    def collect(self, code: str) -> Pair:
        """The tokens of a login.

        :raises ServerError: nobody has approved it yet (404), or something is wrong.
        """
        return _pair(self._ask("GET", f"/auth/cli/status/{code}"))

    def refresh(self, refresh_token: str) -> Pair:
        """New tokens.

        :raises ServerError: the login has ended (401), or something is wrong.
        """
        body = json.dumps({"refresh_token": refresh_token}).encode()
        return _pair(self._ask("POST", "/auth/cli/refresh", body=body))

    def exchange(self, api_key: str) -> str:
        """An access token for an API key.

        :raises ServerError: the key is not valid (401), or something is wrong.
        """
        answer = self._ask("POST", "/auth/cli/access-token", token=api_key, body=b"")
        return _text(answer, "access_token")

    def logout(self, access_token: str) -> None:
        """End the login of an access token.

        :raises ServerError: it has ended already (401), or something is wrong.
        """
        self._ask("GET", "/auth/cli/logout", token=access_token)

    def _ask(
        self, method: str, path: str, *, token: str | None = None, body: bytes | None = None
    ) -> Any:
        headers = {"User-Agent": f"stockroom-keyring/{__version__}", "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(  # noqa: S310 - the origin was checked
            f"{self.origin}{path}", data=body, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                content = answer.read(MAX_ANSWER)
        except HTTPError as error:
            error.close()
            message = f"{self.origin} answers {error.code} {error.reason}"
            raise ServerError(message, error.code) from None
        except (OSError, HTTPException) as error:
            raise ServerError(f"{self.origin} does not answer: {error}") from None
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise ServerError(f"{self.origin} answers what is no JSON") from None


def ends_at(access_token: str) -> float:
    """When an access token ends, in seconds since the epoch; 0 if that cannot be read."""
    try:
        payload = access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return 0.0


def _pair(answer: Any) -> Pair:
    return Pair(_text(answer, "access_token"), _text(answer, "refresh_token"))


def _text(answer: Any, name: str) -> str:
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, str):
        raise ServerError(f"there is no {name} in the server's answer")
    return value
