"""A web server on loopback that answers whatever a test wants, and an issuer that says so."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from stockroom.spi import ExternalUser, LoginMethod

REDIRECT_URI = "http://127.0.0.1:1/sign-in/sso/callback"
CLIENT_ID = "stockroom"


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """One answer; JSON unless it is bytes, which are sent in these pieces."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Callable[[], Iterator[bytes]] | None = None


class Double:
    """Answers by path, and remembers what it was asked; ``base`` is its URL."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.replies: dict[str, Reply | Callable[[Asked], Reply]] = {}
        self.asked: list[Asked] = []

    def paths(self) -> list[str]:
        """The paths of all requests until now."""
        return [asked.path for asked in self.asked]

    def reply(self, asked: Asked) -> Reply:
        """The answer to a request."""
        self.asked.append(asked)
        reply = self.replies.get(asked.path, Reply({"message": "not found"}, 404))
        return reply if isinstance(reply, Reply) else reply(asked)


@contextmanager
def serving(make: Callable[[str], Double], tls: ssl.SSLContext | None = None) -> Iterator[Double]:
    """Run the double that ``make`` makes of its URL; with ``tls``, that is at localhost."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
            asked = Asked(
                self.path, dict(self.headers), {name: values[0] for name, values in form.items()}
            )
            reply = double.reply(asked)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            pieces = reply.pieces or (lambda: iter([json.dumps(reply.body).encode()]))
            try:
                for piece in pieces():
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                self.close_connection = True

        do_POST = do_GET  # noqa: N815 - http.server names it

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    double = make(f"http://127.0.0.1:{port}" if tls is None else f"https://localhost:{port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class IssuerDouble(Double):
    """An issuer for the client ``stockroom``; what it says can be changed before it is asked."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self.key = make_key("first")
        self.published = [self.key]
        self.nonce = ""
        self.claims: dict[str, Any] = {
            "iss": base,
            "sub": "1",
            "aud": CLIENT_ID,
            "exp": int(time.time()) + 60,
            "iat": int(time.time()),
            "email": "ada@corp.example",
            "email_verified": True,
        }
        self.about: dict[str, Any] = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
        }
        self.make_token: Callable[[], Any] = self.signed
        self.public_keys: Callable[[], list[Any]] = self.published_keys
        self.replies["/.well-known/openid-configuration"] = lambda _: Reply(self.about)
        self.replies["/keys"] = lambda _: Reply({"keys": self.public_keys()})
        self.replies["/token"] = lambda _: Reply(
            {
                "access_token": "the access token",
                "token_type": "Bearer",
                "id_token": self.make_token(),
            }
        )

    def published_keys(self) -> list[Any]:
        """What it publishes."""
        return [key.as_dict(private=False) for key in self.published]

    def all_claims(self) -> dict[str, Any]:
        """What an ID token says now; a claim that is None is left out."""
        claims = {"nonce": self.nonce, **self.claims}
        return {name: value for name, value in claims.items() if value is not None}

    def signed(self) -> str:
        """An ID token."""
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, self.all_claims(), self.key)


def make_key(kid: str) -> ECKey:
    """A fresh key pair."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"}, private=True)


def sign_in(method: LoginMethod, issuer: IssuerDouble | None = None, **query: str) -> ExternalUser:
    """Go to the issuer and come back at once, with these parameters instead of the right ones."""
    start = method.start(REDIRECT_URI)
    sent = parse_qs(urlsplit(start.url).query)
    if issuer is not None:
        issuer.nonce = sent["nonce"][0]
    answer = {"code": "the code", "state": sent["state"][0], **query}
    return method.finish(REDIRECT_URI, start.state, answer)
