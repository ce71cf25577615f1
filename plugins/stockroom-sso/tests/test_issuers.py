"""What an issuer says about itself, and what becomes of one that is slow, verbose or a liar."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from sso_support.certificates import self_signed
from sso_support.doubles import REDIRECT_URI, Double, IssuerDouble, Reply, serving, sign_in
from sso_support.fixtures import MakeMethod
from stockroom.spi import LoginRefused
from stockroom_sso.issuers import Issuer
from stockroom_sso.kept import FAILED_SECONDS, KEPT_SECONDS, Kept
from stockroom_sso.openid import OpenIdMethod, Registration, Rules
from stockroom_sso.transport import LARGEST, Answer, Failed, Http, is_safe

DISCOVERY = "/.well-known/openid-configuration"


def refusal(method: OpenIdMethod, issuer: IssuerDouble) -> str:
    with pytest.raises(LoginRefused) as caught:
        sign_in(method, issuer)
    return caught.value.detail


def test_issuer_is_asked_once_for_what_it_is(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    for _ in range(3):
        sign_in(method, issuer)

    assert sorted(issuer.paths()) == [DISCOVERY, "/keys", *["/token"] * 3]


def test_nobody_is_asked_before_somebody_signs_in(
    make_method: MakeMethod, issuer: IssuerDouble
) -> None:
    make_method()

    assert issuer.asked == []


@pytest.mark.parametrize("name", ["https://evil.example", None, 7, "{base}/"])
def test_document_of_another_issuer_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, name: Any
) -> None:
    issuer.about["issuer"] = name.format(base=issuer.base) if isinstance(name, str) else name

    assert "calls itself another issuer" in refusal(method, issuer)


def test_name_of_an_issuer_may_end_with_a_slash(issuer: IssuerDouble) -> None:
    issuer.about["issuer"] = issuer.claims["iss"] = f"{issuer.base}/"
    registration = Registration(issuer=f"{issuer.base}/", client_id="stockroom")
    method = OpenIdMethod("sso", "Sign in", registration, Rules(), Http(seconds=10))

    assert sign_in(method, issuer).issuer == f"{issuer.base}/"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url", [None, 7, "", "/token", "http://corp.example/", "javascript:alert(1)", "https://[/"]
)
def test_endpoint_that_cannot_be_used_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, name: str, url: Any
) -> None:
    issuer.about[name] = url

    assert f"has no {name} that can be used" in refusal(method, issuer)
    assert issuer.paths() == [DISCOVERY]


class Claiming:
    """In place of Http: a server far away that says where it is asked."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, url: str) -> Answer:
        assert url == f"https://corp.example{DISCOVERY}"
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        document = {"issuer": "https://corp.example", **dict.fromkeys(names, self.url)}
        return Answer("corp.example", 200, json.dumps(document).encode())


def test_issuer_far_away_leads_nobody_to_this_machine() -> None:
    far: Any = Claiming("https://login.corp.example/")
    near: Any = Claiming("http://127.0.0.1:8000/")

    assert Issuer(far, "https://corp.example").endpoints().token == far.url
    with pytest.raises(Failed, match="has no authorization_endpoint that can be used"):
        Issuer(near, "https://corp.example").endpoints()


