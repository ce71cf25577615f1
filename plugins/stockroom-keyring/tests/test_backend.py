"""Whom the backend answers, what it asks servers, and where it keeps what they say."""

from __future__ import annotations

import base64
import json
import stat
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from stockroom_keyring.backend import StockroomKeyring
from stockroom_keyring.cli import main
from stockroom_keyring.logins import LoginFailed, Logins
from stockroom_keyring.origins import BadAddress, origin_of
from stockroom_keyring.server import Pair, ends_at
from stockroom_keyring.store import VARIABLE, Store, default_folder
from tests.support.waiting import Worker

NOTHING: dict[str, str] = {}


def token(lasts: float = 3600) -> str:
    """What looks like an access token to clients."""
    claims = json.dumps({"exp": int(time.time() + lasts)}).encode()
    return f"ey.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sig"


class Vault(KeyringBackend):
    """A real keyring, in memory."""

    priority = -5  # never chosen by itself

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked("the keyring is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Stub:
    """A server on loopback that gives the answers that a test has prepared."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.headers: dict[str, str] = {}
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                stub.asked.append((self.command, self.path, body))
                status, value = stub.answers.pop(0) if stub.answers else (500, {})
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                for name, text in stub.headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer  # noqa: N815 - named by the library

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    # A developer's own keyring is none of the business of these tests.
    monkeypatch.setattr("stockroom_keyring.store.get_all_keyring", list)
    for name in ("STOCKROOM_API_KEY", "STOCKROOM_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "kept"


@pytest.fixture
def store(folder: Path) -> Store:
    return Store(folder)


class TestOrigins:
    @pytest.mark.parametrize(
        ("url", "origin"),
        [
            ("https://packages.example", "https://packages.example"),
            ("HTTPS://Packages.Example:443/simple/acme/main/", "https://packages.example"),
            ("https://__token__:x@packages.example:8443/", "https://packages.example:8443"),
            ("http://127.0.0.1:8000/simple/", "http://127.0.0.1:8000"),
            ("http://localhost", "http://localhost"),
            ("http://[::1]:80/x", "http://[::1]"),
        ],
    )
    def test_of_a_url(self, url: str, origin: str) -> None:
        assert origin_of(url) == origin

    @pytest.mark.parametrize(
        "url",
        [
            *("", "packages.example", "packages.example:443", "//packages.example", "https://"),
            *("http://packages.example/", "http://127.0.0.1.packages.example/", "http://10.0.0.1"),
            *("ftp://127.0.0.1", "file:///etc/passwd", "https://packages.example:port"),
            *("https://[::1", "https://p\u00e4ckages.example", "https://x:99999"),
        ],
    )
    def test_what_has_none(self, url: str) -> None:
        with pytest.raises(BadAddress):
            origin_of(url)


class TestAnswers:
    @pytest.mark.parametrize(
        "service",
        ["https://elsewhere.example/simple/", "elsewhere.example", "", "system", "\x00", "[" * 99],
    )
    def test_others_get_none_at_once(self, folder: Path, service: str) -> None:
        backend = StockroomKeyring()

        assert backend.get_credential(service, None) is None
        assert backend.get_password(service, "__token__") is None
        assert not folder.exists()

    def test_the_token_as_it_is_while_it_lasts(self, store: Store, stub: Stub) -> None:
        kept = token()
        store.write(stub.origin, Pair(kept, "str_1"))
        backend = StockroomKeyring()

        found = backend.get_credential(f"{stub.origin}/simple/acme/main/", None)

        assert found is not None
        assert (found.username, found.password) == ("__token__", kept)
        assert backend.get_password(stub.origin, "__token__") == kept
        assert stub.asked == []

    @pytest.mark.parametrize("username", ["ann", "token", "__TOKEN__"])
    def test_other_users_get_none(self, store: Store, stub: Stub, username: str) -> None:
        store.write(stub.origin, Pair(token(), "str_1"))
        backend = StockroomKeyring()

        assert backend.get_credential(stub.origin, username) is None
        assert backend.get_password(stub.origin, username) is None

    def test_nothing_is_stored_for_others(self, folder: Path) -> None:
        backend = StockroomKeyring()

        with pytest.raises(NotImplementedError):
            backend.set_password("https://elsewhere.example", "ann", "secret")
        with pytest.raises(NotImplementedError):
            backend.delete_password("https://elsewhere.example", "ann")
        assert not folder.exists()


class TestRefresh:
    @pytest.mark.parametrize("lasts", [-10.0, 200.0])
    def test_a_token_that_ends_soon_is_renewed(
        self, store: Store, stub: Stub, lasts: float
    ) -> None:
        fresh = token()
        store.write(stub.origin, Pair(token(lasts), "str_1"))
        stub.answers = [(200, {"access_token": fresh, "refresh_token": "str_2"})]

        assert Logins(store).token_for(stub.origin) == fresh

        assert store.read(stub.origin) == Pair(fresh, "str_2")
        assert stub.asked == [("POST", "/auth/cli/refresh", '{"refresh_token": "str_1"}')]

    def test_many_at_once_renew_it_once(self, store: Store, stub: Stub) -> None:
        fresh = token()
        store.write(stub.origin, Pair(token(0), "str_1"))
        stub.answers = [(200, {"access_token": fresh, "refresh_token": "str_2"})]

        workers = [Worker(lambda: Logins(store).token_for(stub.origin)) for _ in range(5)]

        assert [worker.result() for worker in workers] == [fresh] * 5
        assert len(stub.asked) == 1

    def test_a_login_that_has_ended_is_forgotten(
        self, store: Store, stub: Stub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.write(stub.origin, Pair(token(0), "str_1"))
        stub.answers = [(401, {})]

        assert Logins(store).token_for(stub.origin) is None

        assert not store.has(stub.origin)
        assert f"stockroom-keyring login {stub.origin}" in capsys.readouterr().err

    @pytest.mark.parametrize(("lasts", "is_given"), [(200.0, True), (-10.0, False)])
    def test_what_is_left_is_used_while_the_server_is_away(
        self, store: Store, stub: Stub, lasts: float, is_given: bool
    ) -> None:
        kept = token(lasts)
        store.write(stub.origin, Pair(kept, "str_1"))
        stub.answers = [(503, {})]

        assert Logins(store).token_for(stub.origin) == (kept if is_given else None)

        assert store.read(stub.origin) == Pair(kept, "str_1")

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"[",
            b"[]",
            b"null",
            b"\xff",
            b"[" * 9999,
            {"access_token": 1},
            {"refresh_token": "x"},
        ],
        ids=str,
    )
    def test_an_answer_that_is_none(
        self, store: Store, stub: Stub, answer: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.write(stub.origin, Pair(token(0), "str_1"))
        stub.answers = [(200, answer)]

        assert Logins(store).token_for(stub.origin) is None

        assert capsys.readouterr().err.startswith("stockroom-keyring: ")
        assert store.has(stub.origin)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_redirect_is_followed(self, store: Store, stub: Stub, status: int) -> None:
        store.write(stub.origin, Pair(token(0), "str_1"))
        stub.headers = {"Location": f"{stub.origin}/elsewhere"}
        stub.answers = [(status, {}), (200, {"access_token": token(), "refresh_token": "x"})]

        assert Logins(store).token_for(stub.origin) is None

        assert [path for _, path, _ in stub.asked] == ["/auth/cli/refresh"]

    def test_no_proxy_is_asked_for_this_machine(
        self, store: Store, stub: Stub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        store.write(stub.origin, Pair(token(0), "str_1"))
        stub.answers = [(200, {"access_token": token(), "refresh_token": "str_2"})]

        assert Logins(store).token_for(stub.origin) is not None

    def test_a_server_that_is_gone(
        self, store: Store, stub: Stub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store.write("http://127.0.0.1:9", Pair(token(0), "str_1"))

        assert Logins(store).token_for("http://127.0.0.1:9/simple/") is None

        assert "does not answer" in capsys.readouterr().err


class TestApiKey:
    def test_it_is_exchanged_once(self, store: Store, stub: Stub) -> None:
        fresh = token()
        stub.answers = [(200, {"access_token": fresh})]
        logins = Logins(
            store, environment={"STOCKROOM_API_KEY": "stk_1", "STOCKROOM_URL": f"{stub.origin}/x"}
        )

        assert [logins.token_for(f"{stub.origin}/simple/") for _ in range(2)] == [fresh] * 2

        assert stub.asked == [("POST", "/auth/cli/access-token", "")]
        assert not store.has(stub.origin)

    @pytest.mark.parametrize("named", [None, "", "https://packages.example", "http://10.0.0.1"])
    def test_it_goes_to_the_named_server_only(
        self, store: Store, stub: Stub, named: str | None
    ) -> None:
        environment = {"STOCKROOM_API_KEY": "stk_1"}
        if named is not None:
            environment["STOCKROOM_URL"] = named

        assert Logins(store, environment=environment).token_for(stub.origin) is None

        assert stub.asked == []

    def test_a_wrong_one_is_told(
        self, store: Store, stub: Stub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        environment = {"STOCKROOM_API_KEY": "stk_1", "STOCKROOM_URL": stub.origin}
        stub.answers = [(401, {})]

        assert Logins(store, environment=environment).token_for(stub.origin) is None

        error = capsys.readouterr().err
        assert "401" in error
        assert "stk_1" not in error


class TestLogin:
    def logins(self, store: Store) -> Logins:
        """With a clock that only waiting moves."""
        now = [1000.0]

        def sleep(seconds: float) -> None:
            now[0] += seconds

        return Logins(store, environment=NOTHING, clock=lambda: now[0], sleep=sleep)

    def test_it_waits_for_the_approval(self, store: Store, stub: Stub) -> None:
        pair = {"access_token": token(), "refresh_token": "str_1"}
        stub.answers = [(404, {}), (503, {}), (429, {}), (200, pair)]
        shown: list[str] = []

        self.logins(store).login(stub.origin, shown.append)

        assert store.read(stub.origin) == Pair(**pair)
        [url] = shown
        code = url.rpartition("/")[2]
        assert url == f"{stub.origin}/auth/cli/login/{code}"
        assert {path for _, path, _ in stub.asked} == {f"/auth/cli/status/{code}"}
        assert len(stub.asked) == 4

    @pytest.mark.parametrize("status", [400, 403, 410])
    def test_it_gives_up_when_it_is_told_to(self, store: Store, stub: Stub, status: int) -> None:
        stub.answers = [(status, {})]

        with pytest.raises(LoginFailed, match=str(status)):
            self.logins(store).login(stub.origin, lambda _: None)

        assert not store.has(stub.origin)

    def test_it_gives_up_after_five_minutes(self, store: Store, stub: Stub) -> None:
        stub.answers = [(404, {})] * 400

        with pytest.raises(LoginFailed, match="nobody has approved"):
            self.logins(store).login(stub.origin, lambda _: None)

        assert len(stub.asked) == 300

    @pytest.mark.parametrize("status", [200, 401])
    def test_out_again(self, store: Store, stub: Stub, status: int) -> None:
        store.write(stub.origin, Pair(token(), "str_1"))
        stub.answers = [(status, {})]

        assert self.logins(store).logout(stub.origin)

        assert not store.has(stub.origin)
        assert stub.asked == [("GET", "/auth/cli/logout", "")]

    def test_not_out_while_the_server_is_away(self, store: Store, stub: Stub) -> None:
        store.write(stub.origin, Pair(token(), "str_1"))

        with pytest.raises(LoginFailed):
            self.logins(store).logout(stub.origin)

        assert store.has(stub.origin)


class TestStore:
    def test_a_file_is_for_its_owner_alone(self, store: Store, folder: Path) -> None:
        store.write("https://packages.example", Pair("a", "b"))
        with store.lock("https://packages.example"):
            files = list(folder.iterdir())

        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(files) == 2
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}

    def test_a_real_keyring_keeps_the_secrets(self, folder: Path) -> None:
        vault = Vault()
        store = Store(folder, vault)

        store.write("https://packages.example", Pair("secret-a", "secret-b"))

        assert store.read("https://packages.example") == Pair("secret-a", "secret-b")
        assert "secret" not in "".join(path.read_text("utf-8") for path in folder.iterdir())
        store.forget("https://packages.example")
        assert vault.kept == {}
        assert not list(folder.iterdir())

    def test_a_locked_keyring_is_told(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        vault = Vault()
        store = Store(folder, vault)
        store.write("https://packages.example", Pair(token(), "b"))
        vault.is_locked = True

        assert Logins(store).token_for("https://packages.example/simple/") is None

        assert "locked" in capsys.readouterr().err

    def test_an_emptied_keyring_is_told(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        vault = Vault()
        store = Store(folder, vault)
        store.write("https://packages.example", Pair(token(), "b"))
        vault.kept.clear()

        assert Logins(store).token_for("https://packages.example/simple/") is None

        assert "stockroom-keyring login" in capsys.readouterr().err

    @pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"origin": 1}', b"[" * 9999])
    def test_a_broken_file_is_no_login(self, store: Store, folder: Path, content: bytes) -> None:
        store.write("https://packages.example", Pair("a", "b"))
        [path] = folder.iterdir()
        path.write_bytes(content)

        assert store.read("https://packages.example") is None
        assert list(store.origins()) == []

    def test_the_file_of_another_server_is_not_read(self, store: Store, folder: Path) -> None:
        store.write("https://packages.example", Pair("a", "b"))
        [path] = folder.iterdir()
        text = path.read_text("utf-8")
        store.write("https://elsewhere.example", Pair("c", "d"))
        [other] = [found for found in folder.iterdir() if found != path]
        other.write_text(text, "utf-8")

        assert store.read("https://elsewhere.example") is None

    def test_it_lies_with_the_data_of_other_programs(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

        assert default_folder() == tmp_path / "stockroom-keyring"


class TestCommand:
    def test_errors_are_one_line(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["login", "http://packages.example"]) == 1

        assert capsys.readouterr().err == (
            "error: http://packages.example is not safe: only https is, except on this machine\n"
        )

    def test_a_failed_login(
        self, folder: Path, stub: Stub, capsys: pytest.CaptureFixture[str]
    ) -> None:
        stub.answers = [(410, {})]

        assert main(["login", "--no-browser", stub.origin]) == 1

        assert "410" in capsys.readouterr().err

    def test_a_browser_is_opened(
        self, folder: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[str] = []
        monkeypatch.setattr("webbrowser.open", opened.append)
        stub.answers = [(200, {"access_token": token(), "refresh_token": "str_1"})]

        assert main(["login", stub.origin]) == 0

        assert opened[0].startswith(f"{stub.origin}/auth/cli/login/")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.bnVsbA.c", "a.W10.c", "a." + "W" * 99999])
def test_a_text_that_is_no_token_has_ended(text: str) -> None:
    assert ends_at(text) == 0.0
