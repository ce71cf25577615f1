"""Index pages as their readers see them, and the details that they are made of."""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, NamedTuple

import msgspec
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from webtest import TestApp, TestRequest, TestResponse

from stockroom.resolution import FileDetail, PackageDetail
from tests.support.site import TestSite

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HTML = "application/vnd.pypi.simple.v1+html"
TEXT_HTML = "text/html"
UPLOADED = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)

# As a consumer without an HTML parser reads an anchor, line by line (S-20).
ANCHOR_LINE = re.compile(r'<a href="([^"]*)"([^>]*)>([^<]*)</a>')
VOID = frozenset({"br", "meta"})


class Anchor(NamedTuple):
    """One ``<a>``; ``attributes`` are all but ``href``."""

    href: str
    text: str
    attributes: Mapping[str, str | None]


class HtmlPage(HTMLParser):
    """A parsed page. Whatever is not well-formed raises at once."""

    def __init__(self, body: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.doctype = ""
        self.metas: dict[str, str | None] = {}
        self.anchors: list[Anchor] = []
        self._open: list[str] = []
        self._attributes: dict[str, str | None] = {}
        self._text = ""
        self.feed(body.decode())
        self.close()
        if self._open:
            raise ValueError(f"never closed: {self._open}")

    @property
    def by_name(self) -> dict[str, Anchor]:
        """The anchors by their text."""
        return {anchor.text: anchor for anchor in self.anchors}

    def handle_decl(self, decl: str) -> None:
        """Keep the document type."""
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is opened, and the meta elements."""
        attributes = dict(attrs)
        if len(attributes) != len(attrs):
            raise ValueError(f"an attribute stands twice in {attrs}")
        if tag == "meta" and attributes.get("name"):
            self.metas[str(attributes["name"])] = attributes.get("content")
        if tag not in VOID:
            self._open.append(tag)
            self._attributes, self._text = attributes, ""

    def handle_data(self, data: str) -> None:
        """Collect the text of the innermost element."""
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Check the nesting, and keep anchors."""
        if not self._open or self._open.pop() != tag:
            raise ValueError(f"</{tag}> closes nothing")
        if tag == "a":
            href = self._attributes.pop("href")
            self.anchors.append(Anchor(str(href), self._text, self._attributes))


class _RawResponse(TestResponse):
    def decode_content(self) -> None:
        """Leave the body alone."""


class _RawRequest(TestRequest):
    ResponseClass = _RawResponse


class _RawApp(TestApp):
    RequestClass = _RawRequest


def ask_raw(
    site: TestSite, path: str, method: str = "GET", headers: Mapping[str, str] = {}
) -> TestResponse:
    """Send a request and get the answer as it is, without decoding its body."""
    app = _RawApp(site.application)
    return app.request(path, method=method, headers=dict(headers), expect_errors=True)


def decoded(answer: TestResponse) -> bytes:
    """The body of a response, without its content coding."""
    match answer.headers.get("Content-Encoding"):
        case None:
            body = answer.body
        case "gzip":
            body = gzip.decompress(answer.body)
        case "zstd":
            body = zstd.decompress(answer.body)
        case other:
            raise ValueError(f"unknown content coding {other}")
    return body


def from_msgpack(body: bytes) -> dict[str, Any]:
    """A msgpack page as plain dictionaries and lists."""
    page: dict[str, Any] = msgspec.msgpack.decode(body)
    return page


def sha256(content: bytes) -> str:
    """The digest of some bytes."""
    return hashlib.sha256(content).hexdigest()


def make_file(filename: str, **changes: Any) -> FileDetail:
    """What the database tells of a file of that name; ``changes`` replace its other fields."""
    is_wheel = filename.endswith(".whl")
    version = parse_wheel_filename(filename)[1] if is_wheel else parse_sdist_filename(filename)[1]
    values: dict[str, Any] = {
        "filename": filename,
        "version": str(version),
        "kind": "wheel" if is_wheel else "sdist",
        "sha256": sha256(filename.encode()),
        "size": 1234,
        "metadata_sha256": sha256(b"metadata of " + filename.encode()),
        "metadata_static": is_wheel,
        "requires_python": None,
        "requires_dist": "[]",
        "provides_extra": "[]",
        "yanked": False,
        "yanked_reason": None,
        "uploaded_at": UPLOADED,
        "id": 1,
    }
    return FileDetail(**{**values, **changes})


def make_detail(*files: FileDetail, **changes: Any) -> PackageDetail:
    """A package called sample with these files."""
    return PackageDetail(**{"name": "sample", "files": list(files), **changes})
