"""What is fuzzed, and from where it starts."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.archives import make_gzip, make_metadata
from tests.corpus.cases import Case
from tests.corpus.metadata import METADATA
from tests.corpus.names import NAMES
from tests.corpus.sdists import SDISTS
from tests.corpus.wheels import WHEELS

LONGEST = 16 * 1024
"""Longest input in bytes; what takes more is tested elsewhere."""


@dataclass(frozen=True)
class Target:
    """A reader, and bytes that it reads.

    ``check`` raises AssertionError, or whatever the reader raises, if the reader is at fault.
    """

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


def _inspect(filename: str, data: bytes) -> None:
    # Imported late, so that a fuzzer can prepare the modules first.
    from stockroom.dists import inspect, parse_filename

    inspection = inspect(io.BytesIO(data), parse_filename(filename, legacy=True))
    assert inspection.violations or inspection.metadata
    for violation in inspection.violations:
        assert violation.message.isprintable()


def _read_metadata(data: bytes) -> None:
    from stockroom.dists import read_metadata, resolver_metadata
    from stockroom.dists.descriptions import description_findings

    reading = read_metadata(data)
    assert reading.violations or reading.metadata
    if reading.metadata is not None:
        resolver_metadata(reading.metadata)
        list(description_findings(reading.metadata))


def _archives(cases: Iterable[Case], ending: str) -> list[bytes]:
    data = (case.data for case in cases if case.filename.endswith(ending))
    return [archive for archive in data if len(archive) <= LONGEST]


def _tars() -> Iterable[bytes]:
    for archive in _archives([*SDISTS, *NAMES], ".tar.gz"):
        try:
            yield gzip.decompress(archive)[:LONGEST]
        except (OSError, EOFError):
            continue


def _metadata() -> Iterable[bytes]:
    yield make_metadata(requires=["a>=1; os_name == 'nt'"], requires_python=">=3.8")
    for case in METADATA:
        start = case.data.find(b"Metadata-Version")
        yield case.data[start : case.data.find(b"PK\x03\x04", start)][:LONGEST]


TARGETS = {
    "wheel": Target(
        lambda data: _inspect("sample-1.0-py3-none-any.whl", data),
        lambda: _archives([*WHEELS, *METADATA], ".whl"),
    ),
    "zip-sdist": Target(
        lambda data: _inspect("Foo.Bar-1.0.zip", data), lambda: _archives(NAMES, ".zip")
    ),
    "sdist": Target(
        lambda data: _inspect("sample-1.0.tar.gz", data), lambda: _archives(SDISTS, ".tar.gz")
    ),
    # Below the compression, which hides the structure from a fuzzer.
    "tar": Target(lambda data: _inspect("sample-1.0.tar.gz", make_gzip(data, level=1)), _tars),
    "metadata": Target(_read_metadata, _metadata),
}
"""What can be fuzzed, by its name."""
