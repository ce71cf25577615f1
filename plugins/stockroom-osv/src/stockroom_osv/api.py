"""Asking an OSV API: a few questions at a time, with patience for a busy server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from itertools import islice
from threading import Event
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from stockroom.spi.advisories import ECOSYSTEM
from stockroom_osv.files import MAX_RECORD, Progress
from stockroom_osv.records import id_of, instant

CONNECTIONS = 4
TIMEOUT = urllib3.Timeout(connect=5, read=20)
MAX_QUERIES = 1000
"""Packages in one question; no OSV API takes more."""
MAX_PAGES = 100
"""Answers to one question."""
MAX_ANSWER = 32 * 1024**2
"""Bytes of one answer with ids."""
MAX_FOUND = 1_000_000
"""Ids of all packages together."""
MAX_TOKEN = 4096
TRIES = 5
FIRST_WAIT = 1.0
"""Seconds before the second try; it doubles with each further one."""
LONGEST_WAIT = 60.0

Task = TypeVar("Task")
Result = TypeVar("Result")
Modified = dict[str, datetime | None]
"""When advisories were modified, by id; None where that is not told."""


class Away(RuntimeError):
    """The API does not answer as one should; the message is a sentence."""


class Page(NamedTuple):
    """What is told of one package; ``token`` asks for the rest, "" where there is none."""

    advisories: Modified
    token: str


class Api:
    """An API in a ``with`` statement, whose end is that of its connections."""

    def __init__(self, url: str, progress: Progress) -> None:
        self._url = url
        self._host = urlsplit(url).hostname or url
        self._progress = progress
        self._stopping = Event()
        self._executor = ThreadPoolExecutor(CONNECTIONS, "stockroom-osv")
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS,
            headers={"User-Agent": "stockroom-osv", "Accept": "application/json"},
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._pool.clear()

    def advisories_of(self, names: Sequence[str]) -> Modified:
        """The advisories about all versions, published or not, of any of these packages.

        :raises Away: the API does not answer as one should.
        """
        starts = range(0, len(names), MAX_QUERIES)
        batches = [names[start : start + MAX_QUERIES] for start in starts]
        found: Modified = {}
        for one in self._each(self._ask, batches):
            found.update(one)
            if len(found) > MAX_FOUND:
                raise Away(f"{self._host} tells more than {MAX_FOUND:,} advisories.")
        return found

    def records(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The records of these ids as they are sent; of one that is too long, its beginning.

        :raises Away: the API does not answer as one should.
        """
        yield from self._each(self._get, keys)

    def _each(self, work: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        waiting, count = iter(tasks), 0
        going: set[Future[Result]] = set()
        while True:
            free = CONNECTIONS - len(going)
            going |= {self._executor.submit(work, task) for task in islice(waiting, free)}
            if not going:
                return
            done, going = wait(going, timeout=1, return_when=FIRST_COMPLETED)
            count += len(done)
            self._progress(count, len(tasks))
            yield from (future.result() for future in done)

    def _ask(self, names: Sequence[str]) -> Modified:
        found: Modified = {}
        tokens = dict.fromkeys(names, "")
        for _ in range(MAX_PAGES):
            pages = self._pages(tokens)
            for page in pages:
                found.update(page.advisories)
            tokens = {
                name: page.token for name, page in zip(tokens, pages, strict=True) if page.token
            }
            if not tokens or len(found) > MAX_FOUND:
                return found
        raise Away(f"{self._host} answers {MAX_PAGES} times that there is more to tell.")

    def _pages(self, tokens: Mapping[str, str]) -> Sequence[Page]:
        queries = [
            {
                "package": {"name": name, "ecosystem": ECOSYSTEM},
                **({"page_token": token} if token else {}),
            }
            for name, token in tokens.items()
        ]
        asked = json.dumps({"queries": queries}).encode()
        body = self._answer("POST", "/v1/querybatch", MAX_ANSWER, asked)
        if len(body) > MAX_ANSWER:
            raise Away(f"{self._host} answers with more than {MAX_ANSWER:,} bytes.")
        try:
            pages = [_page(one) for one in json.loads(body)["results"]]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise Away(f"{self._host} does not answer as an OSV API does.") from error
        if len(pages) != len(queries):
            raise Away(f"{self._host} gives {len(pages)} answers to {len(queries)} queries.")
        return pages

    def _get(self, key: str) -> tuple[str, bytes]:
        return key, self._answer("GET", f"/v1/vulns/{quote(key, safe='')}", MAX_RECORD)

    def _answer(self, method: str, path: str, limit: int, body: bytes | None = None) -> bytes:
        """What is answered, or its first ``limit`` bytes and one more."""
        reason, asked_for = "", 0.0
        for number in range(TRIES):
            if number:
                self._stopping.wait(max(asked_for, FIRST_WAIT * 2 ** (number - 1)))
                asked_for = 0.0
            if self._stopping.is_set():
                break
            try:
                status, headers, data = self._send(method, path, limit, body)
            except HTTPError as error:
                reason = f"cannot be reached ({type(error).__name__})"
                continue
            if status == 200:
                return data
            reason = f"answers {status} to {method} {path[:200]}"
            if status != 429 and status < 500:
                break
            asked_for = _retry_after(headers.get("Retry-After", ""))
        raise Away(f"{self._host} {reason}.")

    def _send(
        self, method: str, path: str, limit: int, body: bytes | None
    ) -> tuple[int, urllib3.HTTPHeaderDict, bytes]:
        answer = self._pool.request(
            method,
            f"{self._url}{path}",
            body=body,
            headers={
                **self._pool.headers,
                **({"Content-Type": "application/json"} if body else {}),
            },
            timeout=TIMEOUT,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        with answer:
            # Nobody has asked for it to be packed, and what is unpacked has no bound.
            return answer.status, answer.headers, answer.read(limit + 1, decode_content=False)


def _page(result: Any) -> Page:
    """What is told of one package; raises what reading something else raises."""
    told = result.get("vulns") or ()
    token = result.get("next_page_token") or ""
    if not isinstance(token, str) or len(token) > MAX_TOKEN:
        raise ValueError("next_page_token is no short text")
    return Page({id_of(one): _modified(one.get("modified")) for one in told}, token)


def _modified(value: object) -> datetime | None:
    return None if value is None else instant(value)


def _retry_after(value: str) -> float:
    """The seconds that the API asks for, up to a minute; 0 where it does not."""
    return min(float(value), LONGEST_WAIT) if value.isascii() and value.isdigit() else 0.0
