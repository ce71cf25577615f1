"""Which server a URL belongs to, and whether a secret may be sent there."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """A text is no address to which a secret may be sent."""


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, such as ``https://packages.example`` (RFC 6454 section 4).

    A host without a scheme has none: a secret could go over a connection that others can read.

    :raises BadAddress: it is no https URL, nor an http one of this machine.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddress(f"{url} is not a URL") from None
    host = parts.hostname
    if parts.scheme not in DEFAULT_PORTS or not host or not host.isascii():
        raise BadAddress(f"{url} is not a URL such as https://packages.example")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadAddress(f"{url} is not safe: only https is, except on this machine")
    name = f"[{host}]" if ":" in host else host
    usual = port is None or port == DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{name}" if usual else f"{parts.scheme}://{name}:{port}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
