"""`stockroom events export`."""

from __future__ import annotations

import json

from tests.support.cli import CommandLine


def test_the_trail_is_exported_as_json_lines(cli: CommandLine) -> None:
    cli.run("workspace", "create", "acme")

    lines = [json.loads(line) for line in cli.run("events", "export").splitlines()]
    teams = cli.run("events", "export", "--kind", "team", "--since", "2020-01-01")

    kinds = ["registry.created", "workspace.created", "team.created"]
    assert [line["kind"] for line in lines] == kinds
    assert [json.loads(line) for line in teams.splitlines()] == lines[2:]
    assert cli.run("events", "export", "--until", "2020-01-01T00:00:00") == ""
