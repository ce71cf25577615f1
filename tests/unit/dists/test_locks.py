"""Reading lock files: uv.lock, pylock.toml (PEP 751) and requirements files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockroom.dists.locks import (
    LockInvalid,
    LockKind,
    Pin,
    PinnedFile,
    Unchecked,
    kind_of,
    read_lock,
)

A, B = "a" * 64, "b" * 64
INDEX = "https://packages.example/simple/acme/all/"

UV_LOCK = f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "ship"
version = "0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "plumb" }},
]

[[package]]
name = "plumb"
version = "1.0"
source = {{ registry = "{INDEX}" }}
sdist = {{ url = "{INDEX}-/plumb/{A}/plumb-1.0.tar.gz", hash = "sha256:{A}", size = 3 }}
wheels = [
    {{ url = "{INDEX}-/plumb/{B}/plumb-1.0%2Bx-py3-none-any.whl", hash = "sha256:{B}" }},
]

[[package]]
name = "keel"
version = "2.0"
source = {{ registry = "vendor" }}
wheels = [
    {{ path = "keel-2.0-py3-none-any.whl" }},
]

[[package]]
name = "hull"
version = "3"
source = {{ git = "https://git.example/hull?rev=1#abc" }}
"""

PYLOCK = f"""\
lock-version = "1.0"
created-by = "somebody"

[[packages]]
name = "plumb"
version = "1.0"
index = "{INDEX}"

[[packages.wheels]]
name = "plumb-1.0-py3-none-any.whl"
url = "{INDEX}anything"
hashes = {{ sha256 = "{B}" }}

[packages.sdist]
path = "dist/plumb-1.0.tar.gz"
hashes = {{ blake2b = "00" }}

[[packages]]
name = "hull"
vcs = {{ type = "git", url = "https://git.example/hull", commit-id = "abc" }}

[[packages]]
name = "keel"
wheels = [{{ url = "{INDEX}keel-2.0-py3-none-any.whl", hashes = {{ sha256 = "{A}" }} }}]
"""

REQUIREMENTS = f"""\
# made by hand
--index-url {INDEX}
-r more.txt
Plumb == 1.0 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}  # both
gauge[chart]===0.3 ; python_version >= "3.11"
keel>=2
mast==1.*
hull @ https://files.example/hull-3.tar.gz
./local/thing.whl
git+https://git.example/sail
"""


def test_a_uv_lock_pins_what_comes_from_a_registry() -> None:
    lock = read_lock(LockKind.UV, UV_LOCK)

    assert lock.pins == (
        Pin(
            "plumb",
            "1.0",
            13,
            (PinnedFile("plumb-1.0.tar.gz", A), PinnedFile("plumb-1.0+x-py3-none-any.whl", B)),
            INDEX,
        ),
        Pin("keel", "2.0", 22, (PinnedFile("keel-2.0-py3-none-any.whl", None),), "vendor"),
    )
    assert lock.unchecked == (
        Unchecked("ship", 5, "it comes from no index (its source is: virtual)"),
        Unchecked("hull", 30, "it comes from no index (its source is: git)"),
    )


def test_pep751_a_pylock_pins_what_has_files_and_a_version() -> None:
    lock = read_lock(LockKind.PYLOCK, PYLOCK)

    files = (PinnedFile("plumb-1.0.tar.gz", None), PinnedFile("plumb-1.0-py3-none-any.whl", B))
    assert lock.pins == (Pin("plumb", "1.0", 4, files, INDEX),)
    assert lock.unchecked == (
        Unchecked("hull", 18, "it comes from no index (its source is: vcs)"),
        Unchecked("keel", 22, "it has no version"),
    )


def test_a_requirements_file_pins_what_has_exactly_one_version() -> None:
    lock = read_lock(LockKind.REQUIREMENTS, REQUIREMENTS)

    assert lock.pins == (
        Pin("plumb", "1.0", 4, (PinnedFile(None, A), PinnedFile(None, B))),
        Pin("gauge", "0.3", 7),
    )
    assert [(entry.line, entry.reason) for entry in lock.unchecked] == [
        (2, "options are not followed"),
        (3, "options are not followed"),
        (8, "it pins no version with =="),
        (9, "it pins no version with =="),
        (10, "it comes from no index"),
        (11, "it comes from no index"),
        (12, "it comes from no index"),
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("uv.lock", LockKind.UV),
        ("some/where/pylock.toml", LockKind.PYLOCK),
        ("pylock.dev.toml", LockKind.PYLOCK),
        ("pylock.a.b.toml", None),
        ("requirements-dev.txt", LockKind.REQUIREMENTS),
        ("poetry.lock", None),
    ],
)
def test_the_name_of_a_lock_file_tells_its_kind(name: str, kind: LockKind | None) -> None:
    assert kind_of(name) is kind


