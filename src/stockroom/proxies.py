"""The outermost layer: believes forwarding headers of trusted proxies, drops everybody else's."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from stockroom.spi.settings import Network

FORWARDING = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_FORWARDED",
)


class TrustedProxies:
    """WSGI middleware. What follows sees the client's address, scheme and host, or the proxy's."""

    def __init__(self, application: Callable[..., Any], trusted: tuple[Network, ...]) -> None:
        self._application = application
        self._trusted = trusted
        self._is_trusted = lru_cache(maxsize=1024)(self._look_up)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Clean the environment and pass it on."""
        # Pyramid takes this header from anybody and serves another part of the tree for it.
        environ.pop("HTTP_X_VHM_ROOT", None)
        if self._trusted and self._is_trusted(environ.get("REMOTE_ADDR", "")):
            self._believe(environ)
        for header in FORWARDING:
            environ.pop(header, None)
        return self._application(environ, start_response)

    def _believe(self, environ: dict[str, Any]) -> None:
        scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO", "")).lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        host = _last(environ.get("HTTP_X_FORWARDED_HOST", ""))
        if host:
            environ["HTTP_HOST"] = host
        # From the right: what a trusted proxy appended is true, what stood before it is hearsay.
        for address in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            if address.strip():
                environ["REMOTE_ADDR"] = address.strip()
                if not self._is_trusted(address.strip()):
                    break

    def _look_up(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _last(header: str) -> str:
    return header.rpartition(",")[2].strip()
