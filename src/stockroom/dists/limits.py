"""How much an archive may ask of the server that reads it (U-79).

Memory and time spent on an upload are bounded by these figures, never by what the upload claims.
"""

from __future__ import annotations

MIB = 1024 * 1024

MAX_METADATA_BYTES = 8 * MIB
"""Largest METADATA or PKG-INFO, unpacked."""

MAX_METADATA_LINES = 50_000
"""Most lines above the description of a metadata file; thousands of dependencies are seen."""

MAX_REQUIREMENT_LENGTH = 16 * 1024
"""Longest Requires-Dist or Requires-Python in characters."""

MAX_LICENSE_EXPRESSION_LENGTH = 2000
"""Longest License-Expression in characters; those of whole operating systems are shorter."""

MAX_DESCRIPTION_CHECKED = 64 * 1024
"""Longest description in characters of which it is found out whether it can be shown."""

MAX_RECORD_BYTES = 16 * MIB
"""Largest RECORD, unpacked; it is held in memory."""

MAX_SMALL_FILE_BYTES = 1 * MIB
"""Largest WHEEL or entry_points.txt, unpacked."""

MAX_MEMBERS = 100_000
"""Most members of an archive."""

MAX_NAME_BYTES = 16 * MIB
"""Largest sum of the names in a tar; they are held in memory."""

MAX_DIRECTORY_BYTES = 64 * MIB
"""Largest central directory of a zip; it is held in memory."""

MAX_EXTRA_FIELDS = 32
"""Most extra fields of a header in a zip; writers use up to four."""

MAX_PATH_PART = 255
"""Longest part of a path in a zip, in characters; no file system takes a longer one."""

MAX_EXTENSION_BYTES = 1 * MIB
"""Largest extended header or long name of a tar; it is held in memory."""

MAX_UNPACKED_BYTES = 10 * 1024 * MIB
"""Largest sum of the members of an archive, however well they compress."""

MIN_CHECKED_BYTES = 256 * MIB
"""How many unpacked bytes of a wheel are always compared with its RECORD, which takes a second."""

MAX_CHECKED_BYTES = 4 * 1024 * MIB
"""How many unpacked bytes of a wheel are compared with its RECORD at most."""

CHECK_RATIO = 8
"""How many times its compressed size of a wheel is compared; real wheels unpack to less."""

BOMB_BYTES = 64 * MIB
"""Unpacked size up to which the ratio below is not looked at."""

BOMB_RATIO = 50
"""How many times its compressed size an archive may unpack to beyond ``BOMB_BYTES``."""


def bytes_to_check(packed: int) -> int:
    """Give how many unpacked bytes of a wheel of ``packed`` bytes are compared with its RECORD."""
    return min(max(MIN_CHECKED_BYTES, CHECK_RATIO * packed), MAX_CHECKED_BYTES)


def unpacks_too_large(unpacked: int, packed: int) -> bool:
    """Tell whether ``packed`` bytes that become ``unpacked`` bytes are more than we accept."""
    if unpacked > MAX_UNPACKED_BYTES:
        return True
    return unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed
