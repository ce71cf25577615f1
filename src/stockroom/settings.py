"""The server's settings: declared here once, read from the ini file, every error reported."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from stockroom.errors import ConfigurationInvalid
from stockroom.mail import read_server
from stockroom.spi.settings import (
    Network,
    PluginSettings,
    boolean,
    choice,
    declared,
    integer,
    line,
    networks,
    read_section,
    setting,
    url,
    words,
)

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


def database_url(value: str) -> str:
    """A SQLAlchemy URL of one of the supported databases, with the driver we ship."""
    scheme, separator, rest = value.partition("://")
    dialect = scheme.partition("+")[0]
    if not separator or dialect not in DRIVERS:
        raise ValueError("must be sqlite:///PATH or postgresql://USER@HOST/DATABASE")
    try:
        # An ArgumentError would quote the URL, and with it the password.
        database = make_url(f"{DRIVERS[dialect]}://{rest}").database or ""
    except (ArgumentError, ValueError):
        raise ValueError("is not a URL that SQLAlchemy understands") from None
    if dialect == "sqlite" and (not database or ":memory:" in database or rest[0] != "/"):
        raise ValueError("must name a file (sqlite:///PATH): several connections share it")
    if dialect == "sqlite" and database.startswith("file:"):
        raise ValueError("must name the file by its path: sqlite:///PATH")
    return f"{DRIVERS[dialect]}://{rest}"


def storage_url(value: str) -> str:
    """A URL whose scheme names a storage backend."""
    if not urlsplit(value).scheme:
        raise ValueError("must be a URL such as file:///srv/stockroom/files")
    return value


def mail_url(value: str) -> str:
    """A URL that says how mail is sent."""
    read_server(value)
    return value


def internal_path(value: str) -> str:
    """An absolute URL path, without a final slash."""
    path = value.rstrip("/")
    if not path.startswith("/") or not path.isascii() or any(ord(c) <= 32 for c in path):
        raise ValueError("must be a path such as /protected-files")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the core reads from ``[app:main]``."""

    database_url: str = setting(
        name="sqlalchemy.url",
        parse=database_url,
        help="The database: sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE.",
    )
    storage: str = setting(
        name="stockroom.storage",
        parse=storage_url,
        help="Where file content is kept: file:///FOLDER, or the URL of a storage plugin.",
    )
    plugins: tuple[str, ...] = setting(
        name="stockroom.plugins",
        parse=words,
        default=(),
        help="Plugins to enable, in order. Nothing is enabled by being installed.",
    )
    database_pool: int = setting(
        name="stockroom.database_pool",
        parse=integer(minimum=1, maximum=200),
        default=10,
        help="Database connections that one process may hold open.",
    )
    page_cache_mb: int = setting(
        name="stockroom.page_cache_mb",
        parse=integer(minimum=1, maximum=65536),
        default=64,
        help="Memory for ready index pages and core metadata, in MiB per process.",
    )
    index_cache_control: str = setting(
        name="stockroom.index_cache_control",
        parse=line,
        default="private, max-age=0, must-revalidate",
        help="Cache-Control of index pages. Any max-age above 0 hides new uploads for that long.",
    )
    file_urls: str = setting(
        name="stockroom.file_urls",
        parse=choice("relative", "absolute"),
        default="relative",
        help="Form of file URLs in index pages; absolute needs stockroom.base_url.",
    )
    base_url: str | None = setting(
        name="stockroom.base_url",
        parse=url("http", "https"),
        default=None,
        help="The address at which clients reach the server, such as https://packages.example.",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        name="stockroom.trusted_proxies",
        parse=networks,
        default=(),
        help="Proxies whose X-Forwarded-* headers are believed; everybody else's are dropped.",
    )
    x_accel_redirect: str | None = setting(
        name="stockroom.x_accel_redirect",
        parse=internal_path,
        default=None,
        help="Internal nginx location over the storage folder; files are then sent by nginx.",
    )
    session_idle_hours: int = setting(
        name="stockroom.session_idle_hours",
        parse=integer(minimum=1, maximum=24 * 365),
        default=24,
        help="Hours without use after which a browser has to sign in again.",
    )
    session_days: int = setting(
        name="stockroom.session_days",
        parse=integer(minimum=1, maximum=365),
        default=30,
        help="Days after which a browser has to sign in again, used or not.",
    )
    sign_up: bool = setting(
        name="stockroom.sign_up",
        parse=boolean,
        default=True,
        help="Whom a login method knows gets an account, without any rights, at the first sign-in.",
    )
    mail: str | None = setting(
        name="stockroom.mail",
        parse=mail_url,
        default=None,
        help="Mail: smtp://USER:PASSWORD@HOST:587?from=ADDRESS, or smtps://; needs base_url.",
    )
    jobs: str = setting(
        name="stockroom.jobs",
        parse=choice("embedded", "separate"),
        default="embedded",
        help="Where background jobs run: in the server's processes, or in `stockroom jobs`.",
    )
    upload2: bool = setting(
        name="stockroom.upload2",
        parse=boolean,
        default=False,
        help="Offer the draft Upload 2.0 API (PEP 694) below /v1/upload2/WORKSPACE/REGISTRY.",
    )


@dataclass(frozen=True, slots=True)
class Configuration:
    """The ini section, read in two steps because plugins declare settings of their own."""

    settings: Settings
    values: Mapping[str, str]
    command: str
    """How the command line is called on this server, for messages that say what to run."""

    def plugin_settings(self, sections: Mapping[str, type]) -> PluginSettings:
        """Parse ``plugin.<name>.*`` for the enabled plugins' declared sections.

        :raises ConfigurationInvalid: with every wrong value and every unknown key.
        """
        errors: list[str] = []
        parsed: dict[type, object] = {}
        known: list[str] = []
        for name, section in sections.items():
            prefix = f"plugin.{name}."
            known += [entry.name for entry in declared(section, prefix)]
            instance, wrong = read_section(section, self.values, prefix)
            errors += wrong
            parsed[section] = instance
        for key in self.values:
            if key.startswith("plugin.") and key not in known:
                errors.append(self._unknown_of_plugin(key, known))
        if errors:
            raise ConfigurationInvalid(*errors)
        return PluginSettings(parsed)

    def _unknown_of_plugin(self, key: str, known: Sequence[str]) -> str:
        name = key.split(".")[1]
        if name in self.settings.plugins:
            return _unknown(key, [other for other in known if other.split(".")[1] == name])
        return f"{key} is not a setting: the plugin {name} is not in stockroom.plugins"


def read_settings(values: Mapping[str, str], command: str = "stockroom -c INI") -> Configuration:
    """Read the core's settings from the key-value pairs of an ini section.

    Keys that Pyramid itself reads (``pyramid.*``) and those of plugins are left alone here.
    ``command`` is how the command line is called on this server.

    :raises ConfigurationInvalid: with every missing, wrong and unknown key.
    """
    settings, errors = read_section(Settings, values)
    known = [entry.name for entry in declared(Settings)]
    for key in values:
        if key not in known and not key.startswith(("plugin.", "pyramid.")):
            errors.append(_unknown(key, known))
    if settings and settings.file_urls == "absolute" and not settings.base_url:
        errors.append("stockroom.file_urls = absolute needs stockroom.base_url")
    if errors or settings is None:
        raise ConfigurationInvalid(*errors)
    return Configuration(settings, dict(values), command)


def _unknown(key: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else "; see `stockroom settings` for all keys"
    return f"{key} is not a setting{hint}"