@pytest.mark.parametrize(
    ("url", "loopback", "safe"),
    [
        ("https://corp.example/authorize?tenant=7", False, True),
        ("http://127.0.0.1:8000/", True, True),
        ("http://[::1]:8000/", True, True),
        ("http://localhost/", True, True),
        # An issuer elsewhere must not send anybody to this machine.
        ("http://127.0.0.1:8000/", False, False),
        ("http://corp.example/", True, False),
        ("http://127.0.0.1.corp.example/", True, False),
        ("https://ada@corp.example/", True, False),
        ("https://corp.example/#x", True, False),
        ("https://corp.example/ x", True, False),
        ("https://corp.example\\@evil.example/", True, False),
        ("https://cörp.example/", True, False),
        ("https://corp.example:0/", True, False),
        ("https://corp.example:x/", True, False),
        ("file:///etc/passwd", True, False),
    ],
)
def test_urls_are_https_or_on_this_machine(url: str, loopback: bool, safe: bool) -> None:
    assert is_safe(url, loopback=loopback) is safe


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        (DISCOVERY, Reply({}, 500), "answered with status 500"),
        (DISCOVERY, Reply([]), "did not answer with a JSON object"),
        (DISCOVERY, Reply(pieces=lambda: iter([b"<html>"])), "did not answer with a JSON object"),
        (DISCOVERY, Reply(pieces=lambda: iter([b"[" * 200_000])), "not answer with a JSON object"),
        ("/keys", Reply({}), "has no keys that can be used"),
        ("/keys", Reply({"keys": {}}), "has no keys that can be used"),
        ("/keys", Reply({"keys": [{"kty": "EC"}]}), "has no keys that can be used"),
        ("/token", Reply({"error": "invalid_grant"}, 400), "refused the code (invalid_grant)"),
        ("/token", Reply({"error": "Call 555"}, 400), "refused the code (unknown reason)"),
        ("/token", Reply({"error": ["hush"]}, 400), "refused the code (unknown reason)"),
        ("/token", Reply({}, 503), "answered with status 503"),
        ("/token", Reply("no", 429), "answered with status 429"),
        ("/token", Reply("no"), "answered without a token"),
        ("/token", Reply({"id_token": "x"}), "answered without a token"),
        ("/token", Reply({"access_token": 7, "id_token": "x"}), "answered without a token"),
        ("/token", Reply({"access_token": "x", "expires_in": "soon"}), "answered without a token"),
        ("/token", Reply({"access_token": "x", "expires_in": 1e999}), "answered without a token"),
        ("/token", Reply({"access_token": "x"}), "the issuer gave no ID token"),
    ],
)
def test_answer_that_makes_no_sense_is_refused(
    method: OpenIdMethod, issuer: IssuerDouble, path: str, reply: Reply, reason: str
) -> None:
    issuer.replies[path] = reply

    told = refusal(method, issuer)

    assert reason in told
    assert "Call" not in told


@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token"])
@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirects_are_not_followed(
    method: OpenIdMethod, issuer: IssuerDouble, elsewhere: Double, path: str, status: int
) -> None:
    issuer.replies[path] = Reply({}, status, {"Location": f"{elsewhere.base}/"})

    assert "answered with a redirect, which is not followed" in refusal(method, issuer)
    assert elsewhere.asked == []


@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token"])
def test_answer_without_an_end_is_cut_off(
    method: OpenIdMethod, issuer: IssuerDouble, path: str
) -> None:
    issuer.replies[path] = Reply(pieces=lambda: itertools.repeat(b"x" * 65536))

    assert f"answered with more than {LARGEST} bytes" in refusal(method, issuer)


def test_compressed_answer_is_not_inflated(method: OpenIdMethod, issuer: IssuerDouble) -> None:
    issuer.replies[DISCOVERY] = Reply(
        headers={"Content-Encoding": "gzip"}, pieces=lambda: iter([b"\x1f\x8b"])
    )

    assert "did not answer with a JSON object" in refusal(method, issuer)
    assert issuer.asked[0].headers["Accept-Encoding"] == "identity"


def test_issuer_that_hangs_is_given_up_and_left_alone(
    make_method: MakeMethod, issuer: IssuerDouble
) -> None:
    released = Event()

    def hang() -> Iterator[bytes]:
        released.wait(20)
        yield b"{}"

    issuer.replies[DISCOVERY] = Reply(pieces=hang)
    method = make_method(Http(seconds=0.1))

    told = [refusal(method, issuer) for _ in range(3)]

    released.set()
    assert len(set(told)) == 1
    assert "did not answer within 0.1 seconds" in told[0]
    assert issuer.paths() == [DISCOVERY]


def test_issuer_that_answers_bit_by_bit_is_given_up(issuer: IssuerDouble) -> None:
    times = iter([0, 11])
    http = Http(seconds=10, clock=lambda: next(times))

    issuer.replies["/slow"] = Reply(pieces=lambda: itertools.repeat(b" " * 1024))

    with pytest.raises(Failed, match=r"did not answer within 10 seconds"):
        http.get(f"{issuer.base}/slow")


