"""Fuzzes one target: ``python -m tests.fuzz TARGET --runs N``; fails with the first fault.

An input that shows a fault is left in the current folder.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import LONGEST, TARGETS, Target

MEMORY_MIB = 512
"""Most memory of the process, that of the fuzzer included."""

SECONDS = 20
"""Longest that one input may take."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=-1, help="how many inputs; -1: without end")
    parser.add_argument("--seed", type=int, default=0, help="for the same inputs again; 0: others")
    options = parser.parse_args()
    target = TARGETS[options.target]
    if importlib.util.find_spec("atheris") is None:  # it is not there for every platform
        mutate(target, options.runs, options.seed)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds")
        seeds.mkdir()
        for number, data in enumerate(target.seeds()):
            (seeds / str(number)).write_bytes(data)
        limits = [f"-rss_limit_mb={MEMORY_MIB}", f"-timeout={SECONDS}", f"-max_len={LONGEST}"]
        # Without reading what it has written itself, which costs runs on a busy machine.
        choice = [f"-runs={options.runs}", f"-seed={options.seed}", "-reload=0"]
        command = [sys.executable, "-m", "tests.fuzz.engine", options.target, *limits, *choice]
        environment = os.environ | {"TMPDIR": folder}
        return subprocess.run([*command, str(seeds)], env=environment, check=False).returncode


def mutate(target: Target, runs: int, seed: int) -> None:
    """Change seeds at random, without the coverage that leads a real fuzzer."""
    choice = random.Random(seed or None)
    seeds = list(target.seeds())
    count = 0
    while count != runs:
        data = bytearray(choice.choice(seeds))
        for _ in range(choice.randint(1, 8)):
            at = choice.randrange(len(data) + 1)
            data[at : at + choice.choice((0, 1, 1, 4))] = choice.randbytes(choice.choice((1, 1, 4)))
        try:
            target.check(bytes(data))
        except BaseException:
            Path("crash").write_bytes(data)
            raise
        count += 1
    print(f"Done {count} runs")  # noqa: T201 - what the fuzzer says, too


if __name__ == "__main__":
    sys.exit(main())
