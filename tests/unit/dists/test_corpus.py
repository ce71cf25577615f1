"""Every archive of the corpus is refused for its own reason, or accepted."""

from __future__ import annotations

import io
import zipfile

import pytest

from stockroom.dists import POLICIES, Inspection, PolicyFinding, inspect, parse_filename
from tests.corpus.cases import Case, ids
from tests.corpus.metadata import METADATA
from tests.corpus.names import NAMES
from tests.corpus.sdists import SDISTS
from tests.corpus.wheels import FRAMING_ACCEPTED, FRAMING_REFUSED, WHEELS

CASES = [*WHEELS, *METADATA, *SDISTS, *NAMES]


def inspected(case: Case) -> Inspection:
    return inspect(io.BytesIO(case.data), parse_filename(case.filename, legacy=case.legacy))


def is_warned(finding: PolicyFinding) -> bool:
    return POLICIES[finding.policy].default == "warn"


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_an_archive_is_refused_for_what_is_wrong_with_it_and_nothing_else(case: Case) -> None:
    inspection = inspected(case)

    assert tuple(violation.code for violation in inspection.violations) == case.codes
    assert tuple(f.violation.code for f in inspection.findings if is_warned(f)) == case.warned
    assert len(inspection.warnings) == len(case.warned) + case.remarks


@pytest.mark.parametrize("case", FRAMING_REFUSED, ids=ids(FRAMING_REFUSED))
def test_u84_every_refusal_of_the_framing_says_what_was_not_accepted(case: Case) -> None:
    inspection = inspected(case)

    assert inspection.violations[0].message.startswith("ZIP archive not accepted: ")


@pytest.mark.parametrize("case", FRAMING_ACCEPTED, ids=ids(FRAMING_ACCEPTED))
def test_u109_what_is_accepted_is_a_valid_zip_for_others_too(case: Case) -> None:
    with zipfile.ZipFile(io.BytesIO(case.data)) as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_messages_are_sentences_on_one_line(case: Case) -> None:
    inspection = inspected(case)

    for text in (*(v.message for v in inspection.violations), *inspection.warnings):
        assert text.isprintable()
        assert text.endswith(".")
        assert len(text) < 1000


def test_every_row_has_a_case() -> None:
    rows = {f"U-{number}" for number in range(100, 109)}

    assert rows <= {case.rule for case in FRAMING_REFUSED}
    assert {case.rule for case in CASES} >= {"U-53", "U-78", "U-79", "U-80", "U-81", "U-82"}
    assert {case.rule for case in CASES} >= {"U-88", "U-89", "U-90", "U-91", "U-109"}
    assert {case.rule for case in CASES} >= {"U-41", "U-42", "U-43", "U-44", "U-45", "U-46", "U-47"}
    assert {case.rule for case in CASES} >= {"U-56", "U-85", "U-86", "U-87"}


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_decides_about_a_case(policy: str) -> None:
    found = [
        inspected(case) for case in CASES if policy in {f.policy for f in inspected(case).findings}
    ]

    for inspection in found:
        message = next(f.violation.message for f in inspection.findings if f.policy == policy)
        assert message in inspection.judged({policy: "warn"}).warnings
    assert found


def test_every_case_has_a_name_of_its_own() -> None:
    assert len(set(ids(CASES))) == len(CASES)
