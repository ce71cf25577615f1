"""Questions to servers of others, which may be slow, verbose, broken or somebody else."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3 import exceptions

LARGEST = 1024 * 1024
"""Bytes of the longest answer that is read."""
_CHUNK = 64 * 1024


class Failed(Exception):
    """Nobody could be signed in; the message is half a sentence for people, without any secret."""


class Auth(Protocol):
    """How a client says who it is, in Authlib's words."""

    def prepare(
        self, method: str, uri: str, headers: dict[str, str], body: str
    ) -> tuple[str, dict[str, str], str]:
        """The URL, headers and body of a request with the client's credentials in them."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; the names are those that Authlib expects."""

    host: str
    status_code: int
    content: bytes = field(repr=False)

    def raise_for_status(self) -> None:
        """Raise Failed unless the answer is a good one."""
        if self.status_code != 200:
            raise Failed(f"{self.host} answered with status {self.status_code}")

    def json(self) -> Any:
        """The JSON value of the body; raises ValueError."""
        try:
            return json.loads(self.content)
        except RecursionError:
            raise ValueError("too many brackets") from None

    def document(self) -> dict[str, Any]:
        """The JSON object of a good answer; raises Failed."""
        self.raise_for_status()
        try:
            found = self.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Failed(f"{self.host} did not answer with a JSON object")
        return found


class Http:
    """Asks within a time and a size, follows no redirects, and believes certificates only.

    An answer may take ``seconds``, twice at worst. ``ca_file`` has the authorities to trust
    instead of the machine's.
    """

    def __init__(
        self,
        *,
        seconds: float,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._pool = urllib3.PoolManager(
            retries=False, timeout=seconds, cert_reqs="CERT_REQUIRED", ca_certs=ca_file
        )

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """What is at ``url``; raises Failed."""
        return self._ask("GET", url, {"Accept": "application/json", **(headers or {})}, None)

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Auth
    ) -> Answer:
        """The answer to a form; raises Failed."""
        url, prepared, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return self._ask("POST", url, prepared, body)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> Answer:
        host = host_of(url)
        started = self._clock()
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                # Without compression, so that a small answer cannot become a large one.
                headers={
                    "User-Agent": "Stockroom (stockroom-sso)",
                    "Accept-Encoding": "identity",
                    **headers,
                },
                preload_content=False,
                decode_content=False,
                redirect=False,
            )
            try:
                content = self._read(response, host, started)
            finally:
                response.close()
        except (exceptions.HTTPError, OSError, ValueError) as error:
            raise Failed(self._reason(host, error)) from None
        if response.status in range(300, 400):
            raise Failed(f"{host} answered with a redirect, which is not followed")
        return Answer(host, response.status, content)

    def _read(self, response: urllib3.BaseHTTPResponse, host: str, started: float) -> bytes:
        found = bytearray()
        while data := response.read1(_CHUNK, decode_content=False):
            found += data
            if len(found) > LARGEST:
                raise Failed(f"{host} answered with more than {LARGEST} bytes")
            if self._clock() - started > self._seconds:
                raise Failed(self._too_slow(host))
        return bytes(found)

    def _reason(self, host: str, error: Exception) -> str:
        # A refused connection counts as a time-out in urllib3.
        is_refused = isinstance(error, exceptions.NewConnectionError)
        if isinstance(error, exceptions.TimeoutError) and not is_refused:
            return self._too_slow(host)
        return f"{host} could not be reached ({type(error).__name__})"

    def _too_slow(self, host: str) -> str:
        return f"{host} did not answer within {self._seconds:g} seconds"


def host_of(url: str) -> str:
    """The host and port of a URL that is safe, as they may be shown to people."""
    return urlsplit(url).netloc


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine by its name or address."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(url: str, *, loopback: bool) -> bool:
    """Whether ``url`` may be asked or shown to a browser: https, or http on loopback if allowed."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return (
        named
        and url.isascii()
        and url.isprintable()
        and not set(url) & set(' "#<>\\^`{|}')
        and "@" not in parts.netloc
        and (parts.scheme == "https" or (parts.scheme == "http" and loopback and is_loopback(url)))
    )
