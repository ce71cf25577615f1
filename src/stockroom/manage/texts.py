"""What people write beside a change: reasons and notes."""

from __future__ import annotations

import re

from stockroom.dists.quoting import quoted
from stockroom.manage.problems import InvalidText

MAX_REASON = 1000
"""Characters of a reason, which stands on every page of the package."""
MAX_NOTES = 64 * 1024
"""Bytes of a note in UTF-8."""
MAX_LINE = 255
"""Characters of a name that people give to a key, and the like."""
MAX_EMAIL = 254
EMAIL = re.compile(
    r"[^@\s\x00-\x20\x7f<>,;:\"\\()\[\]]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII
)
MAX_EXCERPT = 1000
"""Characters of a note that an event holds."""


def clean_reason(text: str | None) -> str | None:
    """``text`` without white space around it; None if nothing is left (S-44, S-48).

    :raises InvalidText: it is longer than ``MAX_REASON`` or no text that can be kept.
    """
    reason = (text or "").strip()
    _check_storable(reason, "the reason")
    if len(reason) > MAX_REASON:
        raise InvalidText(
            f"the reason has {len(reason)} characters, at most {MAX_REASON} are kept; "
            "put the rest into the notes"
        )
    return reason or None


def clean_notes(text: str | None) -> str | None:
    """``text`` without white space at its end; None if nothing is left.

    :raises InvalidText: it is longer than ``MAX_NOTES`` or no text that can be kept.
    """
    notes = (text or "").rstrip()
    _check_storable(notes, "the notes")
    size = len(notes.encode())
    if size > MAX_NOTES:
        raise InvalidText(
            f"the notes have {size} bytes, at most {MAX_NOTES} are kept; link to a longer text"
        )
    return notes or None


def excerpt(notes: str | None) -> str | None:
    """The beginning of ``notes`` for the audit trail, which is read by the page."""
    if notes is None or len(notes) <= MAX_EXCERPT:
        return notes
    return f"{notes[:MAX_EXCERPT]}..."


def clean_line(text: str, what: str) -> str:
    """A short text of one line, without white space around it.

    :raises InvalidText: it is longer than ``MAX_LINE`` or has characters that cannot be shown.
    """
    line = text.strip()
    if len(line) > MAX_LINE or not line.isprintable():
        raise InvalidText(f"{what} must be one line of up to {MAX_LINE} characters")
    return line


def clean_email(text: str | None) -> str | None:
    """An e-mail address in lower case; None if there is none.

    :raises InvalidText: nothing of that form is sent to (RFC 5321 section 4.5.3.1.3: 254 bytes).
    """
    address = (text or "").strip().lower()
    if not address:
        return None
    if len(address.encode(errors="replace")) > MAX_EMAIL or not EMAIL.fullmatch(address):
        raise InvalidText(f"{quoted(address)} is not an e-mail address such as ann@example.org")
    return address


def is_storable(text: str) -> bool:
    """Whether both databases can keep ``text``, and compare with it."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _check_storable(text: str, what: str) -> None:
    if not is_storable(text):
        raise InvalidText(f"{what} must be text without the character NUL and half characters")
