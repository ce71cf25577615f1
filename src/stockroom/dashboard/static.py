"""Static files: their content is part of their URL, so that browsers keep them for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

from stockroom.errors import NotFound
from stockroom.web import NOSNIFF, Ready, Request

TYPES = {
    "icon.svg": "image/svg+xml",
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
}


class Asset(NamedTuple):
    """A file, its URL and the answer that it is."""

    url: str
    digest: str
    answer: Ready


@cache
def assets() -> Mapping[str, Asset]:
    """Every static file by its name."""
    return {name: _asset(name) for name in TYPES}


def show_static(context: object, request: Request) -> Ready:
    """A file by the digest of its content; anybody may, since sign-in pages need it, too."""
    asset = assets().get(request.matchdict["name"])
    if asset is None or asset.digest != request.matchdict["digest"]:
        raise NotFound(f"there is nothing at {request.path_info}")
    return asset.answer


def show_icon(context: object, request: Request) -> Ready:
    """The icon where browsers look for it by themselves; anybody may, as for other files."""
    answer = assets()["icon.svg"].answer
    headers = [pair for pair in answer.headerlist if pair[0] != "Cache-Control"]
    return Ready(
        answer.status, [*headers, ("Cache-Control", "public, max-age=86400")], answer.app_iter
    )


def _asset(name: str) -> Asset:
    content = resources.files("stockroom.dashboard").joinpath("static", name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    headers = [
        ("Content-Type", TYPES[name]),
        ("Content-Length", str(len(content))),
        ("Cache-Control", "public, max-age=31536000, immutable"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        NOSNIFF,
    ]
    return Asset(f"/static/{digest}/{name}", digest, Ready("200 OK", headers, (content,)))
