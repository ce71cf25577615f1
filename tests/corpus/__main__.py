"""Writes the corpus into a folder: ``python -m tests.corpus FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.corpus.metadata import METADATA
from tests.corpus.names import NAMES
from tests.corpus.sdists import SDISTS
from tests.corpus.wheels import WHEELS


def write(folder: Path) -> None:
    """Write each archive into ``accepted`` or ``refused``, in a folder with its rule and name."""
    for case in (*WHEELS, *METADATA, *SDISTS, *NAMES):
        place = folder / ("refused" if case.codes else "accepted") / case.id
        place.mkdir(parents=True, exist_ok=True)
        (place / case.filename).write_bytes(case.data)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
