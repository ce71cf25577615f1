"""The rules about how a zip archive is put together (U-100 to U-108).

Two readers of one archive must see the same members with the same content. So whatever is said
twice must agree, every byte must belong to something, and no name may mean two places.
"""

from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from unicodedata import normalize

from stockroom.dists.limits import MAX_PATH_PART
from stockroom.dists.policies import Finding, PolicyFinding
from stockroom.dists.quoting import quoted
from stockroom.dists.refusals import ArchiveRefused
from stockroom.dists.zip_extras import UNICODE_PATH, not_accepted, read_extras
from stockroom.dists.zips import LOCAL_MAGIC, LocalHeader, ZipArchive, ZipMember, encrypted
from stockroom.spi.violations import Violation

_DATA_DESCRIPTOR = 1 << 3
_NEWEST_VERSION = 63  # 6.3, and nothing that a wheel needs is newer than 4.5
_PATCH = 1 << 5
_ENCRYPTIONS = 1 << 0 | 1 << 6 | 1 << 13
_UTF_8 = 1 << 11
_CONTROL_OR_NO_UTF_8 = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
# A path that is empty or absolute, or has a drive, a backslash or a part that is no name.
_UNSAFE_PATH = re.compile(r"(?:/|[A-Za-z]:|\Z)|.*(?:\\|//)|(?:.*/)?\.\.?(?:/|\Z)", re.DOTALL)
_LONG_PART = re.compile(f"[^/]{{{MAX_PATH_PART + 1}}}")
_UNICODE_PATH_HEAD = 5  # a version and the checksum of the name in the header


def framing_findings(archive: ZipArchive) -> Iterator[Finding]:
    """Apply every rule; one example of each kind of finding is enough."""
    for rule in _RULES:
        yield from rule(archive)


def _readable_names(archive: ZipArchive) -> Iterator[Finding]:
    """No control characters, and UTF-8 only (U-103)."""
    for member in archive.members:
        if _CONTROL_OR_NO_UTF_8.search(member.name):
            yield _refused(
                "zip-name-characters",
                member,
                "has a name with control characters or not in UTF-8",
                "rename it",
            )
            return


def _safe_paths(archive: ZipArchive) -> Iterator[Finding]:
    """No path leads out of the directory of the installer, on any system (U-108)."""
    for member in archive.members:
        if _UNSAFE_PATH.match(member.name):
            yield _refused(
                "zip-member-path",
                member,
                "has a path that is absolute, or has a backslash or a part like ..",
                "give it a plain relative path",
            )
            return


def _short_names(archive: ZipArchive) -> Iterator[Finding]:
    """No name that no file system takes (U-108)."""
    for member in archive.members:
        if _LONG_PART.search(member.name):
            yield _refused(
                "zip-name-too-long",
                member,
                f"has a name with a part of over {MAX_PATH_PART} characters",
                "shorten it",
            )
            return


def _unique_names(archive: ZipArchive) -> Iterator[Finding]:
    """No name twice: installers take different ones (U-101)."""
    names = Counter(member.name for member in archive.members)
    if len(names) < len(archive.members):
        [(name, count)] = names.most_common(1)
        yield not_accepted(
            "zip-duplicate-name",
            f"the member {quoted(name)} is there {count} times",
            "store it once",
        ).violation


def _distinct_names(archive: ZipArchive) -> Iterator[Finding]:
    """No two names that some file systems take for one (U-108); a registry may allow it."""
    seen: dict[str, str] = {}
    for member in archive.members:
        name = member.name
        # To compose letters takes long where many accents follow one, which no real name has.
        if _LONG_PART.search(name):
            continue
        key = (
            name.lower() if name.isascii() else normalize("NFC", normalize("NFC", name.casefold()))
        )
        other = seen.setdefault(key, name)
        if other != name:
            violation = Violation(
                "content",
                "zip-names-collide",
                f"The members {quoted(other)} and {quoted(name)} differ in nothing but case or the"
                " composition of letters, so that some file systems take them for one; rename one"
                " of them.",
            )
            yield PolicyFinding("U-108", "folded_names", violation)
            return


def _no_file_as_directory(archive: ZipArchive) -> Iterator[Finding]:
    """No file that other members lie below (U-108)."""
    # With the separator before all other characters, what lies below a path follows it at once.
    paths = sorted(member.name.replace("/", "\0") for member in archive.members)
    for path, following in pairwise(paths):
        if not path.endswith("\0") and following.startswith(f"{path}\0"):
            shown = quoted(path.replace("\0", "/"))
            yield not_accepted(
                "zip-path-conflict", f"the member {shown} is a file and a directory", "rename it"
            ).violation
            return


def _plain_kinds(archive: ZipArchive) -> Iterator[Finding]:
    """Only files and directories, and no directory with content (U-108)."""
    for member in archive.members:
        kind = stat.S_IFMT(member.attributes >> 16)
        if kind == stat.S_IFLNK:
            yield _refused("zip-symlink", member, "is a symbolic link", "store a file instead")
            return
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield _refused(
                "zip-member-kind", member, "is neither a file nor a directory", "leave it out"
            )
            return
        if member.unpacked and member.name.endswith("/"):
            yield _refused(
                "zip-directory-content", member, "is a directory with content", "store it empty"
            )
            return


