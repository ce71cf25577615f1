"""Where one goes on after signing in."""

from __future__ import annotations

import pytest

from stockroom.dashboard.calling import safe_next


@pytest.mark.parametrize("path", ["/", "/account/keys?done=x", "/simple/acme/main/", "/a//b"])
def test_path_of_this_server_is_fine(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "/ /evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/" + "a" * 3000,
        "/\u2044evil.example",
        "/\x7f",
    ],
)
def test_everything_else_leads_to_the_start(target: str) -> None:
    assert safe_next(target) == "/"