def test_issuer_that_is_not_there_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    registration = Registration(issuer="http://127.0.0.1:9", client_id="stockroom", secret="hush")
    method = OpenIdMethod("sso", "Sign in", registration, Rules(), Http(seconds=10))

    with pytest.raises(LoginRefused) as caught:
        method.start(REDIRECT_URI)

    assert caught.value.detail == (
        "Signing in did not work: 127.0.0.1:9 could not be reached (NewConnectionError). Try "
        "again, and tell your administrator if it goes on."
    )
    assert caplog.record_tuples == [
        (
            "stockroom_sso.failures",
            logging.WARNING,
            "signing in with sso failed: 127.0.0.1:9 could not be reached (NewConnectionError)",
        )
    ]


def test_secrets_are_in_no_log_and_in_no_traceback(
    make_method: MakeMethod, issuer: IssuerDouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    issuer.claims["exp"] = 1
    method = make_method()

    with pytest.raises(LoginRefused) as caught:
        sign_in(method, issuer)

    shown = f"{caplog.text} {caught.value!r} {vars(method)} {caught.value.__context__!r}"
    assert "it has expired" in caplog.text
    for secret in ("hush", "the code", "the access token", "eyJ"):
        assert secret not in shown


def test_client_with_a_secret_shows_it_in_a_header(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    sign_in(method, issuer)

    [asked] = [asked for asked in issuer.asked if asked.path == "/token"]
    assert asked.headers["Authorization"] == "Basic c3RvY2tyb29tOmh1c2g="
    assert asked.form.keys() == {"grant_type", "code", "code_verifier", "redirect_uri"}
    assert asked.form["redirect_uri"] == REDIRECT_URI


def test_client_shows_its_secret_in_the_form_if_the_issuer_wants_that(
    method: OpenIdMethod, issuer: IssuerDouble
) -> None:
    issuer.about["token_endpoint_auth_methods_supported"] = ["client_secret_post"]

    sign_in(method, issuer)

    [asked] = [asked for asked in issuer.asked if asked.path == "/token"]
    assert "Authorization" not in asked.headers
    assert asked.form["client_secret"] == "hush"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_kept_is_fetched_again_when_it_is_old() -> None:
    clock, numbers = Clock(), itertools.count()
    kept = Kept(lambda: str(next(numbers)), clock)

    first, second = kept.get(), kept.get()
    clock.now += KEPT_SECONDS
    third = kept.get()

    assert [first, second, third] == ["0", "0", "1"]
    assert kept.get(other_than=third) == "2"
    assert kept.get(other_than=third) == "2"


def test_failure_is_kept_for_a_moment() -> None:
    clock, outcomes = Clock(), iter([Failed("one"), Failed("two"), "value"])

    def fetch() -> object:
        outcome = next(outcomes)
        if isinstance(outcome, Failed):
            raise outcome
        return outcome

    kept: Kept[object] = Kept(fetch, clock)
    reasons = []
    for _ in range(4):
        with pytest.raises(Failed) as caught:
            kept.get()
        reasons.append(str(caught.value))
        clock.now += FAILED_SECONDS / 2
    clock.now += FAILED_SECONDS

    assert reasons == ["one", "one", "two", "two"]
    assert kept.get() == "value"


def test_server_needs_a_certificate_that_is_trusted_and_its_own(tmp_path: Path) -> None:
    trusted, context = self_signed(tmp_path, "localhost")
    another, wrong = self_signed(tmp_path, "corp.example")

    with serving(Double, context) as double, serving(Double, wrong) as impostor:
        for server in (double, impostor):
            server.replies["/"] = Reply({"here": "I am"})
        answer = Http(seconds=10, ca_file=str(trusted)).get(f"{double.base}/").document()
        for http, base in [
            (Http(seconds=10), double.base),
            (Http(seconds=10, ca_file=str(another)), double.base),
            (Http(seconds=10, ca_file=str(another)), impostor.base),
        ]:
            with pytest.raises(Failed, match=r"could not be reached \(SSLError\)"):
                http.get(f"{base}/")

    assert answer == {"here": "I am"}
