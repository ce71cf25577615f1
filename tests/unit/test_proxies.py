"""Whose forwarding headers are believed, and what nobody's may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stockroom.proxies import FORWARDING, TrustedProxies
from stockroom.spi.settings import networks

PROXY = "10.0.0.1"
CLIENT = "203.0.113.9"
TRUSTED = "10.0.0.0/8 ::1"


def seen(trusted: str = TRUSTED, peer: str = PROXY, **headers: str) -> dict[str, Any]:
    """What the application sees of a request that ``peer`` sends with these headers."""
    environs: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], _start: Callable[..., Any]) -> list[bytes]:
        environs.append(environ)
        return []

    environ = {
        "REMOTE_ADDR": peer,
        "HTTP_HOST": "inside.example",
        "wsgi.url_scheme": "http",
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    TrustedProxies(application, networks(trusted))(environ, lambda *_: None)
    return environs[0]


def test_a_trusted_proxy_tells_scheme_host_and_client() -> None:
    environ = seen(
        x_forwarded_proto="https", x_forwarded_host="packages.example", x_forwarded_for=CLIENT
    )

    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTP_HOST"] == "packages.example"
    assert environ["REMOTE_ADDR"] == CLIENT


@pytest.mark.parametrize("trusted", ["", "10.0.0.2", "192.168.0.0/16 ::1"])
def test_nobody_else_is_believed(trusted: str) -> None:
    environ = seen(
        trusted,
        x_forwarded_proto="https",
        x_forwarded_host="evil.example",
        x_forwarded_for="127.0.0.1",
    )

    assert environ["wsgi.url_scheme"] == "http"
    assert environ["HTTP_HOST"] == "inside.example"
    assert environ["REMOTE_ADDR"] == PROXY


@pytest.mark.parametrize(
    "peer", ["", "unix", "10.0.0", "10.0.0.1.evil.example", "::ffff:10.0.0.1x"]
)
def test_a_peer_without_an_address_is_not_trusted(peer: str) -> None:
    assert seen(peer=peer, x_forwarded_host="evil.example")["HTTP_HOST"] == "inside.example"


@pytest.mark.parametrize("peer", ["10.0.0.1", "10.255.0.7", "::1"])
def test_addresses_and_networks_of_both_kinds_are_trusted(peer: str) -> None:
    assert seen(peer=peer, x_forwarded_proto="https")["wsgi.url_scheme"] == "https"


@pytest.mark.parametrize("trusted", [TRUSTED, ""])
def test_forwarding_headers_never_reach_the_application(trusted: str) -> None:
    headers = {header.removeprefix("HTTP_"): "x" for header in FORWARDING}

    environ = seen(trusted, **headers)

    assert not environ.keys() & set(FORWARDING)


@pytest.mark.parametrize("trusted", [TRUSTED, ""])
def test_x_vhm_root_never_reaches_the_application(trusted: str) -> None:
    assert "HTTP_X_VHM_ROOT" not in seen(trusted, x_vhm_root="/workspaces/acme")


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}, 10.0.0.7", CLIENT),
        (f"198.51.100.1, {CLIENT}", CLIENT),
        (f"127.0.0.1, 10.0.0.9, {CLIENT}, 10.0.0.7, 10.0.0.8", CLIENT),
        ("10.0.0.5, 10.0.0.6", "10.0.0.5"),
        (f" {CLIENT} ,", CLIENT),
        ("", PROXY),
    ],
)
def test_the_client_is_the_last_one_that_a_trusted_proxy_saw(chain: str, expected: str) -> None:
    assert seen(x_forwarded_for=chain)["REMOTE_ADDR"] == expected


def test_only_the_last_value_of_a_list_is_the_proxys_own() -> None:
    environ = seen(
        x_forwarded_proto="gopher, https", x_forwarded_host="evil.example, packages.example"
    )

    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTP_HOST"] == "packages.example"


@pytest.mark.parametrize("scheme", ["", "ftp", "javascript", "https://x"])
def test_unknown_schemes_are_ignored(scheme: str) -> None:
    assert seen(x_forwarded_proto=scheme)["wsgi.url_scheme"] == "http"


def test_without_forwarding_headers_nothing_changes() -> None:
    environ = seen()

    assert (environ["wsgi.url_scheme"], environ["HTTP_HOST"]) == ("http", "inside.example")
    assert environ["REMOTE_ADDR"] == PROXY
