"""Handing a command the server that it is about."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from stockroom.cli.site import Site, site_of

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend

P = ParamSpec("P")
R = TypeVar("R")

KEY_VARIABLE = "STOCKROOM_KEY"


def pass_backend(command: Callable[Concatenate[Backend, P], R]) -> Callable[P, R]:
    """Hand a command the server on this machine, or the one that --server names."""

    def call(context: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return context.invoke(command, backend_of(site_of(context)), *args, **kwargs)

    return click.pass_context(update_wrapper(call, command))


def backend_of(site: Site) -> Backend:
    """The server on this machine, or the one that --server names; raises Unusable.

    Each kind is imported only where it is used: a remote command needs no database.
    """
    if site.remote is None:
        from stockroom.cli.backends.local import LocalBackend

        return LocalBackend(site)
    from stockroom.cli.backends.client import Client, read_key
    from stockroom.cli.backends.remote import RemoteBackend

    key = read_key(site.remote.key_file, os.environ.get(KEY_VARIABLE))
    return RemoteBackend(Client(site.remote.url, key))
