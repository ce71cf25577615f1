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

MAX_MEMBERS = 100_000
"""Most members of an archive."""

MAX_DIRECTORY_BYTES = 64 * MIB
"""Largest central directory of a zip; it is held in memory."""

MAX_EXTENSION_BYTES = 1 * MIB
"""Largest extended header or long name of a tar; it is held in memory."""

MAX_UNPACKED_BYTES = 10 * 1024 * MIB
"""Largest sum of the members of an archive, however well they compress."""

BOMB_BYTES = 64 * MIB
"""Unpacked size up to which the ratio below is not looked at."""

BOMB_RATIO = 50
"""How many times its compressed size an archive may unpack to beyond ``BOMB_BYTES``."""


def unpacks_too_large(unpacked: int, packed: int) -> bool:
    """Tell whether ``packed`` bytes that become ``unpacked`` bytes are more than we accept."""
    if unpacked > MAX_UNPACKED_BYTES:
        return True
    return unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed
