"""Microseconds that a filter takes for one of the 3,000 files of a package.

Run from the checkout, as `.venv/bin/python -m benchmarks.filters`; see README.md.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from stockroom.builtin.fields import stockroom_filter_fields
from stockroom.filters import Language
from stockroom.spi import FilterFile, FilterPackage, FilterRelease

FILES = 3_000
FILES_OF_A_RELEASE = 10
ROUNDS = 30
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILTERS = {
    "one term of the package": "package.age_days >= 7",
    "one term of the release": "release.age_days >= 7",
    "one term of the file": "file.age_days >= 7",
    "three terms": 'release.age_days >= 7 and release.version != "1.5" and ".whl" in file.name',
    "three terms of the file": (
        'file.age_days >= 7 and file.upload_time <= "2026-01-01" and ".whl" in file.name'
    ),
    "three terms, decided by name": (
        'package.name == "demo" or release.age_days >= 7 and ".whl" in file.name'
    ),
    "three terms, every file about to change": (
        'file.age_days >= 2000 and release.version != "1.5" and ".whl" in file.name'
    ),
    "every file about to change, none does": (
        'file.age_days >= 2000 and release.age_days >= 2000 and ".tar" in file.name'
    ),
}


def package():
    """A package and its files; nothing is shared with an earlier call."""
    files = []
    for number in range(FILES // FILES_OF_A_RELEASE):
        uploaded = NOW - timedelta(hours=number, seconds=1)
        release = FilterRelease(f"1.{number}", uploaded)
        for python in range(FILES_OF_A_RELEASE):
            name = f"demo-1.{number}-cp3{python}-cp3{python}-manylinux_2_28_x86_64.whl"
            files.append(FilterFile(name, uploaded + timedelta(seconds=python), release))
    return FilterPackage("demo", NOW - timedelta(days=900), {}), files


def main():
    language = Language(stockroom_filter_fields())
    for title, text in FILTERS.items():
        rule = language.parse(text)
        times = []
        for _ in range(ROUNDS):
            package_, files = package()
            begin = time.process_time()
            rule.judge(package_, files, NOW)
            times.append(time.process_time() - begin)
        print(f"{sorted(times)[ROUNDS // 2] / FILES * 1e6:6.2f} us a file: {title}")


if __name__ == "__main__":
    main()
