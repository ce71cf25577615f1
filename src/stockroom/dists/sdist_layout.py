"""Where the files of an sdist lie: in one directory that is named like the file (U-81)."""

from __future__ import annotations

from stockroom.dists.filenames import MAX_FILENAME_BYTES, SdistFilename, releases
from stockroom.dists.quoting import quoted
from stockroom.spi.violations import Violation


def top_directory(filename: SdistFilename, first: str) -> str:
    """Give the name that the top directory must have; ``first`` is the path of any member.

    Old tools spelt it unlike the filename: where such files are accepted, every spelling of name
    and version is, as long as all members agree on it.
    """
    top = first.partition("/")[0]
    # To read a very long name in every way would take hours.
    if filename.legacy and len(top) <= MAX_FILENAME_BYTES:
        return top if (filename.name, filename.version) in releases(top) else filename.stem
    return filename.stem


def outside_top(name: str, top: str) -> Violation:
    """Say that a member is not in the top directory."""
    return Violation(
        "content",
        "sdist-top-directory",
        f"The member {quoted(name)} lies outside of the directory {quoted(top)}; an sdist has this"
        " one directory at the top. Build it with a current build backend.",
    )


def no_pkg_info(top: str) -> Violation:
    """Say that there is no metadata."""
    return Violation(
        "content",
        "sdist-pkg-info-missing",
        f"The archive has no {quoted(f'{top}/PKG-INFO')}; build it with a build backend.",
    )
