"""Arguments that several commands take, and what they name."""

from __future__ import annotations

import click

from stockroom.errors import BadRequest

REGISTRY = click.argument("registry", metavar="WORKSPACE/REGISTRY")
NAME = click.argument("name")
VERSION = click.argument("version", required=False)
FILE = click.option("--file", "filename", metavar="FILENAME", help="Only this file of the package.")
REASON = click.option("--reason", help="Kept in the audit trail.")


def split_registry(text: str) -> tuple[str, str]:
    """``WORKSPACE/NAME`` in its two parts; raises BadRequest."""
    workspace_name, slash, name = text.partition("/")
    if not slash or not workspace_name or not name or "/" in name:
        raise BadRequest(f"{text!r} must be WORKSPACE/NAME, such as acme/main")
    return workspace_name, name


def check_not_both(version: str | None, filename: str | None) -> None:
    """Make sure that a command is about a release or a file; raises UsageError."""
    if version is not None and filename is not None:
        raise click.UsageError("give a VERSION or --file FILENAME, not both")
