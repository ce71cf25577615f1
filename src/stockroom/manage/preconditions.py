"""Telling the states of things apart, so that nobody overwrites what they have not seen."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from stockroom.manage.problems import PreconditionFailed
from stockroom.policies import Quotas
from stockroom.spi.settings import declared


def etag_of(package_id: int, created_at: datetime, serial: int) -> str:
    """The entity tag of a package's state; a package that was made anew never has an old one."""
    return f'"{package_id:x}-{int(created_at.timestamp() * 1_000_000):x}-{serial:x}"'


def tag_of(*parts: object) -> str:
    """The entity tag of a state that is described by JSON values, whatever made it so."""
    return f'"{hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]}"'


def settings_tag(place_id: int, policy: Quotas) -> str:
    """The entity tag of the settings in force in a registry or a team."""
    return tag_of(place_id, [getattr(policy, entry.name) for entry in declared(type(policy))])


def check_if_match(if_match: str | None, etag: str | None) -> None:
    """Compare the value of an If-Match header with the tag of the present state.

    None is no header, and the tag of what is not there: nothing matches that, not even ``*``
    (RFC 9110 section 13.1.1).

    :raises PreconditionFailed: the header names other states only.
    """
    if if_match is None:
        return
    # Proxies that compress mark a tag as weak; this one names the state, whatever its bytes are.
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if etag is None or not tags & {etag, "*"}:
        raise PreconditionFailed(
            "it was changed since you looked at it; look again, then repeat the request "
            "with the new ETag"
        )
