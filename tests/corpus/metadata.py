"""Wheels whose metadata breaks a rule about values, or keeps it by a hair."""

from __future__ import annotations

from tests.archives import make_metadata, make_wheel
from tests.corpus.cases import Case
from tests.corpus.wheels import FILENAME, wheel_entries
from tests.corpus.zip_builder import build_zip

_MARKDOWN = "Description-Content-Type: text/markdown"


def _wheel(
    rule: str,
    name: str,
    *headers: str,
    code: str | None = None,
    warned: tuple[str, ...] = (),
    remarks: int = 0,
    description: str = "",
    metadata_version: str = "2.4",
) -> Case:
    pairs = [(field, value) for field, _, value in (line.partition(": ") for line in headers)]

    def build() -> bytes:
        metadata = make_metadata(
            metadata_version=metadata_version, extra_headers=pairs, description=description
        )
        return build_zip(wheel_entries(metadata=metadata))

    return Case(rule, name, FILENAME, build, (code,) if code else (), warned, remarks)


METADATA = [
    _wheel("U-41", "field-of-its-version", "Dynamic: Summary", metadata_version="2.2"),
    _wheel(
        "U-41", "field-of-a-newer-version", "Dynamic: Summary", remarks=1, metadata_version="2.1"
    ),
    Case(
        "U-42",
        "local-version",
        "sample-1.0+build.5-py3-none-any.whl",
        lambda: make_wheel(version="1.0+build.5")[1],
    ),
    _wheel("U-43", "summary-of-512-characters", f"Summary: {'s' * 512}"),
    _wheel("U-43", "summary-of-513-characters", f"Summary: {'s' * 513}", code="summary-too-long"),
    _wheel("U-43", "summary-of-two-lines", "Summary: one\n  two", code="summary-lines"),
    _wheel("U-44", "internal-address", 'Author-email: "B, A" <a@localhost>, b@localhost'),
    _wheel("U-44", "second-address-is-none", "Author-email: a@localhost, nobody", remarks=1),
    _wheel("U-45", "known-classifier", "Classifier: Typing :: Typed"),
    _wheel("U-45", "private-classifier", "Classifier: Private :: Do Not Upload"),
    _wheel(
        "U-45",
        "unknown-classifier",
        "Classifier: Typing :: Untyped",
        warned=("classifier-unknown",),
    ),
    _wheel(
        "U-45",
        "deprecated-classifier",
        "Classifier: Natural Language :: Ukranian",
        code="classifier-deprecated",
    ),
    _wheel("U-46", "link-for-a-browser", "Project-URL: Docs, https://docs.example/a"),
    _wheel("U-46", "link-that-is-none", "Home-page: docs.example", code="url-invalid"),
    _wheel("U-46", "link-of-another-kind", "Home-page: ftp://docs.example", code="url-scheme"),
    _wheel(
        "U-46",
        "link-to-a-repository",
        "Home-page: git://git.example/a",
        warned=("url-of-repository",),
    ),
    _wheel("U-47", "dependency-by-version", "Requires-Dist: a>=1"),
    _wheel(
        "U-47",
        "dependency-by-url",
        "Requires-Dist: a @ https://files.example/a.whl",
        code="direct-reference",
    ),
    _wheel("U-47", "invalid-provides-dist", "Provides-Dist: a b", remarks=1),
    _wheel("U-56", "markdown", _MARKDOWN, description="# Title\n\nText"),
    _wheel("U-56", "plain-text", "Description-Content-Type: text/plain", description="Title\n--"),
    _wheel("U-56", "restructured-text", description="Title\n=====\n\nText"),
    _wheel(
        "U-56",
        "markdown-of-nothing",
        _MARKDOWN,
        description="[a]: https://docs.example",
        warned=("description-unrenderable",),
    ),
    _wheel(
        "U-56",
        "markdown-taken-for-restructured-text",
        description="# Title\n\n* `a",
        warned=("description-unrenderable",),
    ),
    _wheel(
        "U-56",
        "restructured-text-that-includes-a-file",
        description=".. include:: /etc/passwd",
        warned=("description-unrenderable",),
    ),
    _wheel("U-56", "restructured-text-too-long-to-check", description="text\n" * 14_000, remarks=1),
]
