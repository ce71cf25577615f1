"""`stockroom settings` and `plugins`, and what the command says of itself."""

from __future__ import annotations

import configparser
import json
from pathlib import Path

import click
import pytest

from stockroom import __version__
from stockroom.cli import stockroom
from stockroom.settings import Settings
from stockroom.spi.settings import declared
from tests.support.cli import CommandLine, all_commands, stockroom_command

SECRET_URL = "postgresql://stockroom:hush-hush@db.example/stockroom"


@pytest.mark.parametrize("command", all_commands(stockroom), ids=" ".join)
def test_every_command_has_help_that_ends_in_a_sentence(command: tuple[str, ...]) -> None:
    output = stockroom_command(*command, "--help").stdout

    description = output.split("\n\n")[1].strip()
    assert description[0].isupper()
    assert description.endswith((".", "!"))


def test_every_option_has_help() -> None:
    without = [
        (command.name, parameter.name)
        for group in (stockroom, *stockroom.commands.values())
        for command in (group, *getattr(group, "commands", {}).values())
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]

    assert without == []


def test_commands_of_the_first_version() -> None:
    wanted = "init serve migrate settings plugins team workspace registry key package check"

    assert set(wanted.split()) <= stockroom.commands.keys()


def test_version() -> None:
    assert stockroom_command("--version").stdout == f"stockroom, version {__version__}\n"


def test_every_setting_is_shown_with_default_and_help() -> None:
    output = stockroom_command("settings").stdout

    for entry in declared(Settings):
        default = "required" if entry.required else f"default: {entry.default_text or 'none'}"
        assert f"{entry.name}  ({default})\n    {entry.help}\n" in output


def test_values_in_force_are_shown_without_passwords(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path, sqlalchemy__url=SECRET_URL, stockroom__page_cache_mb="7")

    text, markdown = cli.run("settings"), cli.run("settings", "--format", "markdown")
    ini = cli.run("settings", "--format", "ini")
    values = {entry["name"]: entry["value"] for entry in cli.json("settings")}

    assert "hush-hush" not in text + ini + markdown + str(values)
    assert "    = postgresql://stockroom:***@db.example/stockroom\n" in text
    assert values["sqlalchemy.url"] == "postgresql://stockroom:***@db.example/stockroom"
    assert values["stockroom.page_cache_mb"] == "7"
    assert values["stockroom.base_url"] is None


def test_settings_as_json_tell_name_default_and_help() -> None:
    entries = json.loads(stockroom_command("settings", "--json").stdout)

    assert [entry["name"] for entry in entries] == [entry.name for entry in declared(Settings)]
    [pool] = [entry for entry in entries if entry["name"] == "stockroom.database_pool"]
    assert (pool["default"], pool["required"], pool["value"]) == ("10", False, None)


def test_settings_as_ini_are_a_section_to_begin_with(tmp_path: Path) -> None:
    output = stockroom_command("settings", "--format", "ini").stdout

    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(output)
    assert dict(parser["app:main"]) == {
        "use": "egg:stockroom",
        "sqlalchemy.url": "",
        "stockroom.storage": "",
    }
    for entry in declared(Settings):
        if not entry.required:
            assert f"\n# {entry.name} = {entry.default_text}".rstrip() in output


def test_builtin_plugins_are_listed_with_their_hooks(cli: CommandLine) -> None:
    rows = cli.json("plugins")

    assert [row["name"] for row in rows] == ["filesystem", "fields"]
    assert rows[0] == {
        "name": "filesystem",
        "distribution": "stockroom",
        "version": __version__,
        "hooks": ["stockroom_storage_backends"],
    }
    assert "stockroom_storage_backends" in cli.run("plugins")


def test_ini_file_may_be_named_by_the_environment(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.run("workspace", "create", "acme")
    monkeypatch.setenv("STOCKROOM_CONFIG", str(cli.ini))

    assert "acme" in stockroom_command("workspace", "list").stdout


def test_two_servers_at_once_are_refused(cli: CommandLine, tmp_path: Path) -> None:
    result = stockroom_command(
        "-c", cli.ini, "--data-dir", tmp_path / "data", "key", "list", status=2
    )

    assert "name two servers" in result.stderr
