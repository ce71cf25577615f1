"""The statuses of a package are the same wherever they are written down."""

from __future__ import annotations

from typing import get_args, get_type_hints

from stockroom.cli.packages import STATUSES as OF_THE_COMMAND
from stockroom.manage.api.packages import PackagePatch
from stockroom.manage.packages import STATUSES


def test_command_line_and_api_know_the_same_statuses() -> None:
    of_the_body, _unset = get_args(get_type_hints(PackagePatch)["status"])

    assert tuple(OF_THE_COMMAND.choices) == get_args(of_the_body) == STATUSES
