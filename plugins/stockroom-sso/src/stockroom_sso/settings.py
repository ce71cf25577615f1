"""Who may vouch for people, and what their groups give them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from stockroom.spi import TeamRole, setting
from stockroom.spi.settings import boolean, integer, line, text, words
from stockroom_sso.transport import is_safe

ROLES = ("reader", "writer", "admin", "owner")
"""From the lowest to the highest."""
GITHUB = "https://github.com"
GITHUB_API = "https://api.github.com"
_LONGEST_URL = 255
"""It is kept with every account."""
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]+(\.[a-z0-9-]+)+")
_ORGANISATION = re.compile(r"(?=.{1,39}\Z)[a-z0-9]+(-[a-z0-9]+)*", re.IGNORECASE)
_TEAM = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class GroupRole:
    """What the members of one group get."""

    group: str
    gives: TeamRole


def server_url(value: str) -> str:
    """The URL of a server, as it is: https, or http on this machine."""
    if not is_safe(value, loopback=True) or "?" in value:
        raise ValueError("must be a URL that starts with https:// (or http://localhost) and no ?")
    if len(value) > _LONGEST_URL:
        raise ValueError(f"must have at most {_LONGEST_URL} characters")
    return value


def domains(value: str) -> tuple[str, ...]:
    """Domains of e-mail addresses, in small letters."""
    found = words(value.lower())
    for domain in found:
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain} is no domain like corp.example")
    return found


def domain(value: str) -> str:
    """One domain, in small letters."""
    found = domains(value)
    if len(found) != 1:
        raise ValueError("must be one domain")
    return found[0]


def organisations(value: str) -> tuple[str, ...]:
    """Names of organisations at GitHub."""
    found = words(value)
    for name in found:
        if not _ORGANISATION.fullmatch(name):
            raise ValueError(f"{name} cannot be an organisation at GitHub")
    return found


def group_roles(value: str) -> tuple[GroupRole, ...]:
    """``GROUP=TEAM:ROLE`` with white space between them; quotes let it stand in a group's name."""
    found = []
    for entry in shlex.split(value):
        group, _, gives = entry.rpartition("=")
        team, _, role = gives.partition(":")
        if not group or not _TEAM.fullmatch(team) or role not in ROLES:
            raise ValueError(
                f"{entry} must be GROUP=TEAM:ROLE, and the role one of {', '.join(ROLES)}"
            )
        found.append(GroupRole(group, TeamRole(team, role)))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class SsoSettings:
    """``plugin.sso.*``."""

    issuer: str | None = setting(
        parse=server_url,
        default=None,
        help="OpenID issuer, exactly as it calls itself, such as https://login.corp.example.",
    )
    client_id: str | None = setting(
        parse=line, default=None, help="Client id of this server at the issuer."
    )
    client_secret: str | None = setting(
        parse=line, default=None, secret=True, help="Secret of the client; may be left out."
    )
    client_secret_file: str | None = setting(
        parse=line, default=None, help="File with the secret of the client, instead of the secret."
    )
    name: str = setting(
        parse=line, default="sso", help="Name in URLs: people come back to /sign-in/NAME/callback."
    )
    label: str = setting(
        parse=text, default="Sign in with single sign-on", help="Words on the button."
    )
    scopes: tuple[str, ...] = setting(
        parse=words,
        default=("openid", "profile", "email"),
        help="Scopes to ask for; some issuers have one more for groups.",
    )
    groups_claim: str = setting(
        parse=line, default="groups", help="Claim that holds the groups of a person."
    )
    roles: tuple[GroupRole, ...] = setting(
        parse=group_roles,
        default=(),
        help="Roles by group, such as engineers=acme:writer admins=acme:owner.",
    )
    github_client_id: str | None = setting(
        parse=line, default=None, help="Client id of this server's OAuth app at GitHub."
    )
    github_client_secret: str | None = setting(
        parse=line, default=None, secret=True, help="Secret of the OAuth app at GitHub."
    )
    github_client_secret_file: str | None = setting(
        parse=line, default=None, help="File with the secret of the OAuth app at GitHub."
    )
    github_organisations: tuple[str, ...] = setting(
        parse=organisations,
        default=(),
        help="Organisations at GitHub whose members may sign in.",
    )
    github_url: str = setting(
        parse=server_url, default=GITHUB, help="GitHub, or your own GitHub Enterprise Server."
    )
    github_api_url: str | None = setting(
        parse=server_url, default=None, help="API of GitHub, if it is not where it always is."
    )
    google_client_id: str | None = setting(
        parse=line, default=None, help="Client id of this server at Google."
    )
    google_client_secret: str | None = setting(
        parse=line, default=None, secret=True, help="Secret of the client at Google."
    )
    google_client_secret_file: str | None = setting(
        parse=line, default=None, help="File with the secret of the client at Google."
    )
    google_domain: str | None = setting(
        parse=domain,
        default=None,
        help="Google Workspace domain whose people may sign in.",
    )
    domains: tuple[str, ...] = setting(
        parse=domains,
        default=(),
        help="Domains of the verified e-mail address with which people may sign in at all.",
    )
    everybody: bool = setting(
        parse=boolean,
        default=False,
        help="Let in everybody who has an account at GitHub or Google, whoever they work for.",
    )
    timeout: int = setting(
        parse=integer(minimum=1, maximum=60),
        default=10,
        help="Seconds that a server may take for one answer.",
    )
    ca_file: str | None = setting(
        parse=line, default=None, help="Certificates (PEM) to trust instead of the machine's."
    )
