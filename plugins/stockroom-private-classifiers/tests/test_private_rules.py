"""Which private classifiers are accepted, and what is said of the others (U-45)."""

from __future__ import annotations

import unicodedata

import pytest
import trove_classifiers
from hypothesis import example, given
from hypothesis import strategies as st

from stockroom.spi import RegistryInfo, Violation
from stockroom_private_classifiers.rules import FORBIDDEN, MOST_TOLD, violations
from stockroom_private_classifiers.settings import own_roots
from stockroom_private_classifiers.spelling import LONGEST, joined, words_of

MAIN = RegistryInfo("shop", "main", "acme")
ROOTS = own_roots("Acme, Acme Labs, Müller :: Werk 1")
SERVERS = "Private :: Stockroom"
NAMES = "write Private :: Stockroom, Private :: Stockroom :: acme"


def judge(*classifiers: str, roots: tuple[str, ...] = ROOTS) -> list[Violation]:
    return list(violations(classifiers, MAIN, roots))


def code_of(classifier: str) -> str:
    [violation] = judge(classifier)
    assert violation.field == "classifiers"
    return violation.code.removeprefix("private-classifier-")


def message_of(classifier: str, roots: tuple[str, ...] = ROOTS) -> str:
    [violation] = judge(classifier, roots=roots)
    return violation.message


@pytest.mark.parametrize(
    "classifier",
    [
        SERVERS,
        "Private :: Stockroom :: acme",
        "Private :: Acme",
        "Private :: Acme :: Internal",
        "Private :: Acme :: Internal :: Tools & Co.",
        "Private :: Acme Labs",
        "Private :: Müller :: Werk 1",
        "Private :: Müller :: Werk 1 :: Halle",
    ],
)
def test_u45_what_is_meant_for_here_is_accepted(classifier: str) -> None:
    assert judge(classifier) == []


@pytest.mark.parametrize(
    "classifier",
    [
        "",
        "Privately :: Held",
        "Not Private :: X",
        "Topic :: Private :: X",
        "プライベー :: X",
        ":: Private",
    ],
)
def test_what_is_not_private_is_none_of_its_business(classifier: str) -> None:
    assert judge(classifier) == []


def test_no_classifier_of_the_public_list_is_its_business() -> None:
    assert judge(*trove_classifiers.all_classifiers) == []


@pytest.mark.parametrize(
    "classifier",
    [
        "Private :: Do Not Upload",
        "Private :: Do Not Upload :: acme",
        "private::do not upload",
        "Private :: DoNotUpload",
        "Private: Do\u00a0Not Upload",
        "Private :: Do N\u043et Upload",
    ],
)
def test_what_must_not_be_uploaded_is_not(classifier: str) -> None:
    assert code_of(classifier) == "forbidden"
    assert "must not be uploaded; take it out, or write Private :: Stockroom" in message_of(
        classifier
    )


@pytest.mark.parametrize("team", ["beta", "no-such-team", "Acme", "ACME", "\u0430cme", "acme "])
def test_the_classifier_of_a_team_is_for_its_own_registries(team: str) -> None:
    code = code_of(f"Private :: Stockroom :: {team}")

    assert code == ("form" if team.endswith(" ") else "team")


def test_a_team_is_told_which_it_is_and_not_which_others_there_are() -> None:
    assert message_of("Private :: Stockroom :: beta") == (
        "The classifier 'Private :: Stockroom :: beta' names another team: shop/main belongs to "
        "the team acme; write Private :: Stockroom :: acme, or Private :: Stockroom for every "
        "registry here."
    )


def test_nothing_stands_below_a_team() -> None:
    assert code_of("Private :: Stockroom :: acme :: tools") == "team"
    assert "has words below a team, where none can stand" in message_of(
        "Private :: Stockroom :: acme :: tools"
    )


@pytest.mark.parametrize(
    "classifier",
    [
        "Private :: Other",
        "Private :: stockroom",
        "Private :: STOCKROOM :: acme",
        "Private :: Stock room",
        "Private :: St\u043eckroom",
        "Private :: acme",
        "Private :: Acmelabs",
        "Private :: AcmeX",
        "Private :: Müller",
        "Private :: Müller :: Werk 2",
        "Private :: acme :: Internal",
    ],
)
def test_every_other_root_is_refused(classifier: str) -> None:
    assert code_of(classifier) == "root"


