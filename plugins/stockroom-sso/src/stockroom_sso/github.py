"""Signing in with GitHub, which speaks OAuth 2.0 without OpenID Connect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stockroom.spi import ExternalUser, LoginRefused, LoginStart
from stockroom_sso.failures import told
from stockroom_sso.oauth import POST, Client, authorization_code
from stockroom_sso.people import admitted, email_of, full_name_of, name_of
from stockroom_sso.transport import Answer, Failed, Http


@dataclass(frozen=True, kw_only=True)
class OAuthApp:
    """This server's app at GitHub, or at a GitHub Enterprise Server."""

    url: str
    api_url: str
    client_id: str
    secret: str = field(repr=False)


class GitHubMethod:
    """A login method for people with an account at GitHub."""

    name = "github"
    label = "Sign in with GitHub"

    def __init__(
        self, app: OAuthApp, organisations: Sequence[str], domains: Sequence[str], http: Http
    ) -> None:
        scope = "read:user user:email" + (" read:org" if organisations else "")
        self._app = app
        self._organisations = organisations
        self._domains = domains
        self._http = http
        self._client = Client(http, app.client_id, app.secret, scope)

    def start(self, redirect_uri: str) -> LoginStart:
        """Send the person to GitHub."""
        url = f"{self._app.url}/login/oauth/authorize"
        return self._client.start(url, redirect_uri, nonce=False)

    def finish(
        self, redirect_uri: str, state: Mapping[str, str], query: Mapping[str, str]
    ) -> ExternalUser:
        """Who GitHub says that has come back."""
        with told(self.name):
            code = authorization_code(query, state)
            url = f"{self._app.url}/login/oauth/access_token"
            token = self._client.fetch(url, redirect_uri, code, state, POST)
            return self._user(str(token["access_token"]))

    def _user(self, token: str) -> ExternalUser:
        account = self._get("/user", token).document()
        number = account.get("id")
        # The name of an account can change, and be taken by somebody else then.
        if not isinstance(number, int) or isinstance(number, bool):
            raise Failed("GitHub did not say who it is")
        if self._organisations and not self._is_member(token):
            raise LoginRefused(
                f"Only members of {' or '.join(self._organisations)} at GitHub may sign in here. "
                "If you are one, the organisation has still to approve this application."
            )
        email = self._verified_email(token)
        user = ExternalUser(
            issuer=self._app.url,
            external_id=str(number),
            name=name_of(account.get("login"), str(number)),
            full_name=full_name_of(account.get("name")),
            email=email,
            email_verified=bool(email),
        )
        return admitted(user, self._domains)

    def _is_member(self, token: str) -> bool:
        for organisation in self._organisations:
            answer = self._get(f"/user/memberships/orgs/{organisation}", token)
            # 403 where an organisation has not approved the app, 404 where one is no member.
            if answer.status_code in {403, 404}:
                continue
            if answer.document().get("state") == "active":
                return True
        return False

    def _verified_email(self, token: str) -> str:
        """The primary address, if the person has shown that it is theirs; "" otherwise."""
        answer = self._get("/user/emails", token)
        answer.raise_for_status()
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, list):
            raise Failed("GitHub did not answer with a list of e-mail addresses")
        return next((email_of(entry["email"]) for entry in found if _is_primary(entry)), "")

    def _get(self, path: str, token: str) -> Answer:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        return self._http.get(self._app.api_url + path, headers)


def _is_primary(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("primary") is True
        and entry.get("verified") is True
        and "email" in entry
    )
