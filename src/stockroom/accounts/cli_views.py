"""The doors of programs that sign in (uv-client.md section 3), of key lists, of found secrets.

Who may pass them depends on the secret that they bring and on nothing else, which is why no view
here asks for a permission: it would turn away the old token with which somebody signs out.
"""

from __future__ import annotations

import hashlib

import msgspec
from pyramid.config import Configurator

from stockroom.accounts.disclosure import Disclosure
from stockroom.accounts.pace import Pace
from stockroom.accounts.programs import Pair, Programs
from stockroom.bodies import read_body
from stockroom.errors import BadRequest
from stockroom.feed import Origin
from stockroom.security.credentials import token_of
from stockroom.security.identity import REFUSED
from stockroom.security.tokens import AccessTokens
from stockroom.web import READS, Ready, Request, at

NO_STORE = ("Cache-Control", "no-store")
JWKS_CACHED = ("Cache-Control", "public, max-age=3600")
"""Keys are made known a day before they sign, so that an hour does no harm."""
MOST_DISCLOSED = 100
"""Secrets in one report."""
PROGRAMS_A_MINUTE = 6000
"""Of one address, behind which there may be a hundred programs that ask every second."""
REPORTS_A_MINUTE = 60
ANYBODY = "anonymous"


class _Refresh(msgspec.Struct):
    refresh_token: str


class _Disclosed(msgspec.Struct):
    token: str
    type: str = ""
    url: str = ""


class Doors:
    """The views; each node counts for itself how often an address comes."""

    def __init__(self) -> None:
        self._programs = Pace(PROGRAMS_A_MINUTE)
        self._reports = Pace(REPORTS_A_MINUTE)

    def status(self, context: object, request: Request) -> Ready:
        """The tokens of a login that was approved, once (uv-client.md 3.2).

        Anybody may ask: the code in the URL is the secret.
        """
        address = _address(request)
        self._programs.count(address)
        agent = request.environ.get("HTTP_USER_AGENT", "")
        code = request.matchdict["code"]
        return _json(_document(request.service(Programs).collect(code, agent, address)))

    def refresh(self, context: object, request: Request) -> Ready:
        """New tokens for a refresh token (uv-client.md 3.4), with or without a Content-Type.

        Anybody may ask: the refresh token is the secret.
        """
        address = _address(request)
        self._programs.count(address)
        token = read_body(request, _Refresh, "").refresh_token
        return _json(_document(request.service(Programs).refresh(token, address)))

    def access_token(self, context: object, request: Request) -> Ready:
        """An access token for an API key (uv-client.md 3.5); there is no body.

        Anybody may ask: the key is the secret, and carries no more afterwards than before.
        """
        self._programs.count(_address(request))
        return _json({"access_token": request.service(Programs).exchange(request.identity)})

    def logout(self, context: object, request: Request) -> Ready:
        """End the login of an access token (uv-client.md 3.6).

        Anybody may ask: the token is the secret, and may be one that is good for nothing else.
        """
        address = _address(request)
        self._programs.count(address)
        token = token_of(request.environ.get("HTTP_AUTHORIZATION", "")) or ""
        request.service(Programs).logout(token, address)
        return _json({})

    def jwks(self, context: object, request: Request) -> Ready:
        """The public keys of access tokens (RFC 7517); anybody may ask, they are public."""
        tokens = request.service(AccessTokens)
        # A list without the key that signs next would be kept for an hour.
        tokens.prepare()
        body = msgspec.json.encode(tokens.jwks())
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = [JWKS_CACHED, ("ETag", etag)]
        known = request.environ.get("HTTP_IF_NONE_MATCH", "").split(",")
        if {etag, f"W/{etag}", "*"} & {tag.strip() for tag in known}:
            return Ready("304 Not Modified", headers, ())
        headers += [
            ("Content-Type", "application/jwk-set+json"),
            ("Content-Length", str(len(body))),
        ]
        return Ready("200 OK", headers, (body,))

    def disclose(self, context: object, request: Request) -> Ready:
        """Revoke secrets that were found somewhere (O-24); always 204, to tell nobody which.

        Anybody may ask: who knows a secret could do worse with it.
        """
        address = _address(request)
        self._reports.count(address)
        found = read_body(request, list[_Disclosed], "", "text/plain")
        if len(found) > MOST_DISCLOSED:
            raise BadRequest(f"send at most {MOST_DISCLOSED} secrets at once")
        identity = request.identity
        known = None if identity in (None, REFUSED) else identity
        origin = Origin(known.credential if known else None, address)
        for entry in found:
            actor = known.subject if known else ANYBODY
            request.service(Disclosure).report(entry.token, entry.url, actor, origin)
        return Ready("204 No Content", [NO_STORE], ())


def _address(request: Request) -> str:
    found: str = request.environ.get("REMOTE_ADDR", "")
    return found


def _document(pair: Pair) -> dict[str, str]:
    return {"access_token": pair.access_token, "refresh_token": pair.refresh_token}


def _json(value: object) -> Ready:
    body = msgspec.json.encode(value)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        NO_STORE,
    ]
    return Ready("200 OK", headers, (body,))


def configure(config: Configurator) -> None:
    """Routes and views; HEAD is not a GET where asking has an effect."""
    views = Doors()
    for name, pattern, methods, view in (
        ("cli.status", "/auth/cli/status/{code}", ("GET",), views.status),
        ("cli.refresh", "/auth/cli/refresh", ("POST",), views.refresh),
        ("cli.access-token", "/auth/cli/access-token", ("POST",), views.access_token),
        ("cli.logout", "/auth/cli/logout", ("GET",), views.logout),
        ("jwks", "/.well-known/jwks.json", READS, views.jwks),
        ("secrets.disclose", "/v1/secrets/disclose", ("POST",), views.disclose),
    ):
        config.add_route(name, pattern, factory=at(methods=methods))
        config.add_view(view, route_name=name)
