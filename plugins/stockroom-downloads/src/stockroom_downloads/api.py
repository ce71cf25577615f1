"""Asking the API: a few questions at a time, with pauses, and patience with a busy server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from threading import Event
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from stockroom_downloads.figures import Document, Unreadable, read_answer
from stockroom_downloads.settings import DownloadsSettings

TIMEOUT = urllib3.Timeout(connect=5, read=10)
MAX_ANSWER = 64 * 1024
TRIES = 5
FIRST_WAIT = 1.0
"""Seconds before the second try; it doubles with each further one."""
LONGEST_WAIT = 60.0
BUSY = frozenset({429, 500, 502, 503, 504})
GIVE_UP_AFTER = 10
"""So many packages one after the other without an answer, and the API is taken for away."""


class Away(RuntimeError):
    """The API does not answer; the message is a sentence."""


class Told(NamedTuple):
    """What is known of a package: figures, that there are none (``{}``), or why nothing is."""

    package: str
    document: Document | None
    reason: str = ""


class Api:
    """A pypistats-shaped API."""

    def __init__(self, url: str, settings: DownloadsSettings) -> None:
        self._url = url
        self._settings = settings
        self._host = urlsplit(url).hostname or url
        self._stopping = Event()
        self._pool = urllib3.PoolManager(
            maxsize=settings.connections,
            headers={"User-Agent": "stockroom-downloads", "Accept": "application/json"},
        )

    def ask(self, names: Sequence[str], progress: Callable[[int, int], None]) -> Iterator[Told]:
        """Ask for each of the names; ``progress`` is called at least once a second.

        :raises Away: the API does not answer at all.
        """
        executor = ThreadPoolExecutor(self._settings.connections, "stockroom-downloads")
        try:
            yield from self._ask_all(executor, names, progress)
        finally:
            self._stopping.set()
            executor.shutdown(wait=False, cancel_futures=True)
            self._pool.clear()

    def _ask_all(
        self,
        executor: ThreadPoolExecutor,
        names: Sequence[str],
        progress: Callable[[int, int], None],
    ) -> Iterator[Told]:
        waiting, asked = iter(names), 0
        going: set[Future[Told]] = set()
        failures = 0
        while True:
            free = self._settings.connections - len(going)
            going |= {executor.submit(self._ask, name) for name in islice(waiting, free)}
            if not going:
                return
            done, going = wait(going, timeout=1, return_when=FIRST_COMPLETED)
            for told in (future.result() for future in done):
                failures = 0 if told.document is not None else failures + 1
                if failures >= GIVE_UP_AFTER:
                    raise Away(f"{self._host} does not answer: {told.reason}")
                yield told
            asked += len(done)
            progress(asked, len(names))

    def _ask(self, name: str) -> Told:
        reason, asked_for = "", 0.0
        for number in range(TRIES):
            if number:
                self._stopping.wait(max(asked_for, FIRST_WAIT * 2 ** (number - 1)))
                asked_for = 0.0
            if self._stopping.is_set():
                break
            try:
                status, headers, body = self._get(name)
            except HTTPError as error:
                reason = f"it cannot be reached ({type(error).__name__})."
                continue
            self._stopping.wait(self._settings.pause)
            if status == 404:
                return Told(name, {})
            if status in BUSY:
                reason = f"it answers {status}."
                asked_for = _retry_after(headers.get("Retry-After", ""))
                continue
            return _told(name, status, body)
        return Told(name, None, reason)

    def _get(self, name: str) -> tuple[int, urllib3.HTTPHeaderDict, bytes]:
        answer = self._pool.request(
            "GET",
            f"{self._url}/packages/{quote(name, safe='')}/recent",
            timeout=TIMEOUT,
            redirect=False,
            retries=False,
            preload_content=False,
        )
        try:
            return answer.status, answer.headers, answer.read(MAX_ANSWER + 1)
        finally:
            answer.release_conn()


def _told(name: str, status: int, body: bytes) -> Told:
    if status != 200:
        return Told(name, None, f"it answers {status}.")
    if len(body) > MAX_ANSWER:
        return Told(name, None, f"it answers with more than {MAX_ANSWER} bytes.")
    try:
        return Told(name, read_answer(body))
    except Unreadable as error:
        return Told(name, None, str(error))


def _retry_after(value: str) -> float:
    """The seconds that the API asks for, up to a minute; 0 where it does not."""
    return min(float(value), LONGEST_WAIT) if value.isascii() and value.isdigit() else 0.0
