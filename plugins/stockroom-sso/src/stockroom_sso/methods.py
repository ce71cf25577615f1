"""The login methods that the settings ask for; ValueError where these do not fit together."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from stockroom.spi import LoginMethod
from stockroom_sso.github import GitHubMethod, OAuthApp
from stockroom_sso.openid import OpenIdMethod, Registration, Rules
from stockroom_sso.settings import GITHUB, GITHUB_API, SsoSettings
from stockroom_sso.transport import Http

GOOGLE = "https://accounts.google.com"


def login_methods(settings: SsoSettings) -> list[LoginMethod]:
    """A method for each client that is named: of the issuer, of GitHub, of Google."""
    makers: list[tuple[str | None, Callable[[SsoSettings, Http], LoginMethod]]] = [
        (settings.client_id, openid_method),
        (settings.github_client_id, github_method),
        (settings.google_client_id, google_method),
    ]
    if bool(settings.issuer) != bool(settings.client_id):
        raise ValueError("plugin.sso.issuer and plugin.sso.client_id go together: set both")
    if not any(client_id for client_id, _ in makers):
        raise ValueError(
            "the plugin sso knows no client: set plugin.sso.issuer and plugin.sso.client_id, "
            "plugin.sso.github_client_id or plugin.sso.google_client_id"
        )
    if settings.ca_file:
        _check_certificates(settings.ca_file)
    http = Http(seconds=settings.timeout, ca_file=settings.ca_file)
    return [make(settings, http) for client_id, make in makers if client_id]


def openid_method(settings: SsoSettings, http: Http) -> OpenIdMethod:
    """People of the OpenID issuer."""
    if "openid" not in settings.scopes:
        raise ValueError("plugin.sso.scopes must name openid")
    registration = Registration(
        issuer=settings.issuer or "",
        client_id=settings.client_id or "",
        secret=_secret(settings.client_secret, settings.client_secret_file, ""),
        scopes=settings.scopes,
    )
    rules = Rules(
        domains=settings.domains, groups_claim=settings.groups_claim, roles=settings.roles
    )
    return OpenIdMethod(settings.name, settings.label, registration, rules, http)


def github_method(settings: SsoSettings, http: Http) -> GitHubMethod:
    """People with an account at GitHub."""
    url = settings.github_url.rstrip("/")
    # A GitHub Enterprise Server has its API below itself.
    api_url = settings.github_api_url or (GITHUB_API if url == GITHUB else f"{url}/api/v3")
    secret = _secret(settings.github_client_secret, settings.github_client_secret_file, "github_")
    if not secret:
        raise ValueError("plugin.sso.github_client_id needs plugin.sso.github_client_secret")
    _check_narrow(
        settings, "github_client_id", "github_organisations", settings.github_organisations
    )
    app = OAuthApp(
        url=url,
        api_url=api_url.rstrip("/"),
        client_id=settings.github_client_id or "",
        secret=secret,
    )
    return GitHubMethod(app, settings.github_organisations, settings.domains, http)


def google_method(settings: SsoSettings, http: Http, issuer: str = GOOGLE) -> OpenIdMethod:
    """People with an account at Google."""
    secret = _secret(settings.google_client_secret, settings.google_client_secret_file, "google_")
    if not secret:
        raise ValueError("plugin.sso.google_client_id needs plugin.sso.google_client_secret")
    _check_narrow(settings, "google_client_id", "google_domain", settings.google_domain)
    registration = Registration(
        issuer=issuer, client_id=settings.google_client_id or "", secret=secret
    )
    rules = Rules(domains=settings.domains, hosted_domain=settings.google_domain)
    return OpenIdMethod("google", "Sign in with Google", registration, rules, http)


def _check_narrow(settings: SsoSettings, client: str, limit: str, given: object) -> None:
    """Make sure that not all the world may sign in, unless that is what somebody wants."""
    if not (given or settings.domains or settings.everybody):
        raise ValueError(
            f"plugin.sso.{client} alone would let everybody in who has an account there: set "
            f"plugin.sso.{limit} or plugin.sso.domains, or plugin.sso.everybody = on"
        )


def _check_certificates(file: str) -> None:
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        raise ValueError(
            f"plugin.sso.ca_file = {file}: holds no certificates ({type(error).__name__})"
        ) from None


def _secret(secret: str | None, file: str | None, prefix: str) -> str:
    """The secret itself, or what its file holds on a single line; "" if there is none."""
    if file is None:
        return secret or ""
    key = f"plugin.sso.{prefix}client_secret_file"
    if secret is not None:
        raise ValueError(f"{key} stands beside the secret itself: take one of them out")
    try:
        found = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{key} = {file}: cannot be read ({type(error).__name__})") from None
    if not found or not found.isprintable():
        raise ValueError(f"{key} = {file}: must hold the secret on one line")
    return found
