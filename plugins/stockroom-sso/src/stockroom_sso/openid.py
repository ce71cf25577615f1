"""Signing in with an OpenID provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stockroom.spi import ExternalUser, LoginRefused, LoginStart, TeamRole
from stockroom_sso.failures import told
from stockroom_sso.issuers import Endpoints, Issuer
from stockroom_sso.oauth import Client, authorization_code
from stockroom_sso.people import (
    admitted,
    email_of,
    full_name_of,
    groups_of,
    name_of,
    roles_of,
)
from stockroom_sso.settings import GroupRole
from stockroom_sso.tokens import IdTokens
from stockroom_sso.transport import Failed, Http

SCOPES = ("openid", "profile", "email")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Who may come in, and what they get."""

    domains: Sequence[str] = ()
    groups_claim: str = "groups"
    roles: Sequence[GroupRole] = ()
    hosted_domain: str | None = None
    """The Google Workspace that people must belong to: a claim that other issuers do not know."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What this server is called at the issuer; a secret that is empty is none."""

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    scopes: Sequence[str] = SCOPES


class OpenIdMethod:
    """A login method for one OpenID issuer."""

    def __init__(
        self, name: str, label: str, registration: Registration, rules: Rules, http: Http
    ) -> None:
        self.name = name
        self.label = label
        self._rules = rules
        self._http = http
        self._issuer = Issuer(http, registration.issuer)
        self._id_tokens = IdTokens(self._issuer, registration.client_id)
        self._client = Client(
            http, registration.client_id, registration.secret, " ".join(registration.scopes)
        )

    def start(self, redirect_uri: str) -> LoginStart:
        """Send the person to the issuer."""
        domain = self._rules.hosted_domain
        wishes = {"hd": domain} if domain else {}
        with told(self.name):
            url = self._issuer.endpoints().authorization
            return self._client.start(url, redirect_uri, nonce=True, **wishes)

    def finish(
        self, redirect_uri: str, state: Mapping[str, str], query: Mapping[str, str]
    ) -> ExternalUser:
        """Who the issuer says that has come back."""
        with told(self.name):
            endpoints = self._issuer.endpoints()
            code = authorization_code(
                query, state, self._issuer.name, says_issuer=endpoints.says_issuer
            )
            token = self._client.fetch(
                endpoints.token, redirect_uri, code, state, endpoints.auth_method
            )
            claims = self._id_tokens.claims(token.get("id_token"), state["nonce"])
            claims = self._with_userinfo(claims, endpoints, str(token["access_token"]))
            return self._user(claims)

    def _with_userinfo(
        self, claims: dict[str, Any], endpoints: Endpoints, access_token: str
    ) -> dict[str, Any]:
        """``claims`` with those that this issuer tells at its userinfo endpoint only."""
        wanted = {"email"}
        if self._rules.roles:
            wanted.add(self._rules.groups_claim)
        if endpoints.userinfo is None or wanted <= claims.keys():
            return claims
        answer = self._http.get(endpoints.userinfo, {"Authorization": f"Bearer {access_token}"})
        more = answer.document()
        # What is said about somebody else must not be mixed in (OpenID Connect, section 5.3.4).
        if more.get("sub") != claims["sub"]:
            raise Failed("the issuer told about somebody else")
        return {**more, **claims}

    def _user(self, claims: Mapping[str, Any]) -> ExternalUser:
        rules = self._rules
        if rules.hosted_domain and claims.get("hd") != rules.hosted_domain:
            raise LoginRefused(
                f"Only people of {rules.hosted_domain} may sign in here. Sign in with another "
                "account."
            )
        email = email_of(claims.get("email"))
        user = ExternalUser(
            issuer=self._issuer.name,
            external_id=claims["sub"],
            name=name_of(claims.get("preferred_username"), email, claims["sub"]),
            full_name=full_name_of(claims.get("name")),
            email=email,
            # Some issuers write the word.
            email_verified=bool(email) and claims.get("email_verified") in (True, "true"),
            roles=self._roles(claims) if rules.roles else None,
        )
        return admitted(user, rules.domains)

    def _roles(self, claims: Mapping[str, Any]) -> tuple[TeamRole, ...]:
        claim = self._rules.groups_claim
        elsewhere = claims.get("_claim_names")
        if isinstance(elsewhere, dict) and claim in elsewhere:
            # Else the person would lose the roles of all groups, and never learn why.
            raise Failed(f"the issuer left out the claim {claim}, since there are too many groups")
        return roles_of(groups_of(claims.get(claim)), self._rules.roles)
