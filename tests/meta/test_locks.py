"""The lock files hold what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ["build.txt", "run.txt", "test.txt"]
PLUGINS = sorted(ROOT.glob("plugins/*/pyproject.toml"))
PIN = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)


def text_of(lock: str) -> str:
    return (ROOT / "requirements" / lock).read_text("utf-8")


def pins_of(lock: str) -> set[tuple[str, str]]:
    """Return the (name, version) pairs of a lock; a name may have one version per Python."""
    return set(PIN.findall(text_of(lock)))


def missing(wanted: list[str], lock: str) -> list[str]:
    """Return the requirements that no pin of the lock fulfils."""
    pins = pins_of(lock)
    return [
        text
        for text in wanted
        if not any(
            name == canonicalize_name(Requirement(text).name)
            and Requirement(text).specifier.contains(Version(version), prereleases=True)
            for name, version in pins
        )
    ]


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_run_lock_fulfils_the_dependencies(project):
    assert missing(project["project"]["dependencies"], "run.txt") == [], "run `make lock`"


def test_build_lock_fulfils_the_build_requirements(project):
    assert missing(project["build-system"]["requires"], "build.txt") == [], "run `make lock`"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.parent.name)
def test_test_lock_fulfils_the_dependencies_of_plugins(plugin):
    dependencies = tomllib.loads(plugin.read_text("utf-8"))["project"]["dependencies"]

    others = [text for text in dependencies if Requirement(text).name != "stockroom"]
    assert missing(others, "test.txt") == [], "add them to requirements/test.in, run `make lock`"


def test_test_lock_contains_the_others():
    assert pins_of("build.txt") | pins_of("run.txt") <= pins_of("test.txt"), "run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock):
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text_of(lock), flags=re.MULTILINE)[1:]

    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_leaves_the_index_to_the_user(lock):
    assert not re.search(r"index-url|find-links|://", text_of(lock))
