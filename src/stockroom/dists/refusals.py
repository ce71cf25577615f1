"""The exceptions of this room: each says in a violation why something was refused."""

from __future__ import annotations

from stockroom.spi.violations import Violation


class Refused(ValueError):
    """Something of an upload cannot be accepted; ``violation`` says why and what to do."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.message)
        self.violation = violation


class FilenameRefused(Refused):
    """The name is not that of a distribution that may be uploaded."""


class MetadataRefused(Refused):
    """The metadata file is so large that it is not read."""


class ArchiveRefused(Refused):
    """The archive cannot be read, or reading on would cost too much."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(Violation("content", code, message))
