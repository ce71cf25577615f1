"""The inspection of a distribution, whichever kind it is."""

from __future__ import annotations

from typing import BinaryIO

from stockroom.dists.filenames import SdistFilename, WheelFilename
from stockroom.dists.findings import Inspection
from stockroom.dists.sdists import inspect_sdist
from stockroom.dists.wheels import inspect_wheel
from stockroom.dists.zip_sdists import inspect_zip_sdist

__all__ = ["Inspection", "inspect"]


def inspect(file: BinaryIO, filename: WheelFilename | SdistFilename) -> Inspection:
    """Inspect the distribution in ``file``, a buffered, seekable file.

    Whatever the file holds, nothing is raised and nothing is written to disk; memory and time are
    bounded by ``stockroom.dists.limits``. Where the file is left is undefined. Only OSError from
    reading the file itself comes through.
    """
    if isinstance(filename, WheelFilename):
        return inspect_wheel(file, filename)
    if filename.is_zip:
        return inspect_zip_sdist(file, filename)
    return inspect_sdist(file, filename)
