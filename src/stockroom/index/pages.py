"""Ready pages: made once per change, form and coding, kept in memory, valid until the feed says."""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from stockroom.errors import NotFound
from stockroom.feed import Change, CoherentCache, Feed
from stockroom.index import documents
from stockroom.index.negotiation import Coding, Representation
from stockroom.resolution import FileDetail, Resolver
from stockroom.resources import Directory, ViewRow
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
OVERHEAD = 1500
"""Bytes that an entry costs beside its body: headers, keys, table slots."""

Group = tuple[int, int, str]
"""Id and revision of a view, and a package's name; "" stands for the project list."""
Variant = tuple[str, str]


class Page:
    """The bytes of a page with everything that its answers need, shared by all who ask."""

    __slots__ = ("body", "etag", "full", "unchanged")

    def __init__(self, body: bytes, headers: Headers) -> None:
        self.body = body
        # The type is part of it: two forms of a page may have the same bytes (S-70).
        digest = hashlib.sha256(repr(headers).encode() + body)
        self.etag = f'"{digest.hexdigest()[:32]}"'
        shared = [("ETag", self.etag), *headers]
        self.full = Ready("200 OK", [*shared, ("Content-Length", str(len(body)))], (body,))
        self.unchanged = Ready(
            "304 Not Modified", [pair for pair in shared if pair[0] not in CONTENT_HEADERS], ()
        )

    def answer(self, if_none_match: str) -> Ready:
        """200, or 304 to who has these very bytes (S-70)."""
        if if_none_match and (if_none_match == self.etag or _matches(if_none_match, self.etag)):
            return self.unchanged
        return self.full


Kept = Page | FileDetail | None
"""What the cache holds; None is a package that the view does not have."""
K = TypeVar("K", Page, FileDetail)

CONTENT_HEADERS = frozenset({"Content-Type", "Content-Encoding"})


class Pages:
    """Makes and keeps pages. Warm, a page costs no query; cold, one."""

    def __init__(
        self, resolver: Resolver, feed: Feed, directory: Directory, settings: Settings
    ) -> None:
        self._resolver = resolver
        self._directory = directory
        self._cache_control = settings.index_cache_control
        self._base_url = settings.base_url if settings.file_urls == "absolute" else None
        self._cache: CoherentCache[Group, Variant, Kept] = CoherentCache(
            settings.page_cache_mb * 1024 * 1024, _weigh
        )
        feed.subscribe(self._changed)

    def project(
        self,
        workspace: str,
        view: ViewRow,
        name: str,
        representation: Representation,
        coding: Coding,
    ) -> Page:
        """The page of a package by its normalised name.

        :raises NotFound: no registry of the view has it (S-05); that is remembered, too.
        """

        def load() -> Page | None:
            found = self._resolver.package(view, name)
            if found is None:
                return None
            prefix = (
                f"{self._base_url}/simple/{workspace}/{view.name}/" if self._base_url else "../"
            )
            body = documents.project_page(found.detail, representation, prefix)
            return self._make(body, variant)

        group = (view.id, view.revision, name)
        variant = (representation.value, coding.value)
        page = self._cache.get(group, variant)
        if page is None:
            page = self._cache.load(group, variant, load)
        if not isinstance(page, Page):
            raise NotFound(f"{workspace}/{view.name} has no package {name}")
        return page

    def listing(self, view: ViewRow, representation: Representation, coding: Coding) -> Page:
        """The list of all packages that the view shows."""

        def render() -> bytes:
            names = self._resolver.listing(view).names
            return documents.project_list(names, representation)

        variant = (representation.value, coding.value)
        return self.keep(Page, view, "", variant, lambda: self._make(render(), variant))

    def keep(
        self, kind: type[K], view: ViewRow, name: str, variant: Variant, make: Callable[[], K]
    ) -> K:
        """Something else that is valid until the package changes, made by ``make`` if need be."""
        group = (view.id, view.revision, name)
        kept = self._cache.get(group, variant) or self._cache.load(group, variant, make)
        assert isinstance(kept, kind)  # noqa: S101 - variants of different kinds differ
        return kept

    def _make(self, body: bytes, variant: Variant) -> Page:
        content_type, coding = variant
        headers = [
            ("Content-Type", content_type),
            ("Cache-Control", self._cache_control),
            VARY,
            NOSNIFF,
        ]
        if content_type.startswith("text/"):
            headers[0] = ("Content-Type", f"{content_type}; charset=utf-8")
            headers.append(SANDBOX_WITH_DOWNLOADS)
        if coding != Coding.IDENTITY.value:
            headers.append(("Content-Encoding", coding))
            body = _compress(body, coding)
        return Page(body, headers)

    def _changed(self, changes: Sequence[Change]) -> None:
        views = self._directory.snapshot().views_of_registry
        for change in changes:
            if change.registry_id is None or change.package is None:
                continue
            for view in views.get(change.registry_id, ()):
                self._cache.drop((view.id, view.revision, change.package))
                if change.kind.startswith("package."):
                    self._cache.drop((view.id, view.revision, ""))


def _weigh(kept: Kept) -> int:
    return OVERHEAD + (len(kept.body) if isinstance(kept, Page) else 0)


def _compress(body: bytes, coding: str) -> bytes:
    if coding == Coding.ZSTD.value:
        compressed: bytes = zstd.compress(body, ZSTD_LEVEL)
        return compressed
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


def _matches(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