@pytest.mark.parametrize(
    "classifier",
    [
        "Private",
        "Private ::",
        "Private :: ",
        "Private::Stockroom",
        "Private:Stockroom",
        "Private : Stockroom",
        "Private  ::  Stockroom",
        "private :: Stockroom",
        "PRIVATE :: Acme",
        "Priv\u0430te :: Stockroom",
        "\uff30rivate :: Stockroom",
        "Private\u200b :: Stockroom",
        " Private :: Stockroom",
        "Private :: Stockroom ",
        "Private :: Stockroom ::",
        "Private :: Stockroom :: ",
        "Private ::  :: Stockroom",
        "Private :: :: Stockroom",
        "Private :: Acme :: ",
        "Private :: Acme ::  :: Tools",
        "Private :: Acme :: a:b",
        "Private :: Acme  Labs",
        "Private :: Acme\u00a0Labs",
        "Private :: Acme :: \u200b",
        "Private :: Acme :: a\nb",
        "Private :: Mu\u0308ller :: Werk 1",
        f"Private :: Acme :: {'x' * LONGEST}",
    ],
)
def test_what_is_not_spelt_as_it_must_be_is_refused(classifier: str) -> None:
    assert code_of(classifier) == "form"


@pytest.mark.parametrize(
    ("classifier", "meant"),
    [
        ("private::stockroom", SERVERS),
        ("Private :: St\u043eckroom", SERVERS),
        ("Private :: STOCKROOM :: Acme", "Private :: Stockroom :: acme"),
        ("Private:acme labs", "Private :: Acme Labs"),
        ("Private :: Mu\u0308ller :: Werk 1", "Private :: Müller :: Werk 1"),
    ],
)
def test_what_is_nearly_right_is_put_right(classifier: str, meant: str) -> None:
    assert message_of(classifier).endswith(f"; write {meant}.")


def test_without_a_likely_meaning_everything_accepted_is_named() -> None:
    message = message_of("Private :: Other")

    assert message == (
        "The classifier 'Private :: Other' begins with no root that this server knows; "
        f"{NAMES}, Private :: Acme, Private :: Acme Labs or Private :: Müller :: Werk 1, "
        "or take it out."
    )


def test_without_own_roots_the_server_s_are_named() -> None:
    message = message_of("Private :: Acme", roots=())

    assert message.endswith(
        "; write Private :: Stockroom or Private :: Stockroom :: acme, or take it out."
    )


def test_of_many_roots_a_few_are_named() -> None:
    roots = own_roots(",".join(f"Root {number}" for number in range(100)))

    message = message_of("Private :: Other", roots=roots)

    assert message.endswith("or Private :: Root 4 or another of its roots, or take it out.")


def test_signs_that_deceive_are_shown_as_what_they_are() -> None:
    assert r"'Priv\u0430te :: Stockroom'" in message_of("Priv\u0430te :: Stockroom")


def test_each_is_told_once_and_in_order() -> None:
    found = judge("Private :: B", SERVERS, "Private :: A", "Private :: B")

    assert [violation.message.split("'")[1] for violation in found] == [
        "Private :: B",
        "Private :: A",
    ]


def test_of_very_many_some_are_told_and_the_rest_counted() -> None:
    found = judge(*(f"Private :: Other {number}" for number in range(MOST_TOLD + 7)))

    assert len(found) == MOST_TOLD + 1
    assert found[-1].message.startswith("7 more private classifiers must not be published here")


words = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters=":"), min_size=1, max_size=9
).map(lambda text: unicodedata.normalize("NFC", text))
known_words = st.sampled_from(["Stockroom", "acme", "Acme", "Acme Labs", FORBIDDEN, "beta"])
classifiers = st.lists(words | known_words, min_size=1, max_size=4).map(
    lambda found: joined(*found)
)


def accepted(classifier: str) -> bool:
    """The rules once more, as a list."""
    exact = {SERVERS, "Private :: Stockroom :: acme", *ROOTS}
    return classifier in exact or classifier.startswith(tuple(f"{root} :: " for root in ROOTS))


@given(classifiers)
@example("Private :: Acme :: Do Not Upload")
def test_u45_nothing_else_is_accepted_and_nothing_of_it_refused(classifier: str) -> None:
    assert (judge(classifier) == []) == accepted(classifier)


@given(st.text() | st.text(st.sampled_from("Private: DoNtUplSkrm\u0430\u200b\u0308 ")))
@example("Private ::" + " " * 100_000)
@example("\u0344" * 100_000)
@example("Private :: " + "a\u0344" + "\u0323" * 100_000)
def test_any_text_is_judged_in_one_short_line(classifier: str) -> None:
    for violation in judge(classifier, joined(classifier)):
        assert violation.message.isprintable()
        assert len(violation.message) < 1300
        assert violation.message.endswith(".")


@given(st.text())
def test_what_passes_below_private_is_spelt_right_and_known(text: str) -> None:
    classifier = joined(text)

    if judge(classifier) == []:
        assert words_of(classifier) is not None
        assert accepted(classifier)
