"""A keyring backend that signs pip, uv and twine in to Stockroom, with tokens of one hour."""

__version__ = "0.1.0"
