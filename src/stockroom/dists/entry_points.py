"""The file entry_points.txt: which commands and plugins a distribution brings (U-89)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation

# Installers write a file of this name for each of these.
_COMMANDS = frozenset({"console_scripts", "gui_scripts"})
_COMMAND_NAME = re.compile(r"[\w.-]+\Z")


def entry_point_violations(data: bytes) -> Iterator[Violation]:
    """Check the content of entry_points.txt: UTF-8, sections of ``name = value``, each once."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        yield _invalid(f"it is not UTF-8 at byte {error.start}")
        return
    group, seen, indent = "", set[tuple[str, str]](), None
    for line in text.split("\n"):
        content = line.strip()
        if not content or content[0] in "#;":
            continue
        depth = len(line) - len(line.lstrip())
        # What is indented deeper than its predecessor continues the value of that.
        if indent is not None and depth > indent:
            continue
        if content[0] == "[" and content[-1] == "]":
            group, indent, name = content[1:-1], None, ""
        else:
            name, equals, _ = content.partition("=")
            name, indent = name.rstrip(), depth
            if not group or not equals or not name:
                yield _invalid(f"{quoted(content)} is no entry point")
                return
        if (group, name) in seen or not group:
            yield _invalid(f"{quoted(content)} is there twice, or has no name")
            return
        seen.add((group, name))
        if name and group in _COMMANDS and not _COMMAND_NAME.match(name):
            yield Violation(
                "content",
                "entry-point-name",
                f"The command {quoted(name)} of entry_points.txt must be a plain name of letters,"
                " digits, ., _ and -; rename it.",
            )


def _invalid(reason: str) -> Violation:
    return Violation(
        "content",
        "entry-points-invalid",
        f"The file entry_points.txt cannot be read: {reason}; correct it and rebuild.",
    )
