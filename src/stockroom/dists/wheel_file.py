"""The file WHEEL: the version of the format, and what the filename says too (U-91)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from math import prod

from stockroom.dists.filenames import MAX_TAGS, WheelFilename
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation

_RULE = "U-91"
_POLICY = "wheel_tags"
_VERSION = re.compile(r"([0-9]{1,4})\.[0-9]{1,4}\Z", re.ASCII)
_MAJOR = 1


def wheel_file_findings(data: bytes, filename: WheelFilename) -> Iterator[Finding]:
    """Check the content of WHEEL against what installers read and what the filename says."""
    fields: dict[str, list[str]] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip().lower(), []).append(value.strip())
    yield from _version(fields.get("wheel-version", []))
    yield from _tags(fields.get("tag", []), filename)
    yield from _build(fields.get("build", []), filename)


def _version(values: list[str]) -> Iterator[Finding]:
    match = _VERSION.match(values[0]) if len(values) == 1 else None
    if match is None:
        yield Violation(
            "content",
            "wheel-version-invalid",
            "The file WHEEL must state Wheel-Version once, like 1.0; build the wheel anew.",
        )
    elif int(match[1]) != _MAJOR:
        yield Violation(
            "content",
            "wheel-version-unsupported",
            f"Wheel-Version {quoted(values[0])} is not supported by installers; build the wheel in"
            f" version {_MAJOR}.0 of the format.",
        )


def _tags(values: list[str], filename: WheelFilename) -> Iterator[Finding]:
    expected = {str(tag) for tag in filename.tags}
    expanded = (tag for value in values for tag in _expanded(value.lower()))
    stated = set(islice(expanded, 2 * MAX_TAGS))
    if stated != expected:
        odd = min(stated ^ expected)
        yield PolicyFinding(
            _RULE,
            _POLICY,
            Violation(
                "content",
                "wheel-tags-differ",
                f"The tags in WHEEL are not those of the filename {quoted(filename.filename)}:"
                f" {quoted(odd)} is only in one of them. Do not rename wheels, build them anew.",
            ),
        )


def _expanded(tag: str) -> Iterator[str]:
    """Expand a compressed set of tags, which should not be here, but often is."""
    parts = [part.split(".") for part in tag.split("-")]
    if len(parts) == 3 and prod(map(len, parts)) <= MAX_TAGS:
        yield from map("-".join, product(*parts))
    else:
        yield tag


def _build(values: list[str], filename: WheelFilename) -> Iterator[Finding]:
    stated = values[0] if values else None
    if stated != filename.build or len(values) > 1:
        yield PolicyFinding(
            _RULE,
            _POLICY,
            Violation(
                "content",
                "wheel-build-differs",
                f"The build tag in WHEEL ({quoted(stated or '')}) is not that of the filename"
                f" ({quoted(filename.build or '')}). Do not rename wheels, build them anew.",
            ),
        )