def package(**replaced: str) -> str:
    """A uv.lock with one package, on line 2, of which some values are others."""
    values = {"name": '"plumb"', "version": '"1"', "source": '{ registry = "x" }', **replaced}
    lines = [f"{key} = {value}" for key, value in values.items() if value]
    return "\n".join(["version = 1", "[[package]]", *lines])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: version is missing"),
        ("version = 2", "version 2 of the format is not known, only 1"),
        ("version = 1\n[[package]", "it is not TOML: "),
        (f"version = {'9' * 5000}", "it is not TOML: "),
        ("x = " + "[" * 5000, "it is nested too deeply"),
        ("version = 1\n" + ".".join("a" * 30) + " = 1", "line 2: a key has too many parts"),
        ("version = 1\npackage = 3", "line 1: package must be a list"),
        ("version = 1\npackage = [3]", "line 1: package must be a table"),
        (package(name='"../x"'), "line 2: '../x' is no name of a package"),
        (package(name="3"), "line 2: name must be a text"),
        (package(source=""), "line 2: source is missing"),
        (package(version='"1.*"'), "line 2: '1.*' is no version"),
        (package(wheels="[3]"), "line 2: wheels must be a table"),
        (package(wheels='[{url = "x", hash = "sha256:0"}]'), "line 2: '0' is no SHA-256"),
        (package(wheels='[{url = "http://[x", hash = ""}]'), "line 2: 'http://[x' is no URL"),
        (package(wheels=f"[{'{},' * 2001}]"), "line 2: it has 2001 wheels, at most 2000 are read"),
        ("version = 1\n" + "[[package]]\n" * 5_001, "it has 5001 packages, at most 5000"),
        ("x" * (8 * 1024 * 1024 + 1), "it has 8388609 characters, at most 8388608 are read"),
    ],
    ids=range(18),
)
def test_what_is_no_uv_lock_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(LockInvalid) as refusal:
        read_lock(LockKind.UV, text)

    assert str(refusal.value).startswith(said)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (LockKind.PYLOCK, 'lock-version = "2.0"', "lock-version '2.0' is not known, only 1.x"),
        (
            LockKind.PYLOCK,
            """lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\nwheels = [{}]""",
            "line 2: hashes is missing",
        ),
        (LockKind.REQUIREMENTS, "a==1\n\n!!", "line 3: !! is no requirement: "),
        (LockKind.REQUIREMENTS, "a==1 --hash=sha256:abc", "line 1: abc is no SHA-256"),
        (LockKind.REQUIREMENTS, "\\\n" * 1001, "line 1: more than 1000 lines are joined"),
        (LockKind.REQUIREMENTS, "a==1\n" * 5_001, "line 5001: it has more than 5000 entries"),
        (LockKind.REQUIREMENTS, "a==1; " + "(" * 9000, "line 1: a==1; (((("),
    ],
    ids=range(7),
)
def test_what_is_no_lock_of_another_kind_is_refused(kind: LockKind, text: str, said: str) -> None:
    with pytest.raises(LockInvalid) as refusal:
        read_lock(kind, text)

    assert str(refusal.value).startswith(said)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(LockKind),
    cuts=st.tuples(st.integers(0, 1500), st.integers(0, 1500)),
    noise=st.text(max_size=12),
)
def test_a_damaged_lock_file_is_read_or_refused(
    kind: LockKind, cuts: tuple[int, int], noise: str
) -> None:
    whole = {
        LockKind.UV: UV_LOCK,
        LockKind.PYLOCK: PYLOCK,
        LockKind.REQUIREMENTS: REQUIREMENTS,
    }[kind]
    start, end = sorted(cuts)

    try:
        lock = read_lock(kind, whole[:start] + noise + whole[end:])
    except LockInvalid:
        return

    assert all(pin.name and pin.version for pin in lock.pins)
