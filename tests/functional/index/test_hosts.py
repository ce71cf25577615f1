"""No header of a request can bend a generated URL or a redirect (S-02, S-03, S-06)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest

from tests.archives import make_wheel
from tests.conftest import MakeSite
from tests.support.library import INDEX, Library
from tests.support.pages import sha256
from tests.support.site import JSON, PYX_JSON, TestSite, bearer

PAGE = f"{INDEX}demo-pkg/"
BASE = "https://packages.example/stock"
POISON = [
    {"Host": "evil.example"},
    {"Host": "evil.example:1/simple/"},
    {"Host": ""},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    {"X-Forwarded-Prefix": "/evil.example", "X-Forwarded-Port": "1"},
    {"Forwarded": "host=evil.example;proto=https", "X-Forwarded-For": "evil.example"},
    {"X-Vhm-Root": "/workspaces/evil.example"},
    {"X-Vhm-Host": "https://evil.example"},
    {"X-Original-Url": "/evil.example", "X-Rewrite-Url": "/evil.example"},
    {"X-Script-Name": "/evil.example"},
]


def ask(site: TestSite, path: str, key: str, headers: dict[str, str], peer: str) -> Any:
    return site.app.get(
        path,
        headers={**bearer(key), **headers},
        extra_environ={"REMOTE_ADDR": peer},
        expect_errors=True,
    )


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("accept", [JSON, PYX_JSON, "text/html"])
def test_pages_are_the_same_whatever_the_headers_say(
    library: Library, poison: dict[str, str], accept: str
) -> None:
    for path in (INDEX, PAGE):
        clean = library.site.get(path, library.reader, accept=accept)

        answer = ask(
            library.site, path, library.reader, {**poison, "Accept": accept}, "203.0.113.9"
        )

        assert (answer.status, answer.headers, answer.body) == (
            clean.status,
            clean.headers,
            clean.body,
        )


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("path", ["/simple/acme/main", f"{INDEX}demo-pkg", f"{INDEX}Demo.Pkg/"])
def test_s03_redirects_are_relative(library: Library, path: str, poison: dict[str, str]) -> None:
    answer = ask(library.site, path, library.reader, poison, "203.0.113.9")

    assert answer.status_int == 301
    assert "evil" not in str(answer.headers)
    location = answer.headers["Location"]
    assert urljoin(f"http://here.example{path}", location).startswith(f"http://here.example{INDEX}")


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize(
    ("path", "status"), [(f"{INDEX}nothing/", 404), ("/simple/none/x/", 404), (PAGE, 401)]
)
def test_refusals_repeat_nothing_of_the_headers(
    library: Library, poison: dict[str, str], path: str, status: int
) -> None:
    key = "wrong" if status == 401 else library.reader

    answer = ask(library.site, path, key, poison, "203.0.113.9")

    assert answer.status_int == status
    assert "evil" not in f"{answer.status} {answer.headers} {answer.text}"


def test_s06_absolute_urls_come_from_the_setting_alone(
    make_site: MakeSite, sqlite_url: str
) -> None:
    site = make_site(
        sqlite_url,
        **{
            "stockroom.file_urls": "absolute",
            "stockroom.base_url": f"{BASE}/",
            "stockroom.trusted_proxies": "127.0.0.1",
        },
    )
    site.create_workspace()
    key = site.create_key()
    filename, content = make_wheel("demo-pkg", "1.0+local")
    site.upload(filename, content, key)

    answers = [
        ask(site, PAGE, key, {**poison, "Accept": JSON}, peer)
        for poison in POISON
        for peer in ("127.0.0.1", "203.0.113.9")
    ]

    url = f"{BASE}{INDEX}-/demo-pkg/{sha256(content)}/{filename.replace('+', '%2B')}"
    assert {answer.json["files"][0]["url"] for answer in answers} == {url}
    assert site.get(url.removeprefix(BASE), key).body == content


def test_x_vhm_root_does_not_move_the_tree(library: Library) -> None:
    """Pyramid by itself would serve another part of the tree."""
    for root in ("/workspaces/acme", "/workspaces", "/simple/acme/main", "//"):
        answer = ask(library.site, PAGE, library.reader, {"X-Vhm-Root": root}, "127.0.0.1")

        assert answer.status_int == 200
        assert answer.body == library.site.get(PAGE, library.reader).body
