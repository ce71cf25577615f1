"""Telling the states of a package apart, so that nobody overwrites what they have not seen."""

from __future__ import annotations

from datetime import datetime

from stockroom.manage.problems import PreconditionFailed


def etag_of(package_id: int, created_at: datetime, serial: int) -> str:
    """The entity tag of a package's state; a package that was made anew never has an old one."""
    return f'"{package_id:x}-{int(created_at.timestamp() * 1_000_000):x}-{serial:x}"'


def check_if_match(if_match: str | None, etag: str) -> None:
    """Compare the value of an If-Match header with the tag of the present state; None is no header.

    :raises PreconditionFailed: the header names other states only.
    """
    if if_match is None:
        return
    # Proxies that compress mark a tag as weak; this one names the state, whatever its bytes are.
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if not tags & {etag, "*"}:
        raise PreconditionFailed(
            "the package was changed since you looked at it; look again, then repeat the request "
            "with the new ETag"
        )
