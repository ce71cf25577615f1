"""Settings of the property tests."""

from __future__ import annotations

from hypothesis import settings

# How long one example takes says nothing on a machine that does other things too.
settings.register_profile("stockroom", deadline=None)
settings.load_profile("stockroom")
