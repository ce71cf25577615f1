"""Speaking to the API of another server: verified, bounded, with the key for nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, SSLError

from stockroom import __version__
from stockroom.cli.refusals import Refusal, Unusable
from stockroom.errors import BadRequest

T = TypeVar("T")

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes; the largest page of rows is far smaller."""
TIMEOUT = urllib3.Timeout(connect=10, read=120)
ROWS = 500
"""How many rows to ask for at a time; no server gives more."""
JSON = "application/json"
PROBLEM = "application/problem+json"
DOTS = (".", "..")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
MAX_TOLD = 2000


class ServerRefusal(Refusal):
    """The server said no, in a sentence of its own."""

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(detail)
        self.status = status


class ProblemAnswer(msgspec.Struct):
    """What is read of a problem document."""

    detail: str


class Answer(NamedTuple):
    """The body of an answer and its entity tag."""

    body: bytes
    etag: str | None

    def as_(self, kind: type[T]) -> T:
        """The body as a ``kind``.

        :raises Unusable: it is not one.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unusable(
                f"the server's answer cannot be read ({error}); "
                f"is it of the same version as this command, {__version__}?"
            ) from error


class Client:
    """Sends requests with ``key`` to the server at ``url``.

    :raises Unusable: ``url`` is not the address of a server.
    """

    def __init__(self, url: str, key: str) -> None:
        self._base = check_url(url)
        # No retries: most requests change something. No redirects: they would take the key along.
        self._pool = urllib3.PoolManager(
            timeout=TIMEOUT,
            retries=False,
            headers={
                "Authorization": f"Bearer {key}",
                "Accept": f"{JSON}, {PROBLEM}",
                "User-Agent": f"stockroom/{__version__}",
            },
        )

    def get(self, *steps: str, **query: str | int) -> Answer:
        """What is at ``/v1/`` and ``steps``."""
        return self.send("GET", *steps, query=query)

    def find(self, *steps: str) -> Answer | None:
        """The same; None for what the key may not see, or what is not there."""
        try:
            return self.get(*steps)
        except ServerRefusal as refusal:
            if refusal.status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                raise
            return None

    def rows(self, kind: type[T], name: str, *steps: str, **query: str) -> Iterator[T]:
        """The rows of all pages of a list, which stand in the member ``name``."""
        following: str | int | None = None
        while True:
            after = {} if following is None else {"after": following}
            page = self.get(*steps, limit=ROWS, **query, **after).as_(dict[str, msgspec.Raw])
            rows = Answer(page.get(name, b""), None).as_(list[kind])  # type: ignore[valid-type]
            yield from rows
            before, following = (
                following,
                Answer(page.get("next", b""), None).as_(
                    str | int | None  # type: ignore[arg-type]
                ),
            )
            if following is None or not rows or following == before:
                return

    def send(
        self,
        method: str,
        *steps: str,
        body: object = None,
        query: Mapping[str, str | int] = {},
        if_match: str | None = None,
    ) -> Answer:
        """Send a request and return what it is answered.

        :raises Refusal: the server says no.
        :raises Unusable: there is no server, or it is not one of ours.
        """
        url = "/".join((self._base, "v1", *map(_step, steps)))
        given = {name: value for name, value in query.items() if value != ""}
        headers = dict(self._pool.headers)
        if body is not None:
            headers["Content-Type"] = JSON
        if if_match is not None:
            headers["If-Match"] = if_match
        try:
            answer = self._pool.request(
                method,
                f"{url}?{urlencode(given)}" if given else url,
                body=None if body is None else msgspec.json.encode(body),
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            with answer:
                data = answer.read(MAX_ANSWER + 1)
        except UnicodeEncodeError as error:
            raise BadRequest("what is given must be text without half characters") from error
        except HTTPError as error:
            raise self._unreachable(error) from error
        return self._checked(answer, data)

    def _checked(self, answer: urllib3.BaseHTTPResponse, data: bytes) -> Answer:
        status = answer.status
        content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if len(data) > MAX_ANSWER:
            raise Unusable(f"{self._base} answers with more than {MAX_ANSWER} bytes")
        if content_type == PROBLEM and status >= HTTPStatus.BAD_REQUEST:
            raise ServerRefusal(_printable(Answer(data, None).as_(ProblemAnswer).detail), status)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            target = _printable(answer.headers.get("Location", "nowhere"))
            raise Unusable(
                f"{self._base} sends on to {target}, which is not followed, since the key is not "
                "for others; give the address of the server itself as --server"
            )
        if status == HTTPStatus.NO_CONTENT or (status < 300 and content_type == JSON):
            return Answer(data, answer.headers.get("ETag"))
        raise Unusable(
            f"there is no Stockroom at {self._base}: it answers {status} with "
            f"{_printable(content_type) or 'no type'}; is --server right?"
        )

    def _unreachable(self, error: HTTPError) -> Unusable:
        reason = " ".join(str(error).split())
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, SSLError):
            cause = cause.__cause__ or getattr(cause, "reason", None)
        if cause is not None:
            return Unusable(
                f"the certificate of {self._base} cannot be verified: {reason}; if it is from an "
                "authority of your own, name its file in SSL_CERT_FILE"
            )
        return Unusable(f"{self._base} cannot be reached: {_printable(reason)}")


def check_url(url: str) -> str:
    """The address of a server without a final slash.

    :raises Unusable: it cannot be one.
    """
    try:
        parts = urlsplit(url)
        port_is_right = parts.port != 0
    except ValueError:
        parts, port_is_right = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_right:
        raise Unusable(f"{url!r} is no address of a server, such as https://packages.example")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise Unusable(f"{url!r} would send the key unencrypted: use https")
    if parts.username is not None or parts.password is not None:
        raise Unusable("--server takes no user and password: the key has places of its own")
    if parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise Unusable(f"{url!r} must end with the host, or with the path that the server is below")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_key(file: Path | None, value: str | None) -> str:
    """The API key: what stands in ``file`` if one is named, else ``value``.

    :raises Unusable: there is none, or it cannot be one.
    """
    if file is None:
        if not value:
            raise Unusable(
                "another server needs an API key: put it into the variable STOCKROOM_KEY, or into "
                "a file that STOCKROOM_KEY_FILE or --key-file names"
            )
    else:
        try:
            value = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise Unusable(f"the file of the key, {file}, cannot be read: {reason}") from error
    key = value.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise Unusable(f"{file or 'STOCKROOM_KEY'} must hold one API key and nothing else")
    return key


def _step(name: str) -> str:
    """A name as a step of a path, of which none can climb."""
    if not name or name in DOTS:
        raise BadRequest(f"{name!r} is no name")
    return quote(name, safe="")


def _printable(text: str) -> str:
    """``text`` of another machine without what a terminal would obey."""
    return UNPRINTABLE.sub(" ", text).strip()[:MAX_TOLD]
