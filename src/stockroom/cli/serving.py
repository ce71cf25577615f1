"""Running the server: from an ini file, or the embedded instance with what a newcomer needs."""

from __future__ import annotations

import errno
import gc
import logging
import socket
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, NamedTuple, cast

import click

from stockroom import migrations
from stockroom.accounts.joining import Links
from stockroom.app import Application, make_app
from stockroom.cli.site import ACTOR, Site, read_ini
from stockroom.cli.webserver import WebServer
from stockroom.errors import ConfigurationInvalid
from stockroom.manage.keys import Keys
from stockroom.manage.places import FIRST_REGISTRY, Places
from stockroom.models import SCHEMA_REVISION
from stockroom.resources import Directory

WORKSPACE = "local"
EMBEDDED = {
    # Bytes of the largest upload.
    "max_request_body_size": 16 * 1024**3,
    # uv alone opens up to 100 connections.
    "connection_limit": 1000,
    # Without it, waitress cannot have 1024 connections and files open.
    "asyncore_use_poll": True,
    # Stockroom itself drops the forwarding headers of whom it does not trust.
    "clear_untrusted_proxy_headers": False,
    "ident": "stockroom",
}
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on

READY = "Stockroom is ready at {base}\n"

ADDRESSES = """\
  index   {index}
  upload  {upload}
"""

NEW_KEY = """\
New keys: {command} key create --scope {workspace} --role writer
"""

FIRST_OWNER = """
Make your account, which owns this server; the link works once, within 24 hours:

  {owner_link}
"""

FIRST_KEY = """
API key, shown this once only:

  {key}

Publish:
  uv publish --publish-url {upload} --token {key} dist/*
  twine upload --repository-url {upload} -u __token__ -p {key} dist/*

Install:
  uv pip install --default-index {index_with_key} NAME
  pip install --index-url {index_with_key} NAME

~/.pypirc:
  [distutils]
  index-servers = stockroom
  [stockroom]
  repository = {upload}
  username = __token__
  password = {key}
"""


class FirstSecrets(NamedTuple):
    """What is shown at the first start and never again: an API key, and the secret of a link."""

    key: str
    link: str


def serve_ini(ini: Path) -> None:
    """Serve the application and server sections of an ini file, as pserve does.

    :raises ConfigurationInvalid: with every reason why it cannot start.
    """
    import plaster

    read_ini(ini)
    loader = plaster.get_loader(str(ini), protocols=["wsgi"])
    try:
        run = _runner(ini, loader.get_settings("server:main"), loader.get_wsgi_server)
        loader.setup_logging()
    except Exception as error:  # PasteDeploy and logging raise whatever their parts raise.
        raise ConfigurationInvalid(f"{ini} cannot be used: {_one_line(error)}") from error
    try:
        application = loader.get_wsgi_app()
    except SystemExit as error:
        # What the application factory makes of it for pserve.
        raise error.__cause__ or error from None
    with closing(application) if hasattr(application, "close") else nullcontext():
        _end_of_start()
        run(application)


def serve_embedded(site: Site, host: str, port: int, threads: int) -> None:
    """Serve the embedded instance, which is made, and migrated, as needed.

    :raises ConfigurationInvalid: it cannot be made, or nothing can listen at that address.
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _prepare(site)
    with closing(make_app(site.configuration)) as application:
        try:
            server = WebServer(application, host=host, port=port, threads=threads, **EMBEDDED)
        except (OSError, ValueError) as error:
            raise _cannot_listen(error, f"{host}:{port}", "with --port") from error
        # Only now: the key can be shown this once only, so nothing may fail in between.
        first = _first_secrets(site)
        base = _base(host, server.addresses[0][1])
        click.echo(_greeting(site.command, base, _first_registry(application), first), nl=False)
        _end_of_start()
        server.run()


def _end_of_start() -> None:
    """Take everything made until now out of the garbage collector's sight, and switch it on."""
    gc.freeze()
    gc.enable()


def _runner(
    ini: Path, settings: dict[str, str], get_other: Callable[[], Any]
) -> Callable[[Any], object]:
    """What runs an application as the server section says; waitress in our own way."""
    if settings.pop("use", "") not in ("egg:waitress", "egg:waitress#main"):
        try:
            run: Callable[[Any], object] = get_other()
        except LookupError as error:
            raise LookupError(
                "it has no section [server:main] that names a server; "
                "`use = egg:waitress#main` and `listen = 127.0.0.1:8000` would do"
            ) from error
        return run

    def run_waitress(application: Any) -> None:
        try:
            server = WebServer(application, **settings)
        except OSError as error:
            raise _cannot_listen(error, f"the address in {ini}", "in that file") from error
        except ValueError as error:
            raise ConfigurationInvalid(
                f"{ini} cannot be used: [server:main]: {_one_line(error)}"
            ) from error
        for host, port in server.addresses:
            click.echo(READY.format(base=_base(host, port)), nl=False)
        server.run()

    return run_waitress


def _prepare(site: Site) -> None:
    """Make the embedded instance, or bring it to the newest schema."""
    site.make_data_dir()
    _ = site.storage
    before = migrations.current_revision(site.database)
    if before != SCHEMA_REVISION:
        migrations.upgrade(site.database)
        if before is not None:
            click.echo(f"migrated the schema from {before} to {SCHEMA_REVISION}")


def _first_secrets(site: Site) -> FirstSecrets | None:
    """Make the first workspace, its key, and the link for whoever owns the server.

    None when there is a workspace already.
    """
    with site.write() as session:
        places = Places(session, ACTOR)
        if places.has_workspaces():
            return None
        places.create_workspace(WORKSPACE)
        minted = Keys(session, ACTOR).create_with_robot("first key", role="writer", scope=WORKSPACE)
        return FirstSecrets(minted.secret, Links(session, ACTOR).for_first_owner())


def _greeting(command: str, base: str, registry: str | None, first: FirstSecrets | None) -> str:
    """What the terminal shows; the lines for clients only where there is a key to put in."""
    if registry is None:
        return READY.format(base=base)
    index, upload = f"{base}/simple/{registry}/", f"{base}/v1/upload/{registry}"
    parts = READY + ADDRESSES + (NEW_KEY if first is None else FIRST_OWNER + FIRST_KEY)
    key = first.key if first else ""
    return parts.format(
        base=base,
        index=index,
        upload=upload,
        key=key,
        owner_link=f"{base}/join/{first.link}" if first else "",
        index_with_key=index.replace("://", f"://__token__:{key}@"),
        workspace=WORKSPACE,
        command=command,
    )


def _first_registry(application: Application) -> str | None:
    """The registry that the first start made, unless it has been replaced by others."""
    directory = cast(Directory, application.services[Directory])
    workspace = directory.snapshot().workspaces.get(WORKSPACE)
    if workspace is None or FIRST_REGISTRY not in workspace.registries:
        return None
    return f"{WORKSPACE}/{FIRST_REGISTRY}"


def _base(host: str, port: str) -> str:
    if host == "unix":
        return f"unix:{port}"
    name = socket.gethostname() if host in EVERY_ADDRESS else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _cannot_listen(error: Exception, where: str, remedy: str) -> ConfigurationInvalid:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return ConfigurationInvalid(
            f"{where} is in use by another program; choose another port {remedy}"
        )
    reason = getattr(error, "strerror", None) or _one_line(error)
    return ConfigurationInvalid(f"cannot listen at {where}: {reason}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
