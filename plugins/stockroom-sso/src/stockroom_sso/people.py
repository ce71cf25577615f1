"""What servers say about people, in the shape in which it can be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stockroom.spi import ExternalUser, LoginRefused, TeamRole
from stockroom_sso.settings import ROLES, GroupRole

_LONGEST_NAME = 64
_LONGEST_FULL_NAME = 200
_LONGEST_EMAIL = 254


def name_of(*wishes: object) -> str:
    """The first of ``wishes`` that is a name; of an e-mail address the part before the @."""
    for wish in wishes:
        name = text_of(wish).partition("@")[0][:_LONGEST_NAME]
        if name:
            return name
    return ""


def full_name_of(value: object) -> str:
    """A person's full name; "" if it is none."""
    return text_of(value)[:_LONGEST_FULL_NAME]


def email_of(value: object) -> str:
    """An e-mail address; "" if it is none."""
    text = text_of(value)
    local, _, domain = text.rpartition("@")
    is_one = local and domain and " " not in text and len(text) <= _LONGEST_EMAIL
    return text if is_one else ""


def text_of(value: object) -> str:
    """A text on one line, without signs that cannot be seen; "" if it is none."""
    if not isinstance(value, str):
        return ""
    return "".join(sign for sign in " ".join(value.split()) if sign.isprintable())


def groups_of(value: object) -> frozenset[str]:
    """The groups in a claim: a list of names, or a single one."""
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(group for group in found if isinstance(group, str))


def roles_of(groups: frozenset[str], rules: Iterable[GroupRole]) -> tuple[TeamRole, ...]:
    """What ``groups`` give: in each team the highest role of all."""
    highest: dict[str, TeamRole] = {}
    for rule in rules:
        if rule.group in groups:
            known = highest.setdefault(rule.gives.team, rule.gives)
            if ROLES.index(rule.gives.role) > ROLES.index(known.role):
                highest[rule.gives.team] = rule.gives
    return tuple(highest.values())


def admitted(user: ExternalUser, domains: Sequence[str]) -> ExternalUser:
    """``user``, if their e-mail address is in one of ``domains``, or there are none.

    :raises LoginRefused: it is in another, or nobody has verified it.
    """
    if not domains:
        return user
    if not user.email_verified:
        raise LoginRefused(
            "Only people with a verified e-mail address may sign in here, and yours is not, or is "
            "not told. Verify it where you have your account, and sign in again."
        )
    if user.email.rpartition("@")[2].lower() not in domains:
        raise LoginRefused(
            f"Only people with an e-mail address at {' or '.join(domains)} may sign in here. Sign "
            "in with another account."
        )
    return user
