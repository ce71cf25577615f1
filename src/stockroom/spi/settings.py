"""Declaring settings: once, with type, default and help, in a frozen dataclass.

    @dataclass(frozen=True, kw_only=True)
    class OsvSettings:
        refresh_hours: int = setting(parse=integer(minimum=1), default=6, help="Hours between ...")

A plugin returns such a class from ``stockroom_settings``; its fields are then read from
``plugin.<name>.<field>``. Parsers take the text of the ini file and raise ValueError with the
second half of a sentence ("must be a whole number").
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from stockroom.errors import ConfigurationInvalid

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REQUIRED: Any = dataclasses.MISSING
"""The default of a setting that has none."""

HIDDEN = "***"
"""What is shown in place of a secret."""
PASSWORD_IN_URL = re.compile(r"^([A-Za-z][\w+.-]*://[^/:@]*:).+(?=@)|(?<=[?&]password=)[^&]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Declared:
    """One declared setting as it is shown to people."""

    name: str
    default: object
    help: str
    required: bool
    secret: bool

    @property
    def default_text(self) -> str:
        """The default as it would stand in an ini file; "" where there is none."""
        return as_text(self.default)

    def shown(self, value: str) -> str:
        """``value`` as it may be shown to people: without secrets."""
        return HIDDEN if self.secret else masked(value)


def setting(
    *,
    parse: Callable[[str], T],
    help: str,
    default: T = REQUIRED,
    name: str | None = None,
    secret: bool = False,
) -> T:
    """Declare one setting as the default of a dataclass field.

    ``name`` is the key in the ini file where it differs from the field's name. The value of a
    ``secret`` setting is never shown; the password of a URL is not shown either way.
    """
    field: Any = dataclasses.field(
        default=default, metadata={"parse": parse, "help": help, "name": name, "secret": secret}
    )
    declaration: T = field
    return declaration


def declared(section: type, prefix: str = "") -> list[Declared]:
    """All settings that the dataclass ``section`` declares, in order.

    :raises TypeError: it is no dataclass whose fields are all made with :func:`setting`.
    """
    return [_declared(field, prefix) for field in dataclasses.fields(section)]


def _declared(field: dataclasses.Field[Any], prefix: str) -> Declared:
    if "parse" not in field.metadata:
        raise TypeError(f"the field {field.name} is not declared by stockroom.spi.setting()")
    return Declared(
        name=prefix + (field.metadata["name"] or field.name),
        default=None if field.default is REQUIRED else field.default,
        help=field.metadata["help"],
        required=field.default is REQUIRED,
        secret=field.metadata["secret"],
    )


def read_section(
    section: type[T], values: Mapping[str, str], prefix: str = ""
) -> tuple[T | None, list[str]]:
    """Parse the settings of ``section`` out of ``values``: the instance, or every error found."""
    found: dict[str, object] = {}
    errors = []
    for field in dataclasses.fields(cast(Any, section)):
        entry = _declared(field, prefix)
        value = values.get(entry.name, "").strip()
        if not value:
            if entry.required:
                errors.append(f"{entry.name} is missing: {entry.help}")
            continue
        try:
            found[field.name] = field.metadata["parse"](value)
        except ValueError as error:
            errors.append(f"{entry.name} = {entry.shown(value)}: {error}")
    return (None if errors else section(**found)), errors


def masked(value: str) -> str:
    """``value`` without the password of a URL in it."""
    return PASSWORD_IN_URL.sub(lambda match: (match[1] or "") + HIDDEN, value)


def as_text(value: object) -> str:
    """A parsed value as it would stand in an ini file."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case tuple():
            return " ".join(map(str, value))
    return str(value)


class PluginSettings:
    """The parsed settings of every enabled plugin, found by their class."""

    def __init__(self, sections: Mapping[type, object]) -> None:
        self._sections = sections

    def of(self, section: type[T]) -> T:
        """The instance of ``section``; raises ConfigurationInvalid if nobody declared it."""
        try:
            return cast(T, self._sections[section])
        except KeyError:
            raise ConfigurationInvalid(
                f"{section.__qualname__} is not returned by any stockroom_settings hook"
            ) from None


def text(value: str) -> str:
    """Any text."""
    return value


def line(value: str) -> str:
    """One line of printable ASCII, such as the value of an HTTP header."""
    if not (value.isascii() and value.isprintable()):
        raise ValueError("must be one line of printable ASCII")
    return value


def boolean(value: str) -> bool:
    """Read ``on/off``, ``true/false``, ``yes/no``, ``1/0``."""
    match value.lower():
        case "on" | "true" | "yes" | "1":
            return True
        case "off" | "false" | "no" | "0":
            return False
    raise ValueError("must be on or off")


def integer(*, minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Make a parser of whole numbers between ``minimum`` and ``maximum``."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            raise ValueError("must be a whole number")
        number = int(value)
        if number < minimum or (maximum is not None and number > maximum):
            above = f" and at most {maximum}" if maximum is not None else ""
            raise ValueError(f"must be at least {minimum}{above}")
        return number

    return parse


def choice(*options: str) -> Callable[[str], str]:
    """Make a parser that takes one of ``options``."""

    def parse(value: str) -> str:
        if value not in options:
            raise ValueError(f"must be one of {', '.join(options)}")
        return value

    return parse


def words(value: str) -> tuple[str, ...]:
    """Words separated by white space, commas or line ends; a word may stand only once."""
    found = tuple(value.replace(",", " ").split())
    if len(set(found)) != len(found):
        raise ValueError("names a word twice")
    return found


def networks(value: str) -> tuple[Network, ...]:
    """IP addresses or networks (``127.0.0.1 10.0.0.0/8 ::1``)."""
    found = words(value)
    try:
        return tuple(ipaddress.ip_network(word) for word in found)
    except ValueError as error:
        raise ValueError(f"must be IP addresses or networks: {error}") from None


def url(*schemes: str) -> Callable[[str], str]:
    """Make a parser of absolute URLs with one of ``schemes``; final slashes are dropped."""
    starts = " or ".join(f"{scheme}://" for scheme in schemes)

    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            is_complete = bool(parts.hostname) and parts.port != 0
        except ValueError as error:
            raise ValueError(f"must be a URL: {error}") from None
        if parts.scheme not in schemes or not is_complete:
            raise ValueError(f"must be a URL that starts with {starts} and names a host")
        if not value.isprintable() or set(value) & set(" ?#"):
            raise ValueError("must be a URL without spaces, ? or #")
        return value.rstrip("/")

    return parse
