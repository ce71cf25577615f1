"""Running the server: from an ini file, or the embedded instance with what a newcomer needs."""

from __future__ import annotations

import errno
import logging
from pathlib import Path
from typing import Any

import click
import plaster
import waitress.server
from sqlalchemy import select

from stockroom import migrations
from stockroom.app import make_app
from stockroom.cli.site import ACTOR, Site
from stockroom.errors import ConfigurationInvalid
from stockroom.manage.keys import Keys
from stockroom.manage.places import Places
from stockroom.models import SCHEMA_REVISION, Workspace

WORKSPACE = "local"
MAX_BODY = 16 * 1024**3
"""Largest upload in bytes that waitress shall take for the embedded instance."""
BACKLOG = 1024

LINES = """\
Stockroom is ready at {base}
  index   {index}
  upload  {upload}
"""

WELCOME = """
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


def serve_ini(ini: Path) -> None:
    """Serve the application and server sections of an ini file, as pserve does."""
    if not ini.is_file():
        raise ConfigurationInvalid(f"there is no file {ini}")
    try:
        loader = plaster.get_loader(str(ini), protocols=["wsgi"])
        loader.setup_logging()
        server = loader.get_wsgi_server()
        application = loader.get_wsgi_app()
    except (LookupError, plaster.PlasterError) as error:
        raise ConfigurationInvalid(f"{ini} cannot be used: {error}") from error
    try:
        server(application)
    except OSError as error:
        raise _cannot_listen(error, f"the address in {ini}") from error


def serve_embedded(site: Site, host: str, port: int, threads: int) -> None:
    """Serve the embedded instance, which is made, and migrated, as needed."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _ = site.storage
    before = migrations.current_revision(site.database)
    if before != SCHEMA_REVISION:
        migrations.upgrade(site.database)
        if before is not None:
            click.echo(f"migrated the schema from {before} to {SCHEMA_REVISION}")
    key = _first_key(site)
    application = make_app(site.configuration)
    try:
        server: Any = waitress.server.create_server(
            application,
            host=host,
            port=port,
            threads=threads,
            backlog=BACKLOG,
            max_request_body_size=MAX_BODY,
            # Stockroom itself drops the forwarding headers of whom it does not trust.
            clear_untrusted_proxy_headers=False,
            ident="stockroom",
        )
    except OSError as error:
        raise _cannot_listen(error, f"{host}:{port}") from error
    _greet(host, server.effective_port, key)
    server.run()


def _first_key(site: Site) -> str | None:
    """Make the first workspace and its key; None when there is a workspace already."""
    with site.write() as session:
        if session.execute(select(Workspace.id).limit(1)).first():
            return None
        Places(session, ACTOR).create_workspace(WORKSPACE)
        return Keys(session, ACTOR).create("first key", role="writer", scope=WORKSPACE).secret


def _greet(host: str, port: int, key: str | None) -> None:
    name = f"[{host}]" if ":" in host else host
    base = f"http://{name}:{port}"
    index = f"/simple/{WORKSPACE}/main/"
    lines = {"base": base, "index": base + index, "upload": f"{base}/v1/upload/{WORKSPACE}/main"}
    click.echo(LINES.format(**lines), nl=False)
    if key is not None:
        with_key = f"http://__token__:{key}@{name}:{port}{index}"
        click.echo(WELCOME.format(key=key, index_with_key=with_key, **lines), nl=False)


def _cannot_listen(error: OSError, where: str) -> ConfigurationInvalid:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationInvalid(
            f"{where} is in use by another program; choose another port with --port"
        )
    return ConfigurationInvalid(f"cannot listen at {where}: {error.strerror or error}")
