"""The documentation says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from stockroom.cli.reference import as_markdown
from stockroom.spi.settings import declared
from stockroom_s3.settings import S3Settings

PAGE = (Path(__file__).parents[3] / "docs" / "s3.md").read_text("utf-8")


def test_the_table_of_settings_is_the_declaration() -> None:
    table = as_markdown(declared(S3Settings, "plugin.s3."))

    assert f"\n\n{table.strip()}\n" in PAGE


def test_policies_are_json() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert [list(json.loads(block)) for block in blocks] == [["Version", "Statement"], ["Rules"]]
