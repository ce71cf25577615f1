"""Passwords cost next to nothing here."""

from __future__ import annotations

import pytest

from stockroom.accounts import passwords
from tests.support.people import PARAMETERS


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PARAMETERS.items():
        monkeypatch.setattr(passwords, name, value)
