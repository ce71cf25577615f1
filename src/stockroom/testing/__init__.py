"""Contracts for the authors of plugins: test classes that an implementation has to pass.

They need pytest, which Stockroom itself does not.
"""

from stockroom.testing.fields import FilterFieldContract
from stockroom.testing.storage import StorageContract

__all__ = ["FilterFieldContract", "StorageContract"]
