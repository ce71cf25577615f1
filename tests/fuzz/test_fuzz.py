"""A short run of the fuzzer over each target."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.__main__ import mutate
from tests.fuzz.targets import TARGETS, Target

ROOT = Path(__file__).parents[2]
RUNS = 1000


@pytest.mark.parametrize("name", TARGETS)
def test_only_an_answer_comes_out_of_a_reader(name, tmp_path):
    command = [sys.executable, "-m", "tests.fuzz", name, "--runs", str(RUNS), "--seed", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    done = re.search(r"^Done ([0-9]+) runs", run.stdout + run.stderr, re.MULTILINE)
    assert done
    assert int(done[1]) >= RUNS
    assert list(tmp_path.iterdir()) == []


def test_a_fault_is_found_and_left_in_the_folder_without_the_fuzzer_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def check(data):
        assert data[:1] == b"P"

    with pytest.raises(AssertionError):
        mutate(Target(check, lambda: [b"PK"]), runs=1000, seed=1)

    assert (tmp_path / "crash").read_bytes()[:1] != b"P"


@pytest.mark.parametrize("name", TARGETS)
def test_targets_begin_with_what_is_accepted(name):
    for seed in TARGETS[name].seeds():
        TARGETS[name].check(seed)

    assert len(list(TARGETS[name].seeds())) > 10
