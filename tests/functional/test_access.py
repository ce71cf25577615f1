"""Who may read what, and what everybody else is told (S-61, S-62)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from stockroom.security import keys
from tests.archives import make_wheel
from tests.support.databases import MakeUrl
from tests.support.library import create_registry, revoke, set_status, set_visibility
from tests.support.site import JSON, TestSite

WHEEL = make_wheel("demo-pkg", "1.0")
CLOSED = make_wheel("shut-pkg", "1.0")


@dataclass(frozen=True)
class Town:
    """A server with the workspaces acme and zeta (team), hall (global) and yard (public)."""

    site: TestSite
    callers: Mapping[str, str | None]
    files: Mapping[str, str]

    def ask(self, caller: str, path: str, method: str = "GET", **headers: str) -> Any:
        """Send a request as one of the callers."""
        secret = self.callers[caller]
        if secret is not None:
            headers["authorization"] = f"Bearer {secret}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.site.app.request(path, method=method, headers=named, expect_errors=True)

    def statuses(self, caller: str, workspace: str = "acme") -> dict[str, int]:
        """What a caller gets at every door of a workspace."""
        file = self.files[WHEEL[0]].replace("/acme/", f"/{workspace}/")
        closed = self.files[CLOSED[0]]
        doors = {
            "base": f"/simple/{workspace}/main/",
            "page": f"/simple/{workspace}/main/demo-pkg/",
            "file": file,
            "metadata": f"{file}.metadata",
            "quarantined page": "/simple/acme/main/shut-pkg/",
            "quarantined file": closed,
            "other view": f"/simple/{workspace}/side/",
            "other page": f"/simple/{workspace}/side/demo-pkg/",
            "unknown package": f"/simple/{workspace}/main/none-pkg/",
            "unknown file": file.replace("demo_pkg-1.0", "demo_pkg-2.0"),
            "unknown view": f"/simple/{workspace}/none/",
            "unknown workspace": "/simple/none/main/",
            "upload": f"/v1/upload/{workspace}/main",
            "other upload": f"/v1/upload/{workspace}/side",
            "unknown upload": f"/v1/upload/{workspace}/none",
        }
        if workspace != "acme":
            doors = {name: path for name, path in doors.items() if "quarantined" not in name}
        return {
            name: self.ask(caller, path, "POST" if "upload" in name else "GET").status_int
            for name, path in doors.items()
        }


@pytest.fixture(scope="module")
def town(make_sqlite: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    site = TestSite(make_sqlite(), tmp_path_factory.mktemp("town"))
    writers = {}
    for name, visibility in (
        ("acme", "team"),
        ("zeta", "team"),
        ("hall", "global"),
        ("yard", "public"),
    ):
        site.create_workspace(name, visibility)
        create_registry(site, "side", name)
        writers[name] = site.create_key("writer", name)
        for file in (WHEEL, CLOSED):
            for registry in ("main", "side"):
                site.upload(*file, writers[name], to=f"{name}/{registry}")
    files = {
        filename: site.file_url(package, filename, writers["acme"])
        for package, filename in (("demo-pkg", WHEEL[0]), ("shut-pkg", CLOSED[0]))
    }
    set_status(site, "quarantined", package="shut-pkg")
    callers = {
        "anonymous": None,
        "nonsense": "nonsense",
        "wrong": keys.mint().secret,
        "revoked": site.create_key("owner", "*"),
        "expired": site.create_key("owner", "*", timedelta(seconds=-1)),
        "foreign": writers["zeta"],
        "foreign owner": site.create_key("owner", "zeta"),
        "foreign team": site.create_key("owner", "team:zeta"),
        "reader": site.create_key("reader", "acme"),
        "writer": writers["acme"],
        "admin": site.create_key("admin", "acme"),
        "owner": site.create_key("owner", "acme"),
        "team reader": site.create_key("reader", "team:acme"),
        "server reader": site.create_key("reader", "*"),
        "server writer": site.create_key("writer", "*"),
        "registry reader": site.create_key("reader", "acme/main"),
        "registry writer": site.create_key("writer", "acme/main"),
    }
    revoke(site, str(callers["revoked"]))
    yield Town(site, callers, files)
    site.close()


STRANGERS = ["anonymous", "nonsense", "wrong", "revoked", "expired"]
FOREIGNERS = ["foreign", "foreign owner", "foreign team"]
READ = {
    "base": 200,
    "page": 200,
    "file": 200,
    "metadata": 200,
    "quarantined page": 200,
    "quarantined file": 403,
    "other view": 200,
    "other page": 200,
    "unknown package": 404,
    "unknown file": 404,
    "unknown view": 404,
    "unknown workspace": 404,
    "upload": 403,
    "other upload": 403,
    "unknown upload": 404,
}
# 400: the form is empty, so the caller came through.
WRITE = {**READ, "upload": 400, "other upload": 400}
ONE_REGISTRY = {**READ, "other view": 404, "other page": 404, "other upload": 404}
OUTSIDE = {name: status for name, status in READ.items() if "quarantined" not in name}


@pytest.mark.parametrize("caller", STRANGERS)
def test_s61_without_a_valid_credential_everything_is_401(town: Town, caller: str) -> None:
    assert set(town.statuses(caller).values()) == {401}


@pytest.mark.parametrize("caller", FOREIGNERS)
def test_s61_with_a_foreign_credential_everything_is_404(town: Town, caller: str) -> None:
    assert set(town.statuses(caller).values()) == {404}


@pytest.mark.parametrize("caller", ["reader", "team reader", "server reader"])
def test_s61_a_reader_reads_everything_and_writes_nothing(town: Town, caller: str) -> None:
    assert town.statuses(caller) == READ


@pytest.mark.parametrize("caller", ["writer", "admin", "owner", "server writer"])
def test_s61_a_writer_reads_and_writes(town: Town, caller: str) -> None:
    assert town.statuses(caller) == WRITE


def test_s61_a_key_for_one_registry_knows_no_other(town: Town) -> None:
    assert town.statuses("registry reader") == ONE_REGISTRY
    assert town.statuses("registry writer") == {**ONE_REGISTRY, "upload": 400}


def test_s61_everybody_reads_a_public_workspace(town: Town) -> None:
    anonymous = town.statuses("anonymous", "yard")

    # To the anonymous another workspace may be there or not, and uploads need a key at any rate.
    refused = {"unknown workspace", "upload", "other upload"}
    assert anonymous == {
        name: 401 if name in refused else status for name, status in OUTSIDE.items()
    }
    assert town.statuses("foreign", "yard") == OUTSIDE


@pytest.mark.parametrize("caller", [caller for caller in STRANGERS if caller != "anonymous"])
def test_s61_a_bad_credential_is_401_even_where_none_is_needed(town: Town, caller: str) -> None:
    assert set(town.statuses(caller, "yard").values()) == {401}


def test_s61_a_global_workspace_is_read_with_any_credential(town: Town) -> None:
    assert town.statuses("foreign", "hall") == OUTSIDE
    for caller in STRANGERS:
        assert set(town.statuses(caller, "hall").values()) == {401}


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_s61_401_carries_the_challenge(town: Town, caller: str, method: str) -> None:
    for path in ("/simple/acme/main/", "/simple/acme/main/demo-pkg/", town.files[WHEEL[0]]):
        answer = town.ask(caller, path, method)

        assert answer.headers["WWW-Authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize("caller", [*FOREIGNERS, "reader"])
def test_s61_other_refusals_carry_none(town: Town, caller: str) -> None:
    """A client would forget its credential, or ask for another one."""
    for path in ("/simple/acme/main/none-pkg/", "/simple/none/main/"):
        assert "WWW-Authenticate" not in town.ask(caller, path).headers


def test_s61_who_is_told_no_is_told_what_to_do(town: Town) -> None:
    details = {
        caller: town.ask(caller, "/v1/upload/acme/main", "POST", accept="application/json").json
        for caller in ("anonymous", "expired", "reader")
    }

    assert "__token__" in details["anonymous"]["detail"]
    assert "stockroom key create" in details["expired"]["detail"]
    assert "role" in details["reader"]["detail"]


HIDDEN_AND_MISSING = [
    ("/simple/acme/main/", "/simple/none/main/"),
    ("/simple/acme/main/", "/simple/acme/none/"),
    ("/simple/acme/main", "/simple/none/main"),
    ("/simple/acme/main", "/simple/acme/none"),
    ("/simple/acme/main/demo-pkg/", "/simple/none/main/demo-pkg/"),
    ("/simple/acme/main/demo-pkg/", "/simple/acme/main/none-pkg/"),
    ("/simple/acme/main/shut-pkg/", "/simple/acme/main/none-pkg/"),
    ("/simple/acme/main/demo-pkg", "/simple/acme/main/none-pkg"),
    ("/simple/acme/main/Demo.Pkg/", "/simple/acme/main/None.Pkg/"),
    ("{file}", "{no file}"),
    ("{file}.metadata", "{no file}.metadata"),
    ("{closed file}", "{no file}"),
    ("/v1/upload/acme/main", "/v1/upload/none/main"),
    ("/v1/upload/acme/main", "/v1/upload/acme/none"),
    ("/v1/upload/acme/main/", "/v1/upload/acme/none/"),
]
REQUESTS: list[tuple[str, dict[str, str]]] = [
    ("GET", {}),
    ("HEAD", {}),
    ("POST", {}),
    ("PUT", {}),
    ("DELETE", {}),
    ("OPTIONS", {}),
    ("GET", {"accept": "application/json"}),
    ("GET", {"accept": "image/png"}),
    ("GET", {"accept": JSON, "if_none_match": "*"}),
    ("GET", {"range": "bytes=0-0", "if_match": '"x"'}),
]


@pytest.mark.parametrize(("hidden", "missing"), HIDDEN_AND_MISSING)
@pytest.mark.parametrize("caller", [*STRANGERS, *FOREIGNERS])
def test_s61_what_is_hidden_looks_as_if_it_were_missing(
    town: Town, caller: str, hidden: str, missing: str
) -> None:
    names = {
        "{file}": town.files[WHEEL[0]],
        "{closed file}": town.files[CLOSED[0]],
        "{no file}": town.files[WHEEL[0]].replace("demo", "none"),
    }
    for placeholder, path in names.items():
        hidden, missing = hidden.replace(placeholder, path), missing.replace(placeholder, path)
    assert len(hidden) == len(missing)

    for method, headers in REQUESTS:
        for query in ("", "?format=nonsense"):
            found = [
                town.ask(caller, path + query, method, **headers) for path in (hidden, missing)
            ]
            first, second = (
                (
                    answer.status.replace(path, "PATH"),
                    [(name, value.replace(path, "PATH")) for name, value in answer.headers.items()],
                    answer.body.replace(path.encode(), b"PATH"),
                )
                for answer, path in zip(found, (hidden, missing), strict=True)
            )
            assert first == second


@pytest.mark.parametrize(
    ("hidden", "missing"),
    [
        ("/simple/acme/side/", "/simple/acme/none/"),
        ("/simple/acme/side/demo-pkg/", "/simple/acme/none/demo-pkg/"),
        ("/v1/upload/acme/side", "/v1/upload/acme/none"),
        ("/simple/zeta/main/", "/simple/none/main/"),
    ],
)
def test_s61_a_key_for_one_registry_cannot_tell_others_from_nothing(
    town: Town, hidden: str, missing: str
) -> None:
    for method, headers in REQUESTS:
        first, second = (
            town.ask("registry writer", path, method, **headers) for path in (hidden, missing)
        )

        assert first.status.replace(hidden, missing) == second.status
        assert first.headers == second.headers
        assert first.text.replace(hidden, missing) == second.text


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def forms_of(secret: str) -> list[str]:
    return [
        basic("__token__", secret),
        basic("anybody", secret),
        basic("", secret),
        basic(secret, ""),
        basic("__token__", f" {secret}\n"),
        basic(f" {secret} ", ""),
        basic("jürgen@example.org", secret),
        f"Bearer {secret}",
        f"bearer {secret}",
        f"BEARER   {secret} ",
        f"token {secret}",
        f"Token {secret}",
        basic("__token__", secret).replace("Basic", "basic"),
        basic("__token__", secret).replace("Basic ", "BASIC  "),
    ]


@pytest.mark.parametrize("number", range(len(forms_of(""))))
def test_s62_a_key_is_accepted_in_every_form(town: Town, number: int) -> None:
    authorization = forms_of(str(town.callers["writer"]))[number]

    page = town.ask("anonymous", "/simple/acme/main/demo-pkg/", authorization=authorization)
    upload = town.ask("anonymous", "/v1/upload/acme/main", "POST", authorization=authorization)

    assert (page.status_int, upload.status_int) == (200, 400)


@pytest.mark.parametrize("number", range(len(forms_of(""))))
@pytest.mark.parametrize("caller", ["wrong", "revoked", "expired"])
def test_s62_a_bad_key_is_refused_in_every_form(town: Town, caller: str, number: int) -> None:
    authorization = forms_of(str(town.callers[caller]))[number]

    for workspace in ("acme", "yard"):
        answer = town.ask("anonymous", f"/simple/{workspace}/main/", authorization=authorization)

        assert answer.status_int == 401


BAD_HEADERS = [
    "Basic",
    "Basic ",
    "Basic !!!!",
    "Basic YQ",
    "Basic =",
    "Basic é",
    "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
    "Basic " + base64.b64encode(b":").decode(),
    "Basic " + base64.b64encode(b"").decode(),
    "Basic " + base64.b64encode(b"\x00" * 100).decode(),
    "Bearer",
    "Bearer  ",
    "Bearer \xff",
    "Bearer a b c",
    "Digest username=x",
    "Negotiate abc",
    "x",
    ":",
    "Bearer " + "a" * 100_000,
    "Basic " + "QUFB" * 100_000,
]


@pytest.mark.parametrize("number", range(len(BAD_HEADERS)))
def test_s62_garbage_is_401(town: Town, number: int) -> None:
    for path in ("/simple/acme/main/", "/simple/yard/main/", "/v1/upload/acme/main"):
        method = "POST" if "upload" in path else "GET"

        answer = town.ask("anonymous", path, method, authorization=BAD_HEADERS[number])

        assert answer.status_int == 401


@pytest.mark.parametrize(
    "shape", ["{}", "Bearer {}x", "Bearer x{}", "Bearer {} {}", "Bearer {},", 'Bearer "{}"']
)
def test_s62_a_key_with_something_around_it_is_401(town: Town, shape: str) -> None:
    header = shape.replace("{}", str(town.callers["writer"]))

    answer = town.ask("anonymous", "/simple/acme/main/", authorization=header)

    assert answer.status_int == 401


def test_s62_a_key_with_one_wrong_letter_is_401(town: Town) -> None:
    secret = str(town.callers["writer"])

    for position in (4, 20, len(secret) - 1):
        letter = "x" if secret[position] != "x" else "y"
        wrong = f"{secret[:position]}{letter}{secret[position + 1 :]}"
        answer = town.ask("anonymous", "/simple/acme/main/", authorization=f"Bearer {wrong}")

        assert answer.status_int == 401


def test_s61_a_key_expires_while_it_is_known(site: TestSite) -> None:
    key = site.create_key("reader", valid_for=timedelta(hours=1))
    site.get("/simple/acme/main/", key)

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=59), tick=False):
        site.get("/simple/acme/main/", key)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61), tick=False):
        site.get("/simple/acme/main/", key, status=401)


def test_s61_a_revoked_key_fails_at_its_next_use(both: TestSite) -> None:
    revoked, kept = both.create_key("reader"), both.create_key("reader")
    for key in (revoked, kept):
        both.get("/simple/acme/main/", key)

    revoke(both, revoked)

    both.get("/simple/acme/main/", revoked, status=401)
    both.get("/simple/acme/main/", kept)


def test_s61_a_new_key_works_at_once(both: TestSite) -> None:
    both.get("/simple/acme/main/", both.create_key("reader"))

    both.get("/simple/acme/main/", both.create_key("reader"))


def test_s61_visibility_changes_at_once_in_both_directions(both: TestSite) -> None:
    both.create_workspace("zeta")
    foreign = both.create_key("reader", "zeta")
    found = []

    for visibility in ("team", "global", "public", "global", "team"):
        set_visibility(both, visibility)
        found.append(
            [both.get("/simple/acme/main/", key, status="*").status_int for key in (foreign, None)]
        )

    assert found == [[404, 401], [200, 401], [200, 200], [200, 401], [404, 401]]


def test_s61_a_new_workspace_and_registry_exist_at_once(both: TestSite) -> None:
    key = both.create_key("writer", "*")
    for path in ("/simple/fresh/main/", "/simple/acme/fresh/"):
        both.get(path, key, status=404)

    both.create_workspace("fresh")
    create_registry(both, "fresh")

    for path in ("/simple/fresh/main/", "/simple/acme/fresh/"):
        both.get(path, key)
    both.upload(*WHEEL, key, to="acme/fresh")
