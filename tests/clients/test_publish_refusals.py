"""Every program that publishes fails with Stockroom's sentence in its own output (U-20)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archives import make_wheel
from tests.support.clients import WRONG_KEY, Machine, Twine, Uv
from tests.support.projects import Builder, Dists
from tests.support.publishers import BUILDS_ITSELF, LINES, Publisher
from tests.support.workspaces import Workspace

Refused = Callable[..., str]
SKIP_EXISTING = """\
import sys
from twine.commands.upload import upload
from twine.settings import Settings

url, key, file = sys.argv[1:]
settings = Settings(
    repository_url=url, username="__token__", password=key, skip_existing=True,
    disable_progress_bar=True,
)
# The command line offers --skip-existing for PyPI alone.
settings.verify_feature_capability = lambda: None
upload(settings, [file])
"""


@pytest.fixture
def changed(builder: Builder) -> Dists:
    """The same version of Fathom with other content."""
    return builder.build("fathom", "1.0", note="changed")


@pytest.fixture
def refused(publisher: Publisher) -> Refused:
    """Publish a project with each program in turn, which must fail; returns what it said."""

    def publish(dists: Dists, url: str, key: str) -> str:
        return publisher.publish(publisher.check_out(dists), url, key, fails=True)

    return publish


def test_u11_a_wrong_key_does_not_publish(
    refused: Refused, workspace: Workspace, fathom: Dists
) -> None:
    said = refused(fathom, workspace.upload_url, WRONG_KEY)

    assert re.search(r"\b401\b", said)
    assert "the credential is unknown, revoked or expired" in said
    assert "stockroom key create" in said


def test_u11_the_key_of_a_reader_does_not_publish(
    refused: Refused, workspace: Workspace, fathom: Dists
) -> None:
    said = refused(fathom, workspace.upload_url, workspace.reader)

    assert re.search(r"\b403\b", said)
    assert "publishing needs the role writer" in said


def test_s61_the_key_of_another_workspace_does_not_publish(
    refused: Refused, workspace: Workspace, stocked: Workspace, fathom: Dists
) -> None:
    said = refused(fathom, stocked.upload_url, workspace.writer)

    assert re.search(r"\b404\b", said)
    assert "that this API key may see" in said


def test_an_unknown_registry_is_named(
    refused: Refused, workspace: Workspace, fathom: Dists
) -> None:
    url = workspace.upload_url.removesuffix("main") + "absent"

    said = refused(fathom, url, workspace.writer)

    assert re.search(r"\b404\b", said)
    assert f"{workspace.name}/absent" in said


def test_u23_a_duplicate_with_other_content_is_refused(
    refused: Refused, workspace: Workspace, fathom: Dists, changed: Dists
) -> None:
    workspace.add(*fathom.files)

    said = refused(changed, workspace.upload_url, workspace.writer)

    assert re.search(r"\b400\b", said)
    assert "File already exists: fathom-1.0" in said
    assert "release a new version" in said
    for path in fathom.files:
        assert workspace.download("fathom", path.name) == path.read_bytes()


def test_u43_a_rule_about_metadata_is_told_and_nothing_remains(
    refused: Refused, workspace: Workspace, builder: Builder
) -> None:
    said = refused(builder.build("lanyard", "1.0"), workspace.upload_url, workspace.writer)

    assert re.search(r"\b400\b", said)
    assert "Summary has more than 512 characters; shorten it" in said
    assert workspace.packages() == []


@pytest.mark.parametrize(
    "publisher", [name for name in LINES if name != BUILDS_ITSELF], indirect=True
)
def test_u88_a_rule_about_archives_is_told_and_nothing_remains(
    publisher: Publisher, workspace: Workspace, fathom: Dists
) -> None:
    checkout = publisher.check_out(fathom)
    replace_dist(checkout, *make_wheel("fathom", "1.0", record=b""))

    said = publisher.publish(checkout, workspace.upload_url, workspace.writer, fails=True)

    assert re.search(r"\b400\b", said)
    assert "RECORD is not the list of the wheel's files: it does not list" in said
    assert workspace.packages() == []


def replace_dist(checkout: Path, filename: str, content: bytes) -> None:
    """Leave nothing in ``dist`` but one file."""
    dist = checkout / "dist"
    shutil.rmtree(dist)
    dist.mkdir()
    (dist / filename).write_bytes(content)


def test_u95_an_archived_package_says_why_it_takes_no_files(
    refused: Refused, workspace: Workspace, fathom: Dists, builder: Builder
) -> None:
    workspace.add(*fathom.files)
    workspace.set_status("fathom", "archived", "use sonar")

    said = refused(builder.build("fathom", "2.0"), workspace.upload_url, workspace.writer)

    assert re.search(r"\b403\b", said)
    assert "the package fathom is archived: use sonar" in said


def test_u23_twine_skips_a_duplicate_with_other_content(
    twine: Twine, workspace: Workspace, fathom: Dists, changed: Dists
) -> None:
    workspace.add(fathom.wheel)

    said = twine.machine.run(
        *(twine.folder / "bin" / "python", "-c", SKIP_EXISTING),
        *(workspace.upload_url, workspace.writer, changed.wheel),
    )

    assert f"Skipping {fathom.wheel.name} because it appears to already exist" in said


def test_u112_poetry_skips_a_duplicate_with_other_content(
    machine: Machine, workspace: Workspace, fathom: Dists, changed: Dists
) -> None:
    workspace.add(*fathom.files)
    poetry = Publisher(machine, "poetry")
    checkout = poetry.check_out(changed)

    said = poetry.publish(checkout, workspace.upload_url, workspace.writer, "--skip-existing")

    for path in fathom.files:
        assert f"Uploading {path.name} File exists. Skipping" in said
        assert workspace.download("fathom", path.name) == path.read_bytes()


def test_u113_pdm_skips_a_duplicate_with_other_content(
    machine: Machine, workspace: Workspace, fathom: Dists, changed: Dists
) -> None:
    workspace.add(*fathom.files)
    pdm = Publisher(machine, "pdm")
    checkout = pdm.check_out(changed)

    said = pdm.publish(checkout, workspace.upload_url, workspace.writer, "--skip-existing")

    for path in fathom.files:
        assert f"Skipping {path.name} because it appears to already exist" in said
        assert workspace.download("fathom", path.name) == path.read_bytes()


def test_u25_everything_that_is_wrong_with_a_file_is_told(any_uv: Uv, workspace: Workspace) -> None:
    filename, content = make_wheel("broken", requires=["what is this"], requires_python="=>3")
    file = any_uv.machine.folder / filename
    file.write_bytes(content)

    said = any_uv.publish(
        "--publish-url", workspace.upload_url, "--token", workspace.writer, file, fails=True
    )

    assert "400 Bad Request" in said
    assert "Requires-Dist 'what is this'" in said
    assert "Requires-Python '=>3'" in said


def test_s74_uv_hints_at_the_index_url_that_was_given_for_publishing(
    any_uv: Uv, workspace: Workspace, fathom: Dists
) -> None:
    said = any_uv.publish(
        "--publish-url", workspace.index, "--token", workspace.writer, fathom.wheel, fails=True
    )

    assert "are you using the simple index URL instead of the upload URL?" in said


def test_s74_the_url_to_install_from_takes_no_uploads(
    refused: Refused, workspace: Workspace, fathom: Dists
) -> None:
    said = refused(fathom, workspace.index, workspace.writer)

    assert re.search(r"\b405\b", said)
    assert "packages are published to /v1/upload/WORKSPACE/REGISTRY" in said


def test_u04_twine_learns_that_nothing_is_registered_any_more(
    twine: Twine, workspace: Workspace, fathom: Dists
) -> None:
    login = ("--username", "__token__", "--password", workspace.writer)

    said = twine.machine.run(
        *(twine.folder / "bin" / "twine", "register"),
        *("--repository-url", workspace.upload_url, *login, fathom.wheel),
        fails=True,
    )

    assert "410 Gone" in said
    assert "upload files instead" in said
