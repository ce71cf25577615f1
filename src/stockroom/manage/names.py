"""The rule for names that people give to things: they stand in URLs."""

from __future__ import annotations

import re

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stockroom.db import Base
from stockroom.errors import InvalidName
from stockroom.manage.problems import NameTaken

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)


def check_name(name: str) -> None:
    """Make sure that something may be called so.

    :raises InvalidName: it may not.
    """
    if not NAME.fullmatch(name):
        raise InvalidName(
            f"{name!r} cannot be a name in URLs: use 1 to 64 lower-case letters, digits and "
            "hyphens, beginning and ending with a letter or digit"
        )


def insert_unique(session: Session, row: Base, taken: str) -> None:
    """Write a new or changed row, whose name was free a moment ago.

    :raises NameTaken: with the sentence ``taken``; somebody else has taken it in this moment.
    """
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise NameTaken(taken) from error
