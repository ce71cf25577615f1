"""Ready pages: made once per change, form and coding, kept in memory, valid until the feed says."""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain

from stockroom.errors import NotFound
from stockroom.index import documents
from stockroom.index.negotiation import Coding, Representation
from stockroom.index.shelf import LIST, Entry, Shelf
from stockroom.resolution import Resolver
from stockroom.resolution.moments import ViewAt
from stockroom.resources import Directory
from stockroom.settings import Settings
from stockroom.web import NOSNIFF, SANDBOX, VARY, Headers, Ready

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_LEVEL = 5
ZSTD_LEVEL = 3
SANDBOX_WITH_DOWNLOADS = (SANDBOX[0], f"{SANDBOX[1]} allow-downloads")
"""Of pages whose links lead to files."""
CONTENT_HEADERS = frozenset({"Content-Type", "Content-Encoding"})
IMMUTABLE = "private, max-age=31536000, immutable"
SETTLING = timedelta(minutes=10)
"""How long after an instant uploads may still commit that began before it, or whose node's clock
is behind."""
LIFETIME = re.compile(r'((?:s-maxage|max-age|stale-[a-z-]+)=)"?(\d+)"?', re.IGNORECASE | re.ASCII)

Lasting = Callable[[], float]
"""For how many seconds from now an answer is right."""


class Page:
    """The bytes of a page with everything that its answers need, shared by all who ask.

    With ``lasting``, no cache is told to keep an answer for longer than that.
    """

    __slots__ = ("_lasting", "body", "etag", "full", "unchanged")

    def __init__(self, body: bytes, headers: Headers, lasting: Lasting | None = None) -> None:
        self.body = body
        # The type is part of it: two forms of a page may have the same bytes (S-70).
        digest = hashlib.sha256(repr(headers).encode() + body)
        self.etag = f'"{digest.hexdigest()[:32]}"'
        shared = [("ETag", self.etag), *headers]
        self.full = Ready("200 OK", [*shared, ("Content-Length", str(len(body)))], (body,))
        self.unchanged = Ready(
            "304 Not Modified", [pair for pair in shared if pair[0] not in CONTENT_HEADERS], ()
        )
        self._lasting = lasting

    def answer(self, if_none_match: str) -> Ready:
        """200, or 304 to who has these very bytes (S-70)."""
        ready = self.full
        if if_none_match and (if_none_match == self.etag or _matches(if_none_match, self.etag)):
            ready = self.unchanged
        return ready if self._lasting is None else _bounded(ready, max(0, int(self._lasting())))


class Pages:
    """Makes and keeps pages. Warm, a page costs no query; cold, one, and one more for facts."""

    def __init__(
        self,
        resolver: Resolver,
        shelf: Shelf,
        directory: Directory,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._resolver = resolver
        self._shelf = shelf
        self._directory = directory
        self._clock = clock
        self._cache_control = settings.index_cache_control
        self._base_url = settings.base_url if settings.file_urls == "absolute" else None

    def project(
        self, view: ViewAt, name: str, representation: Representation, coding: Coding
    ) -> Page:
        """The page of a package by its normalised name.

        :raises NotFound: no registry of the view has it (S-05); that is remembered, too.
        """

        def make() -> Entry[Page | None]:
            found = self._resolver.package(view.row, name, view.at)
            if found is None:
                return Entry(None, None)
            prefix = "../"
            if self._base_url:
                prefix = f"{self._base_url}/simple/{view.workspace}/{view.name}/"
            body = documents.project_page(found.detail, representation, prefix)
            return self._make(view, body, representation, coding, found.changes_at)

        variant = (representation.value, coding.value)
        page = self._shelf.get(view, name, variant, make).value
        if page is None:
            raise NotFound(f"{view.workspace}/{view.name} has no package {name}")
        return page

    def listing(self, view: ViewAt, representation: Representation, coding: Coding) -> Page:
        """The list of all packages that the view shows."""

        def make() -> Entry[Page | None]:
            found = self._resolver.listing(view.row, view.at)
            body = documents.project_list(found.names, representation)
            return self._make(view, body, representation, coding, found.changes_at)

        variant = (representation.value, coding.value)
        page = self._shelf.get(view, LIST, variant, make).value
        assert page is not None  # noqa: S101 - every view has a list
        return page

    def _make(
        self,
        view: ViewAt,
        body: bytes,
        representation: Representation,
        coding: Coding,
        until: datetime | None,
    ) -> Entry[Page | None]:
        cache_control = self._cache_control
        if view.at is not None and self._is_fixed(view):
            settled = view.at + SETTLING
            if settled <= self._clock():
                cache_control = IMMUTABLE
            else:
                until = min(until or settled, settled)
        content_type = representation.value
        headers = [
            ("Content-Type", content_type),
            ("Cache-Control", cache_control),
            VARY,
            NOSNIFF,
        ]
        if content_type.startswith("text/"):
            headers[0] = ("Content-Type", f"{content_type}; charset=utf-8")
            headers.append(SANDBOX_WITH_DOWNLOADS)
        if coding != Coding.IDENTITY:
            headers.append(("Content-Encoding", coding.value))
            body = _compress(body, coding)
        page = Page(body, headers, self._lasting(cache_control, until))
        return Entry(page, until, len(body))

    def _lasting(self, cache_control: str, until: datetime | None) -> Lasting | None:
        lifetimes = [int(seconds) for _, seconds in LIFETIME.findall(cache_control)]
        if until is None or not any(lifetimes):
            return None

        def lasting() -> float:
            return (until - self._clock()).total_seconds()

        return lasting

    def _is_fixed(self, view: ViewAt) -> bool:
        """Whether what the view showed at a past instant can only be changed on purpose."""
        if self._resolver.filters.sources(view.row):
            return False
        registries = self._directory.snapshot().registries
        members = chain.from_iterable(view.row.groups)
        return all(registries[member.registry_id].kind == "hosted" for member in members)


def _bounded(ready: Ready, seconds: int) -> Ready:
    headers = [
        (name, LIFETIME.sub(lambda found: _shorter(found, seconds), value))
        if name == "Cache-Control"
        else (name, value)
        for name, value in ready.headerlist
    ]
    return Ready(ready.status, headers, ready.app_iter)


def _shorter(found: re.Match[str], seconds: int) -> str:
    # What is to be shown when it is stale would be shown after the instant.
    most = 0 if found[1].lower().startswith("stale") else seconds
    return f"{found[1]}{min(int(found[2]), most)}"


def _compress(body: bytes, coding: Coding) -> bytes:
    if coding == Coding.ZSTD:
        compressed: bytes = zstd.compress(body, ZSTD_LEVEL)
        return compressed
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def _matches(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
