"""The headers of a metadata file: from bytes to text by field, whatever the bytes are (U-61).

A metadata file looks like an e-mail, but only its headers are given to the e-mail parser: the
description is the bulk of the file, and read as an e-mail's body it could be a nested multipart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.parser import HeaderParser
from email.policy import compat32
from textwrap import dedent

from stockroom.dists.limits import MAX_METADATA_BYTES, MAX_METADATA_LINES
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import MetadataRefused
from stockroom.spi.violations import Violation

_ADDED = {
    (1, 0): "metadata-version name version platform summary description keywords home-page author"
    " author-email license",
    (1, 1): "supported-platform download-url classifier requires provides obsoletes",
    (1, 2): "maintainer maintainer-email requires-python requires-dist provides-dist"
    " obsoletes-dist requires-external project-url",
    (2, 1): "description-content-type provides-extra",
    (2, 2): "dynamic",
    (2, 4): "license-expression license-file",
    (2, 5): "import-name import-namespace",
}
KNOWN_FIELDS = {name: version for version, names in _ADDED.items() for name in names.split()}
"""The fields of the core metadata, in lower case, with the Metadata-Version that added them."""

# The end of the headers: a line that neither is one nor continues one.
_NO_FIELD = re.compile(r"^(?![!-9;-~]+:|[ \t])", re.MULTILINE)
_PIPE = "       |"


@dataclass(frozen=True, slots=True)
class Headers:
    """The text of a metadata file: the values of each field in order, and what follows them.

    ``fields`` has names in lower case; ``warnings`` grows while fields are asked for. A value that
    is empty or ``UNKNOWN``, which old tools wrote for want of a value, counts as absent.
    """

    fields: dict[str, list[str]]
    body: str
    warnings: list[str]

    def raw(self, name: str) -> list[str]:
        """The values of a field on one line each, whatever they are."""
        return [_unfolded(value) for value in self.fields.get(name.lower(), ())]

    def many(self, name: str) -> tuple[str, ...]:
        """The values of a field that may occur many times."""
        return tuple(value for value in self.raw(name) if _is_known(value))

    def one(self, name: str) -> str | None:
        """The value of a field that occurs once, on one line; of several the first."""
        return self._first(name, self.raw(name))

    def text(self, name: str) -> str | None:
        """The value of a field that may have several lines; of several the first."""
        return self._first(name, [_dedented(v) for v in self.fields.get(name.lower(), ())])

    def _first(self, name: str, values: list[str]) -> str | None:
        if len(values) > 1:
            self.warnings.append(f"{name} is given more than once; the first one is used.")
        return values[0] if values and _is_known(values[0]) else None


def read_headers(data: bytes) -> Headers:
    """Read a metadata file as far as it can be read; raises MetadataRefused if it is too large."""
    if len(data) > MAX_METADATA_BYTES:
        raise MetadataRefused(metadata_too_large())
    text, warnings = _decoded(data)
    head, body = _split(text, warnings)
    # Counted first, because millions of tiny fields would fill the memory.
    if head.count("\n") > MAX_METADATA_LINES:
        raise MetadataRefused(
            Violation(
                "metadata",
                "metadata-too-many-lines",
                f"The fields of the metadata have more than {MAX_METADATA_LINES} lines; shorten"
                " them.",
            )
        )
    fields: dict[str, list[str]] = {}
    for name, value in HeaderParser(policy=compat32).parsestr(head).items():
        fields.setdefault(name.lower(), []).append(value)
    return Headers(fields, body, warnings)


def metadata_too_large() -> Violation:
    """Say that a metadata file is beyond the limit, which whoever unpacks it may see first."""
    return Violation(
        "metadata",
        "metadata-too-large",
        f"The metadata is larger than {MAX_METADATA_BYTES} bytes; shorten the description.",
    )


def _decoded(data: bytes) -> tuple[str, list[str]]:
    """Decode a file, in the end with LF lines and without NUL, which no database can store."""
    warnings = []
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        text = data.decode(errors="replace")
        warnings.append(f"The metadata is not UTF-8 at byte {error.start}; it was replaced by �.")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "\\x00")
        warnings.append("The metadata holds NUL characters; they were escaped.")
    return text, warnings


def _split(text: str, warnings: list[str]) -> tuple[str, str]:
    """Part the headers from the description, which follows the first empty line."""
    end = _NO_FIELD.search(text)
    if end is None:
        return text, ""
    head, body = text[: end.start()], text[end.start() :]
    if body[:1] not in ("", "\n"):
        line = body.partition("\n")[0]
        warnings.append(
            f"The metadata has a line that is no field, {quoted(line)}; what follows is"
            " taken for the description."
        )
    return head, body.removeprefix("\n")


def _is_known(value: str) -> bool:
    return value not in ("", "UNKNOWN")


def _unfolded(value: str) -> str:
    return " ".join(value.split()) if "\n" in value else value.strip()


def _dedented(value: str) -> str:
    """Undo the two ways in which fields of several lines have been indented."""
    first, newline, rest = value.partition("\n")
    if not newline:
        return value.strip()
    lines = rest.split("\n")
    if all(line.startswith(_PIPE) for line in lines):
        rest = "\n".join(line.removeprefix(_PIPE) for line in lines)
    else:
        rest = dedent(rest)
    return f"{first}\n{rest}".strip()
