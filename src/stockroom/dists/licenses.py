"""Licences as PEP 639 has them: an SPDX expression, and files that the archive holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from packaging.licenses import canonicalize_license_expression

from stockroom.dists.core_metadata import CoreMetadata
from stockroom.dists.limits import MAX_LICENSE_EXPRESSION_LENGTH
from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation

_BAD_PATH = re.compile(r"(?:/|[A-Za-z]:)|.*[\\*]|(?:.*/)?\.\.(?:/|\Z)", re.DOTALL)
_CACHED_EXPRESSIONS = 256
_SINCE = (2, 4)


def canonical_expression(text: str) -> str | None:
    """Write an SPDX expression in its canonical case (U-52); None if it is not one."""
    return _canonical(text) if len(text) <= MAX_LICENSE_EXPRESSION_LENGTH else None


def has_license_files(format_version: tuple[int, int]) -> bool:
    """Tell whether License-File has a meaning: tools wrote it long before it was defined."""
    return format_version >= _SINCE


def is_license_path(path: str) -> bool:
    """Tell whether a License-File is a relative path, of one file, in every system (U-53)."""
    return _BAD_PATH.match(path) is None


def missing_license_files(
    metadata: CoreMetadata, directory: str, exists: Callable[[str], bool]
) -> Iterator[Violation]:
    """Tell of a License-File that is not below ``directory`` in the archive (U-53)."""
    if not has_license_files(metadata.format_version):
        return
    for path in metadata.license_files:
        if is_license_path(path) and not exists(f"{directory}/{path}"):
            yield Violation(
                "license_files",
                "license-file-missing",
                f"The metadata names the license file {quoted(path)}, but the archive has no"
                f" {quoted(f'{directory}/{path}')}; rebuild with a current build backend.",
            )
            return


@lru_cache(maxsize=_CACHED_EXPRESSIONS)
def _canonical(text: str) -> str | None:
    try:
        return canonicalize_license_expression(text)
    except (ValueError, RecursionError, MemoryError):  # the latter two from deep parentheses
        return None
