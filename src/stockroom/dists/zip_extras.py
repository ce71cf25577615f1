"""The extra fields of a zip archive's headers: where readers find sizes and names to believe."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from stockroom.dists.limits import MAX_EXTRA_FIELDS
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import ArchiveRefused

ZIP64 = 0x0001
UNICODE_PATH = 0x7075
FULL16 = 0xFFFF
FULL32 = 0xFFFFFFFF
"""The value of a size that is stated in 64 bits elsewhere."""

_FIELD = Struct("<2H")
SIZE64 = 8
_DISK = 4
# Of both sizes, of the offset too, of the number of the disk too; PKWARE knows no other order.
_LAYOUTS = (0, 8, 16, 24, 28)
_NO_DISK = (b"", bytes(_DISK))


def not_accepted(
    code: str, reason: str, advice: str = "build the distribution anew"
) -> ArchiveRefused:
    """Say why a zip archive cannot be trusted, and what to do."""
    return ArchiveRefused(code, f"ZIP archive not accepted: {reason}; {advice}.")


def read_extras(extra: bytes, owner: str) -> dict[int, bytes]:
    """Part the extra fields of a header by their kind (U-104).

    Raises ArchiveRefused if they are cut off, too many, or if one that changes a size or a name is
    there twice; ``owner`` is the name of the member.
    """
    fields: dict[int, bytes] = {}
    at = count = 0
    while at < len(extra):
        if (count := count + 1) > MAX_EXTRA_FIELDS:
            raise not_accepted("zip-extra-fields", f"{quoted(owner)} has too many extra fields")
        if at + _FIELD.size > len(extra):
            raise not_accepted(
                "zip-extra-truncated", f"the extra fields of {quoted(owner)} are cut off"
            )
        kind, length = _FIELD.unpack_from(extra, at)
        at += _FIELD.size
        if at + length > len(extra):
            raise not_accepted(
                "zip-extra-truncated", f"the extra fields of {quoted(owner)} are cut off"
            )
        if kind in fields and kind in (ZIP64, UNICODE_PATH):
            raise not_accepted(
                "zip-extra-duplicate", f"{quoted(owner)} has two extra fields of one kind"
            )
        fields[kind] = extra[at : at + length]
        at += length
    return fields


def widened(field: bytes | None, values: Sequence[int], owner: str) -> list[int]:
    """Replace each size that is all ones by what the ZIP64 extra field states (U-104).

    ``values`` are the two sizes, unpacked first, and in the central directory the offset. Raises
    ArchiveRefused if the field does not fit, or can be read in two ways.
    """
    if field is None:
        field = b""
    elif len(field) not in _LAYOUTS:
        raise not_accepted(
            "zip-zip64-extra", f"the ZIP64 field of {quoted(owner)} has an odd length"
        )
    wide = [
        int.from_bytes(field[at : at + SIZE64], "little")
        for at in range(0, len(field) - SIZE64 + 1, SIZE64)
    ]
    given = iter(wide)
    in_turn = [next(given, value) if value == FULL32 else value for value in values]
    missing = values.count(FULL32)
    if len(field) == missing * SIZE64:
        return in_turn
    # Some writers state all of them, needed or not: then each has its place, and a reader that
    # takes them in turn must come to the same.
    in_place = [*wide, *values[len(wide) :]][: len(values)]
    disk = field[len(wide) * SIZE64 :]
    if missing > len(wide) or in_turn != in_place or disk not in _NO_DISK:
        raise not_accepted(
            "zip-zip64-extra", f"the sizes of {quoted(owner)} contradict its ZIP64 field"
        )
    return in_turn
