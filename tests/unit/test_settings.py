"""Settings: each parser on its own, and how a section of an ini file is read as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, fields
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.errors import ConfigurationInvalid
from stockroom.settings import (
    Settings,
    database_url,
    internal_path,
    read_settings,
    storage_url,
)
from stockroom.spi.settings import (
    as_text,
    boolean,
    choice,
    declared,
    integer,
    line,
    masked,
    networks,
    read_section,
    setting,
    text,
    url,
    words,
)

MINIMAL = {"sqlalchemy.url": "sqlite:////srv/stockroom.db", "stockroom.storage": "file:///srv"}


def refusal(parse: Callable[[str], Any], value: str) -> str:
    """What a parser says of a value that it must refuse."""
    with pytest.raises(ValueError, match=r"^(must|names|is) ") as caught:
        parse(value)
    return str(caught.value)


def errors_of(**changes: str) -> list[str]:
    """Every message about a section that is minimal but for ``changes`` (``__`` is a dot)."""
    values = {**MINIMAL, **{name.replace("__", "."): value for name, value in changes.items()}}
    with pytest.raises(ConfigurationInvalid) as caught:
        read_settings(values)
    return list(caught.value.messages)


# Parsers


@pytest.mark.parametrize("value", ["on", "On", "true", "TRUE", "yes", "1"])
def test_boolean_on(value: str) -> None:
    assert boolean(value) is True


@pytest.mark.parametrize("value", ["off", "False", "no", "0"])
def test_boolean_off(value: str) -> None:
    assert boolean(value) is False


@pytest.mark.parametrize("value", ["", "2", "maybe", "on off", "ja"])
def test_boolean_refuses(value: str) -> None:
    assert refusal(boolean, value) == "must be on or off"


@given(st.integers(-(10**17), 10**17))
def test_integer_reads_what_python_writes(number: int) -> None:
    assert integer(minimum=-(10**18))(str(number)) == number


@given(st.integers(), st.integers(0, 1000))
def test_integer_stays_between_its_bounds(number: int, span: int) -> None:
    parse = integer(minimum=100, maximum=100 + span)

    if 100 <= number <= 100 + span:
        assert parse(str(number)) == number
    else:
        refusal(parse, str(number))


@pytest.mark.parametrize(
    "value", ["", "many", "1.0", "1e3", "1_000", "0x10", "\u0661", "1 2", "9" * 5000]
)
def test_integer_refuses_what_is_no_plain_number(value: str) -> None:
    assert refusal(integer(minimum=0), value) == "must be a whole number"


def test_integer_tells_its_bounds() -> None:
    assert refusal(integer(minimum=1), "0") == "must be at least 1"
    assert refusal(integer(minimum=1, maximum=9), "10") == "must be at least 1 and at most 9"


def test_choice_takes_its_options_only() -> None:
    parse = choice("relative", "absolute")

    assert parse("relative") == "relative"
    assert refusal(parse, "Relative") == "must be one of relative, absolute"


@given(st.text())
def test_text_is_left_as_it_is(value: str) -> None:
    assert text(value) == value


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_line_takes_printable_ascii(value: str) -> None:
    assert line(value) == value


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\x00", "a\tb", "é", "\x7f", "\u2028"])
def test_line_refuses_what_would_break_a_header(value: str) -> None:
    assert refusal(line, value) == "must be one line of printable ASCII"


@given(
    st.lists(
        st.text(st.characters(categories=["L", "N", "P"], exclude_characters=","), min_size=1),
        unique=True,
    ),
    st.sampled_from([" ", ",", ", ", "\n", "\n    ", " ,\t"]),
)
def test_words_are_separated_by_space_or_comma(found: list[str], separator: str) -> None:
    assert words(separator.join(found)) == tuple(found)


def test_words_refuse_the_same_word_twice() -> None:
    assert refusal(words, "s3 osv s3") == "names a word twice"


@given(st.lists(st.ip_addresses(), unique=True, max_size=5))
def test_networks_take_addresses(addresses: list[Any]) -> None:
    assert networks(" ".join(map(str, addresses))) == tuple(map(ip_network, addresses))


def test_networks_take_networks() -> None:
    assert networks("10.0.0.0/8, ::1/128") == (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize("value", ["localhost", "10.0.0.0/33", "10.0.0.1/8", "10.0.0", "::1 *"])
def test_networks_refuse(value: str) -> None:
    assert refusal(networks, value).startswith("must be IP addresses or networks: ")


def test_networks_refuse_the_same_one_twice() -> None:
    assert refusal(networks, "::1 ::1") == "names a word twice"


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("https://packages.example", "https://packages.example"),
        ("https://packages.example/", "https://packages.example"),
        ("http://127.0.0.1:8000/pypi//", "http://127.0.0.1:8000/pypi"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_url_loses_its_final_slash(value: str, parsed: str) -> None:
    assert url("http", "https")(value) == parsed


@pytest.mark.parametrize(
    "value",
    [
        "",
        "packages.example",
        "//packages.example",
        "ftp://packages.example",
        "https://",
        "https://:8000",
        "https:///path",
        "https://packages.example:port",
        "https://packages.example:99999",
        "https://packages.example:0",
        "https://[::1",
        "https://packages.example?a=b",
        "https://packages.example#x",
        "https://packages.example/a b",
        "https://packages.example/a\nb",
    ],
)
def test_url_refuses(value: str) -> None:
    refusal(url("http", "https"), value)


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("sqlite:////srv/stockroom.db", "sqlite:////srv/stockroom.db"),
        ("sqlite:///stockroom.db", "sqlite:///stockroom.db"),
        ("sqlite+pysqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("postgresql://u:p@h:5432/db?sslmode=require",) * 2,
        ("postgresql+psycopg2://u@/db?host=/run/pg", "postgresql://u@/db?host=/run/pg"),
    ],
)
def test_database_url_gets_the_driver_we_ship(value: str, parsed: str) -> None:
    assert database_url(value) == parsed.replace("postgresql://", "postgresql+psycopg://")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "stockroom.db",
        "/srv/stockroom.db",
        "mysql://u@h/db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://srv/stockroom.db",
        "sqlite:///file:stockroom.db?uri=true",
        "postgresql://u@h:port/db",
    ],
)
def test_database_url_refuses(value: str) -> None:
    refusal(database_url, value)


def test_database_url_never_repeats_the_password() -> None:
    assert "hush" not in refusal(database_url, "postgresql://u:hush@h:port/db")
    assert "hush" not in refusal(database_url, "oracle://u:hush@h/db")


@pytest.mark.parametrize("value", ["file:///srv/files", "s3://bucket/prefix?region=x"])
def test_storage_url_needs_a_scheme(value: str) -> None:
    assert storage_url(value) == value
    assert refusal(storage_url, value.partition(":")[2]).startswith("must be a URL such as")


@pytest.mark.parametrize(
    ("value", "parsed"), [("/files", "/files"), ("/a/b/", "/a/b"), ("/files//", "/files")]
)
def test_internal_path_loses_its_final_slash(value: str, parsed: str) -> None:
    assert internal_path(value) == parsed


@pytest.mark.parametrize("value", ["", "/", "//", "files", "/a b", "/a\nb", "/é", "http://h/files"])
def test_internal_path_refuses(value: str) -> None:
    assert refusal(internal_path, value) == "must be a path such as /protected-files"


# What is shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://u:hush@h/db", "postgresql://u:***@h/db"),
        ("postgresql+psycopg://u:hu/sh@h/db", "postgresql+psycopg://u:***@h/db"),
        ("postgresql://u:hu@sh@h/db", "postgresql://u:***@h/db"),
        ("postgresql://:hush@h/db", "postgresql://:***@h/db"),
        ("postgresql://u@h/db?password=hush&x=1", "postgresql://u@h/db?password=***&x=1"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("file:///srv/a@b", "file:///srv/a@b"),
        ("https://packages.example:8000/x", "https://packages.example:8000/x"),
        ("10", "10"),
    ],
)
def test_password_of_a_url_is_masked(value: str, shown: str) -> None:
    assert masked(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "on"),
        (False, "off"),
        ((), ""),
        (("s3", "osv"), "s3 osv"),
        (10, "10"),
        (networks("10.0.0.0/8"), "10.0.0.0/8"),
    ],
)
def test_value_as_it_stands_in_an_ini_file(value: object, shown: str) -> None:
    assert as_text(value) == shown


# The core's section


def test_minimal_section_has_the_declared_defaults() -> None:
    settings = read_settings(MINIMAL).settings

    for field in fields(Settings):
        if field.name not in ("database_url", "storage"):
            assert getattr(settings, field.name) == field.default


@pytest.mark.parametrize("entry", declared(Settings), ids=lambda entry: entry.name)
def test_written_default_reads_as_the_default(entry: Any) -> None:
    if entry.required:
        return
    written = read_settings({**MINIMAL, entry.name: entry.default_text}).settings

    assert written == read_settings(MINIMAL).settings


def test_settings_cannot_be_changed() -> None:
    settings = read_settings(MINIMAL).settings

    with pytest.raises(FrozenInstanceError):
        settings.storage = "elsewhere"  # type: ignore[misc]


def test_space_around_a_value_is_dropped() -> None:
    values = {**MINIMAL, "stockroom.page_cache_mb": "  7\n"}

    assert read_settings(values).settings.page_cache_mb == 7


@pytest.mark.parametrize("name", MINIMAL)
def test_missing_setting_is_told_with_its_help(name: str) -> None:
    [error] = errors_of(**{name.replace(".", "__"): " "})

    assert error.startswith(f"{name} is missing: ")


def test_misspelt_key_gets_a_suggestion() -> None:
    assert errors_of(stockroom__trusted_proxy="::1") == [
        "stockroom.trusted_proxy is not a setting; did you mean stockroom.trusted_proxies?"
    ]


def test_key_like_no_other_gets_a_pointer() -> None:
    assert errors_of(zzz="1") == ["zzz is not a setting; see `stockroom settings` for all keys"]


def test_keys_of_pyramid_are_left_alone() -> None:
    assert read_settings({**MINIMAL, "pyramid.debug_all": "on"}).settings.plugins == ()


def test_absolute_file_urls_need_the_base_url() -> None:
    assert errors_of(stockroom__file_urls="absolute") == [
        "stockroom.file_urls = absolute needs stockroom.base_url"
    ]


def test_wrong_value_is_repeated_without_its_password() -> None:
    [error] = errors_of(sqlalchemy__url="mysql://u:hush@h/db")

    assert error.startswith("sqlalchemy.url = mysql://u:***@h/db: must be sqlite:///PATH or ")


# A plugin's section


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The settings of a plugin."""

    hours: int = setting(parse=integer(minimum=1), default=6, help="Hours between two.")
    token: str = setting(parse=choice("good"), secret=True, help="The token.")


def test_section_is_read_with_its_prefix() -> None:
    section, errors = read_section(Sample, {"plugin.osv.token": "good"}, "plugin.osv.")

    assert errors == []
    assert section == Sample(hours=6, token="good")


def test_section_with_an_error_is_not_made() -> None:
    section, errors = read_section(Sample, {"hours": "0"})

    assert section is None
    assert errors == ["hours = 0: must be at least 1", "token is missing: The token."]


def test_wrong_secret_is_not_repeated() -> None:
    _, errors = read_section(Sample, {"token": "hush"})

    assert errors == ["token = ***: must be one of good"]


def test_declarations_are_listed_in_order() -> None:
    hours, token = declared(Sample, "plugin.osv.")

    assert (hours.name, hours.default_text, hours.required) == ("plugin.osv.hours", "6", False)
    assert (token.name, token.default_text, token.required) == ("plugin.osv.token", "", True)
    assert (hours.shown("7"), token.shown("hush")) == ("7", "***")


def test_field_that_is_not_declared_is_refused() -> None:
    @dataclass
    class Careless:
        hours: int = 6

    with pytest.raises(TypeError, match="the field hours is not declared"):
        declared(Careless)


def test_instance_of_a_section_is_found_by_its_class() -> None:
    values = {**MINIMAL, "stockroom.plugins": "osv", "plugin.osv.token": "good"}

    found = read_settings(values).plugin_settings({"osv": Sample})

    assert found.of(Sample).hours == 6


def test_section_that_nobody_declared_is_refused() -> None:
    found = read_settings(MINIMAL).plugin_settings({})

    with pytest.raises(ConfigurationInvalid, match="Sample is not returned by any"):
        found.of(Sample)
