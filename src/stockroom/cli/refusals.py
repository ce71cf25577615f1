"""Telling people what is wrong: in sentences and with a status, without a traceback."""

from __future__ import annotations

import sys
from typing import IO, Any

import click

from stockroom.errors import ConfigurationInvalid, Problem

REFUSED = 1
"""The server is in order, but what was asked for cannot be done."""
UNUSABLE = 2
"""The command line, the settings, or what they name cannot be used."""


class Refusal(click.ClickException):
    """One or more sentences, each on a line of its own."""

    exit_code = REFUSED

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentences."""
        for message in self.messages:
            click.echo(f"error: {message}", file=file or sys.stderr)


class Unusable(Refusal):
    """The server cannot be used as it is set up."""

    exit_code = UNUSABLE


class CommandGroup(click.Group):
    """Turns what commands raise on purpose into refusals."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except ConfigurationInvalid as error:
            raise Unusable(*error.messages) from error
        except Problem as problem:
            raise Refusal(problem.detail) from problem
        except Exception as error:
            told = _of_database(error)
            if told is None:
                raise
            raise Refusal(told) from error


def _of_database(error: Exception) -> str | None:
    """What the database means by ``error``, if it comes from there and is nobody's mistake."""
    # What was never imported was not raised either, and the import takes a quarter of a second.
    errors = sys.modules.get("sqlalchemy.exc")
    if errors is None:
        return None
    if isinstance(error, errors.IntegrityError):
        return "somebody else has made or changed the same thing just now; look, and try again"
    if isinstance(error, errors.OperationalError):
        reason = " ".join(str(error.__cause__ or error).split())
        return f"the database refuses: {reason}"
    return None
