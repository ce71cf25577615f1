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
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from stockroom.errors import ConfigurationInvalid

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REQUIRED: Any = dataclasses.MISSING
"""The default of a setting that has none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Declared:
    """One declared setting as it is shown to people."""

    name: str
    default: object
    help: str
    required: bool


def setting(
    *, parse: Callable[[str], T], help: str, default: T = REQUIRED, name: str | None = None
) -> T:
    """Declare one setting as the default of a dataclass field.

    ``name`` is the key in the ini file where it differs from the field's name.
    """
    field: Any = dataclasses.field(
        default=default, metadata={"parse": parse, "help": help, "name": name}
    )
    declaration: T = field
    return declaration


def declared(section: type, prefix: str = "") -> list[Declared]:
    """All settings that the dataclass ``section`` declares, in order."""
    return [
        Declared(
            name=prefix + (field.metadata["name"] or field.name),
            default=None if field.default is REQUIRED else field.default,
            help=field.metadata["help"],
            required=field.default is REQUIRED,
        )
        for field in dataclasses.fields(section)
    ]


def read_section(
    section: type[T], values: Mapping[str, str], prefix: str = ""
) -> tuple[T | None, list[str]]:
    """Parse the settings of ``section`` out of ``values``: the instance, or every error found."""
    found: dict[str, object] = {}
    errors = []
    for field in dataclasses.fields(cast(Any, section)):
        name = prefix + (field.metadata["name"] or field.name)
        text = values.get(name, "").strip()
        if not text:
            if field.default is REQUIRED:
                errors.append(f"{name} is missing: {field.metadata['help']}")
            continue
        try:
            found[field.name] = field.metadata["parse"](text)
        except ValueError as error:
            errors.append(f"{name} = {text}: {error}")
    return (None if errors else section(**found)), errors


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
        try:
            number = int(value)
        except ValueError:
            raise ValueError("must be a whole number") from None
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
    try:
        return tuple(ipaddress.ip_network(word) for word in words(value))
    except ValueError as error:
        raise ValueError(f"must be IP addresses or networks: {error}") from None


def url(*schemes: str) -> Callable[[str], str]:
    """Make a parser of absolute URLs with one of ``schemes``; final slashes are dropped."""

    def parse(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not parts.netloc:
            raise ValueError(f"must be a URL that starts with {' or '.join(schemes)}://")
        if parts.query or parts.fragment:
            raise ValueError("must be a URL without ? or #")
        return value.rstrip("/")

    return parse
