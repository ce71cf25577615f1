"""Digests that a client announces, and whether the bytes that come are those (U-73, U-203)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping

from stockroom.dists.quoting import quoted
from stockroom.publish.body import ReceivedFile
from stockroom.spi import Violation

WEAK = frozenset({"md5", "sha1"})
# Those whose digests have one length, which shake's have not.
KNOWN = {
    name: hashlib.new(name, usedforsecurity=False).digest_size
    for name in sorted(hashlib.algorithms_guaranteed)
    if not name.startswith("shake")
}
HEX = re.compile(r"[0-9a-f]+", re.ASCII)


def check_digests(digests: Mapping[str, str]) -> Iterator[Violation]:
    """What is wrong with announced digests, by hashlib's names of the algorithms (U-203)."""
    if not KNOWN.keys() & digests.keys() - WEAK:
        message = "hashes must hold the digest of a secure algorithm, such as sha256"
        yield Violation("hashes", "weak-digest", message)
    for name, digest in digests.items():
        if name not in KNOWN:
            message = f"the hash algorithm {quoted(name)} is not known; use sha256"
            yield Violation("hashes", "unknown-digest", message)
        elif len(digest) != 2 * KNOWN[name] or not HEX.fullmatch(digest):
            message = f"the {name} digest must be {2 * KNOWN[name]} lower-case hexadecimal digits"
            yield Violation("hashes", "invalid-digest", message)


def differing(
    received: ReceivedFile, digests: Mapping[str, str], size: int | None = None
) -> Iterator[Violation]:
    """In what the bytes received are not the announced ones."""
    if size is not None and received.size != size:
        message = f"{received.size} bytes were received, {size} announced; send the file again"
        yield Violation("size", "size-mismatch", message)
        return
    for name, digest in digests.items():
        actual = received.digest(name)
        if digest != actual:
            yield Violation(
                f"{name}_digest",
                "digest-mismatch",
                f"the {name} digest of the bytes received is {actual}, not the announced one; send "
                "the file again",
            )
