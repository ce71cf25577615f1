"""The operator's own roots in the ini file."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockroom.cli.reference import as_markdown
from stockroom.errors import ConfigurationInvalid
from stockroom.plugins import Plugins
from stockroom.settings import read_settings
from stockroom.spi.settings import declared
from stockroom_private_classifiers.settings import PrivateClassifierSettings

README = Path(__file__).parents[1] / "README.md"


def enabled(roots: str, name: str = "roots") -> Plugins:
    """The plugins of a server at its start."""
    return Plugins(
        read_settings(
            {
                "sqlalchemy.url": "sqlite:////unused.db",
                "stockroom.storage": "file:///unused",
                "stockroom.plugins": "private-classifiers",
                f"plugin.private-classifiers.{name}": roots,
            }
        )
    )


def roots_of(value: str) -> tuple[str, ...]:
    return enabled(value).settings.of(PrivateClassifierSettings).roots


@pytest.mark.parametrize(
    ("value", "roots"),
    [
        ("", ()),
        ("Acme", ("Private :: Acme",)),
        ("Private :: Acme", ("Private :: Acme",)),
        ("Acme, Acme Labs", ("Private :: Acme", "Private :: Acme Labs")),
        ("Acme,\n    Private :: Acme Labs\n", ("Private :: Acme", "Private :: Acme Labs")),
        ("\nAcme\n\nMüller :: Werk 1", ("Private :: Acme", "Private :: Müller :: Werk 1")),
    ],
)
def test_roots_are_words_or_full_classifiers(value: str, roots: tuple[str, ...]) -> None:
    assert roots_of(value) == roots


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("Acme, , Labs", "has nothing before or after a comma"),
        ("Acme,", "has nothing before or after a comma"),
        ("Acme, ACME", "Private :: ACME is there already, as Private :: Acme"),
        ("Acme, \u0410cme", "is there already, as Private :: Acme"),
        ("Acme::Labs", "Acme::Labs must be spelt like Acme, Acme Labs or Private :: Acme :: Labs"),
        ("private :: Acme", "private :: Acme must be spelt like Acme"),
        ("Private ::", "must be spelt like Acme"),
        ("Acme  Labs", "must be spelt like Acme"),
        ("Stockroom", "Private :: Stockroom and what is below belong to the server; leave it out"),
        ("stockroom :: acme", "belong to the server; leave it out"),
        ("Do Not Upload", "Private :: Do Not Upload is never accepted; leave it out"),
        ("Private :: do not upload", "is never accepted; leave it out"),
    ],
)
def test_a_root_that_cannot_be_stops_the_start_with_a_sentence(value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        enabled(value)

    [message] = caught.value.messages
    assert message.startswith("plugin.private-classifiers.roots = ")
    assert complaint in message


def test_another_setting_stops_the_start() -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        enabled("Acme", name="root")

    [message] = caught.value.messages
    assert message == (
        "plugin.private-classifiers.root is not a setting; did you mean "
        "plugin.private-classifiers.roots?"
    )


def test_the_plugin_is_listed_under_its_name() -> None:
    [found] = [each for each in enabled("").describe() if each.name == "private-classifiers"]

    assert found.distribution == "stockroom-private-classifiers"
    assert found.hooks == ("stockroom_classifier_violations", "stockroom_settings")


def test_the_table_of_settings_is_the_declaration() -> None:
    table = as_markdown(declared(PrivateClassifierSettings, "plugin.private-classifiers."))

    assert f"\n\n{table.strip()}\n" in README.read_text("utf-8")
