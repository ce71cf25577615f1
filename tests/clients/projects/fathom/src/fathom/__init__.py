"""Tells the depth of the water."""

from __future__ import annotations

import sys

from plumb import depth  # type: ignore[import-not-found]


def main() -> None:
    """Print the depth for the number of knots on the command line."""
    sys.stdout.write(f"{depth(int(sys.argv[1])):.1f} metres\n")