def _not_encrypted(archive: ZipArchive) -> Iterator[Finding]:
    """Everybody can read every member (U-108)."""
    for member in archive.members:
        if member.flags & _ENCRYPTIONS:
            yield encrypted(member).violation
            return


def _known_version(archive: ZipArchive) -> Iterator[Finding]:
    """No member for which a reader needs more than installers have (U-108)."""
    for member in archive.members:
        if member.version & 0xFF > _NEWEST_VERSION:
            yield _refused("zip-version", member, "needs a newer version of the format")
            return


def _no_patches(archive: ZipArchive) -> Iterator[Finding]:
    """No member that is only the difference to an older one: no installer has that (U-108)."""
    for member in archive.members:
        if member.flags & _PATCH:
            yield _refused("zip-patch-data", member, "is a patch", "store it whole")
            return


def _stated_charset(archive: ZipArchive) -> Iterator[Finding]:
    """Names beyond ASCII say that they are UTF-8: some readers see other names in them (U-103)."""
    for member in archive.members:
        if not (member.flags & _UTF_8 or member.name.isascii()):
            violation = Violation(
                "content",
                "zip-name-charset",
                f"The name of the member {quoted(member.name)} is not marked as UTF-8, so that some"
                " installers read another one; build it with a current build backend.",
            )
            yield PolicyFinding("U-103", "folded_names", violation)
            return


def _no_comments(archive: ZipArchive) -> Iterator[Finding]:
    """No comments but that of the archive (U-105)."""
    for member in archive.members:
        if member.comment:
            yield _refused("zip-member-comment", member, "has a comment", "leave it out")
            return


def _unambiguous_extras(archive: ZipArchive) -> Iterator[Finding]:
    """No name in an extra field of the central directory but that of the member (U-103)."""
    for member in archive.members:
        if member.extra:
            yield from _other_name(member, read_extras(member.extra, member.name))


def _contiguous(archive: ZipArchive) -> Iterator[Finding]:
    """From the first byte to the central directory one listed member follows the other.

    That is: nothing hidden or unknown between them (U-107), none that the directory does not list
    and the reverse (U-101), none that shares its bytes with another one.
    """
    at, following = 0, None
    for member in sorted(archive.members, key=lambda member: member.offset):
        if member.offset != at:
            following = member
            break
        try:
            header = archive.local_header(member)
        except ArchiveRefused as refused:
            yield refused.violation
            return
        if header.flags & _DATA_DESCRIPTOR:
            # Where the next member starts cannot be told from this header.
            yield _refused(
                "zip-data-descriptor",
                member,
                "has its sizes behind its data, in a data descriptor",
                "write the archive to a file instead of a stream",
            )
            return
        yield from _disagreements(member, header)
        at = header.data + member.packed
    if following is not None or at != archive.start:
        yield _gap(archive, at, following)


def _gap(archive: ZipArchive, at: int, following: ZipMember | None) -> Finding:
    """Tell what is wrong where a listed member should start, or the central directory."""
    stop = archive.start if following is None else min(following.offset, archive.start)
    if at > stop:
        return not_accepted(
            "zip-members-overlap", f"what ends at byte {at} overlaps what starts at byte {stop}"
        ).violation
    archive.file.seek(at)
    if archive.file.read(len(LOCAL_MAGIC)) == LOCAL_MAGIC:
        return not_accepted(
            "zip-unlisted-member", f"its directory does not list the member at byte {at}"
        ).violation
    return not_accepted(
        "zip-unknown-record", f"the bytes from {at} to {stop} belong to no member"
    ).violation


def _disagreements(member: ZipMember, header: LocalHeader) -> Iterator[Finding]:
    """Compare what stands before the data with what the central directory says."""
    if (header.packed, header.unpacked) != (member.packed, member.unpacked):  # U-102
        yield _refused("zip-sizes-differ", member, "has other sizes in its local header")
    counted = _ENCRYPTIONS | _DATA_DESCRIPTOR | (0 if member.name.isascii() else _UTF_8)
    if (
        header.method != member.method
        or header.crc != member.crc
        or (header.flags ^ member.flags) & counted
    ):
        yield _refused(
            "zip-headers-differ", member, "has another checksum or method in its local header"
        )
    yield from _other_name(member, header.extras)


def _other_name(member: ZipMember, extras: dict[int, bytes]) -> Iterator[Finding]:
    """A Unicode path, which some readers prefer, must be the name (U-103)."""
    field = extras.get(UNICODE_PATH)
    name = member.name.encode("utf-8", "surrogateescape")
    if field is not None and field[_UNICODE_PATH_HEAD:] != name:
        yield _refused("zip-unicode-path", member, "has another name in an extra field")


def _refused(
    code: str, member: ZipMember, fact: str, advice: str = "build the distribution anew"
) -> Violation:
    return not_accepted(code, f"the member {quoted(member.name)} {fact}", advice).violation


_RULES: tuple[Callable[[ZipArchive], Iterator[Finding]], ...] = (
    _readable_names,
    _stated_charset,
    _safe_paths,
    _short_names,
    _unique_names,
    _distinct_names,
    _no_file_as_directory,
    _plain_kinds,
    _not_encrypted,
    _known_version,
    _no_patches,
    _no_comments,
    _unambiguous_extras,
    _contiguous,
)
