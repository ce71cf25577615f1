"""The process that fuzzes: ``python -m tests.fuzz.engine TARGET`` and arguments of libFuzzer.

It belongs to the fuzzer, which ends it; so it is started, with all it needs, by ``tests.fuzz``.
"""

from __future__ import annotations

import sys

import atheris

from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    with atheris.instrument_imports(include=["stockroom.dists"]):
        import stockroom.dists  # noqa: F401 - imported to be instrumented
    name, *arguments = sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name].check)
    atheris.Fuzz()
